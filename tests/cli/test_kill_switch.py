"""`pause` stops sending and proves it; `resume` lets it go on."""

from __future__ import annotations

import asyncpg

from tests.cli.conftest import Terminal


async def test_pause_all_stops_everything_with_proof_and_resume_undoes_it(terminal: Terminal) -> None:
    paused = await terminal.type("pause", "--all", "--reason", "test of the brake", "--json")
    assert paused.code == 0
    assert (paused.document["paused"], paused.document["stopped"]) == (True, True)
    assert (paused.document["in_flight"], paused.document["reason"]) == (0, "test of the brake")
    assert str(paused.document["paused_by"]).startswith("system:cli")
    resumed = await terminal.type("resume", "--all", "--json")
    assert (resumed.code, resumed.document) == (0, {"resumed": True, "still_paused": []})


async def test_one_business_is_paused_under_its_own_audit_log(terminal: Terminal) -> None:
    assert (await terminal.type("pause", "--tenant", "mesa-dental")).code == 0
    login = await asyncpg.connect(terminal.database_url)
    paused = await login.fetch("select tenant_id::text, action from audit_log where action = 'delivery.paused'")
    mesa = await login.fetchval("select id::text from tenants where slug = 'mesa-dental'")
    await login.close()
    assert [row["tenant_id"] for row in paused] == [mesa]
    health = await terminal.type("health", "--json")
    assert health.code == 1
    assert "sending is paused: tenant" in str(health.at("wrong"))


async def test_resuming_names_what_is_still_paused(terminal: Terminal) -> None:
    await terminal.type("pause", "--channel", "sms")
    resumed = await terminal.type("resume", "--all", "--json")
    assert resumed.document == {"resumed": False, "still_paused": ["channel sms"]}


async def test_pausing_nothing_or_two_things_or_an_unknown_one_is_refused(terminal: Terminal) -> None:
    assert (await terminal.type("pause")).code == 2
    assert (await terminal.type("pause", "--all", "--tenant", "mesa-dental")).code == 2
    assert (await terminal.type("pause", "--channel", "pigeon")).code == 2
    unknown = await terminal.type("pause", "--tenant", "nobody", "--json")
    assert (unknown.code, unknown.at("error", "code")) == (1, "tenants.not_found")
    assert "there are: harbor-plumbing, mesa-dental" in str(unknown.at("error", "message"))
