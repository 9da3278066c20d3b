"""The pages of backups and of those on call, and the short address of a runbook that notices carry."""

from __future__ import annotations

import httpx2

from frontdesk.kernel import epoch
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.jobs import RunState, list_runs
from frontdesk.operations.alerts.model import page_url
from frontdesk.operations.backups import queries as backups
from frontdesk.operations.backups.jobs import DRILL, TAKE
from frontdesk.operations.backups.model import BackupKind, BackupState
from frontdesk.operations.backups.sabotage import SABOTAGES
from frontdesk.operations.incidents.on_call import who_is_on_call
from frontdesk.web.pages.operations_backups import size_words
from tests.support.house import ADA, ADMIN, House

ON_CALL, BACKUPS = "/operations/on-call", "/operations/backups"


async def visitor(house: House, email: str = ADMIN) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


async def test_the_address_of_a_notice_leads_to_the_page(house: House) -> None:
    root = await visitor(house)
    assert (await root.get(page_url("", "kill-switch"))).status_code == 200
    old = await root.get("/runbooks/kill-switch")
    assert (old.status_code, old.headers["location"]) == (303, "/operations/runbooks/kill-switch")
    for nowhere in ("no-such-page", "%2F%2Fevil.example"):
        assert (await root.get(f"/runbooks/{nowhere}")).status_code == 404
    ada = await visitor(house, ADA)
    assert (await ada.get("/runbooks/kill-switch")).status_code == 403
    nobody = house.client(Accept="text/html")
    assert (await nobody.get("/runbooks/kill-switch")).status_code in {303, 401}


async def test_backups_are_listed_with_what_failed_and_whose_database_it_is(house: House) -> None:
    root = await visitor(house)
    assert "No backup yet" in (await root.get(BACKUPS)).text
    async with house.parts.system.transaction() as tx:
        for state, words in ((BackupState.FINISHED, ""), (BackupState.FAILED, "the disk is <full>")):
            await backups.add_backup(
                tx, backup_id=new_id(), name=f"base-{state.value}", kind=BackupKind.BASE, state=state,
                size_bytes=1_234_000_000, words=words, started_at=tx.now,
            )  # fmt: skip
        await backups.add_drill(tx, drill_id=new_id(), backup_name="base-finished", by="system:tests")
    seen = (await root.get(BACKUPS)).text
    assert "base-finished" in seen
    assert "1 GB" in seen
    assert "the disk is &lt;full&gt;" in seen
    assert "Yes: claimed by" in seen
    async with house.parts.system.transaction() as tx:
        await next(one for one in SABOTAGES if one.name == "backups.fenced").act(tx)
        assert not await epoch.is_claimed(tx)
    assert "Nothing is sent until somebody claims it" in (await root.get(BACKUPS)).text


async def test_a_backup_and_its_proof_are_ordered_by_whoever_may_approve(house: House) -> None:
    root, ada = await visitor(house), await visitor(house, ADA)
    for what in ("take", "prove"):
        assert (await root.post(BACKUPS, data={"what": what})).status_code == 303
    assert (await root.post(BACKUPS, data={"what": "delete"})).status_code == 422
    assert (await ada.post(BACKUPS, data={"what": "take"})).status_code == 403
    async with house.parts.system.transaction() as tx:
        assert {run.workflow for run in await list_runs(tx, state=RunState.QUEUED)} >= {TAKE, DRILL}


async def test_people_are_written_down_take_turns_and_stand_in(house: House) -> None:
    root = await visitor(house)
    assert "Nobody is on call" in (await root.get(ON_CALL)).text
    for name in ("Ada", "Ben"):
        person = {"name": name, "addresses": f"{name.lower()}@harbor.example\n+12065550100\n"}
        assert (await root.post(f"{ON_CALL}/people", data=person)).status_code == 303
    rota = {"level": "1", "people": "Ada\nBen\n", "zone": "America/Los_Angeles", "turn": "weekly", "handover_hour": "9"}
    assert (await root.post(f"{ON_CALL}/rotas", data=rota)).status_code == 303
    stands_in = {"level": "1", "person": "Ben", "hours": "8", "reason": "<b>dentist</b>"}
    assert (await root.post(f"{ON_CALL}/overrides", data=stands_in)).status_code == 303
    seen = (await root.get(ON_CALL)).text
    assert "Ada, Ben" in seen
    assert "9:00 America/Los_Angeles" in seen
    assert "&lt;b&gt;dentist&lt;/b&gt;" in seen
    async with house.parts.system.transaction() as tx:
        [now] = await who_is_on_call(tx)
    assert (now.name, now.stands_in) == ("Ben", True)


async def test_what_cannot_be_is_said_on_the_page_and_changes_nothing(house: House) -> None:
    root = await visitor(house)
    nobody = await root.post(f"{ON_CALL}/people", data={"name": " ", "addresses": ""})
    assert nobody.status_code == 422
    assert "Somebody on call has a name" in nobody.text
    rota = {"level": "1", "people": "Carol", "zone": "Nowhere", "turn": "weekly", "handover_hour": "9"}
    assert (await root.post(f"{ON_CALL}/rotas", data=rota)).status_code == 422
    unknown = await root.post(f"{ON_CALL}/overrides", data={"level": "1", "person": "Carol", "hours": "8"})
    assert unknown.status_code == 404
    async with house.parts.system.transaction() as tx:
        assert await who_is_on_call(tx) == []


def test_sizes_are_written_with_the_unit_that_suits_them() -> None:
    assert [size_words(count) for count in (0, 999, 1_500, 2_000_000, 3_000_000_000)] == [
        "0 B", "999 B", "2 kB", "2 MB", "3 GB",
    ]  # fmt: skip
