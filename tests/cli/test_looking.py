"""Health, doctor, settings, query and the audit export tell what is so, and change nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import asyncpg
import pytest

import frontdesk
from frontdesk.cli.main import run_command
from frontdesk.kernel.audit import ChainHead, Intact, verify_export
from frontdesk.schema.migrate import migrate
from tests.cli.conftest import Terminal
from tests.support.house import open_house


async def test_health_names_what_does_not_run_and_how_to_start_it(terminal: Terminal) -> None:
    answer = await terminal.type("health", "--json")
    assert (answer.code, answer.document["ok"]) == (1, False)
    assert answer.document["wrong"] == [
        "no web process is running: start `frontdesk up`, or `frontdesk web`",
        "no worker process is running: start `frontdesk up`, or `frontdesk worker`",
    ]


async def test_settings_are_shown_with_secrets_masked(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "canary-of-the-test")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_canary-of-the-test")
    answer = await terminal.type("config", "show", "--json")
    assert answer.at("settings", "STRIPE_SECRET_KEY") == "********"
    assert answer.at("settings", "DATABASE_URL") == "********"
    assert answer.at("settings", "OUTBOX_BATCH_SIZE") == 100
    assert "canary-of-the-test" not in answer.out


async def test_every_faulty_setting_is_listed_at_once(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("OUTBOX_BATCH_SIZE", "0")
    for command in (["health"], ["doctor"], ["up"], ["tenant", "list"]):
        answer = await terminal.type(*command, "--json") if command != ["up"] else await terminal.type("up")
        assert answer.code == 2
        assert "PORT" in answer.out + answer.err
        assert "OUTBOX_BATCH_SIZE" in answer.out + answer.err


async def test_a_query_reads_everything_and_writes_nothing(terminal: Terminal) -> None:
    answer = await terminal.type("query", "select slug from tenants order by slug", "--json")
    assert answer.document == {"columns": ["slug"], "rows": [["harbor-plumbing"], ["mesa-dental"]]}
    for statement in ("delete from tenants", "select 1; delete from tenants", "nonsense"):
        refused = await terminal.type("query", statement, "--json")
        assert (refused.code, refused.at("error", "code")) == (1, "query.refused")
    login = await asyncpg.connect(terminal.database_url)
    assert await login.fetchval("select count(*) from tenants") == 2
    await login.close()


async def test_an_exported_audit_log_is_verified_without_a_database_and_a_changed_one_is_found(
    terminal: Terminal, tmp_path: Path
) -> None:
    out = tmp_path / "audit.jsonl"
    assert (await terminal.type("export", "audit", "--out", str(out))).code == 0
    *lines, last = out.read_text(encoding="utf-8").splitlines()
    told = json.loads(last)
    head = ChainHead(told["entries"], bytes.fromhex(told["head"]))
    assert verify_export(lines, chain="audit", tenant_id=None, head=head) == Intact(head)
    login = await asyncpg.connect(terminal.database_url)
    await login.execute("update audit_log set actor = 'somebody else' where tenant_id is null and seq = 1")
    await login.close()
    broken = await terminal.type("export", "audit", "--verify", "--json")
    assert (broken.code, broken.document["broken_at"], broken.document["damage"]) == (1, 1, "columns")


async def test_an_export_is_held_against_the_anchors_outside_the_database_offline(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "audit.jsonl"
    assert (await terminal.type("audit", "anchor", "--json")).document == {"noted": 3}
    assert (await terminal.type("audit", "anchor", "--json")).document == {"noted": 0}
    assert (await terminal.type("export", "audit", "--out", str(out))).code == 0
    honest = out.read_text(encoding="utf-8")
    login = await asyncpg.connect(terminal.database_url)
    await login.execute("set session_replication_role = replica; delete from audit_log; delete from chain_heads")
    await login.close()
    assert (await terminal.type("token", "create", "forged", "--scope", "calls:read")).code == 0
    assert (await terminal.type("export", "audit", "--out", str(out))).code == 0
    found = await terminal.type("export", "audit", "--verify", "--json")
    assert (found.code, found.document["damage"]) == (1, "anchor"), "online, too"
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    broken = await terminal.type("audit", "verify", str(out), "--json")
    assert (broken.code, broken.document["damage"]) == (1, "anchor")
    out.write_text(honest, encoding="utf-8")
    fine = await terminal.type("audit", "verify", str(out), "--json")
    assert (fine.code, fine.document["intact"], fine.document["anchors"]) == (0, True, 1)
    out.write_text("no export\n", encoding="utf-8")
    refused = await terminal.type("audit", "verify", str(out), "--json")
    assert (refused.code, refused.at("error", "code")) == (1, "cli.no_export")


async def test_the_dry_run_of_a_migration_prints_sql_and_touches_no_database(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    answer = await terminal.type("migrate", "--sql")
    assert answer.code == 0
    assert "create table send_jobs" in answer.out


async def test_a_database_that_is_away_is_one_sentence(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    answer = await terminal.type("tenant", "list")
    assert answer.code == 1
    assert "cannot be reached" in answer.err
    assert "Traceback" not in answer.err
    checks = (await terminal.type("doctor", "--json")).checks()
    assert (checks["database"]["ok"], checks["database"]["remedy"]) == (False, "look at DATABASE_URL")


async def test_an_empty_database_is_told_apart_from_one_that_is_away(
    terminal: Terminal, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    answer = await terminal.type("tenant", "list", "--json")
    assert (answer.code, answer.at("error", "code")) == (1, "cli.not_migrated")


async def test_the_doctor_calls_our_own_webhook_and_names_a_wrong_token(
    terminal: Terminal, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database_url)
    async with open_house(empty_database_url, terminal.home) as house:
        account = house.parts.twilio
        assert account is not None
        monkeypatch.setenv("PUBLIC_BASE_URL", house.url)
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", account.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", account.auth_token)
        monkeypatch.setenv("TWILIO_API_BASE_URL", account.api_base_url)
        fine = await terminal.type("doctor", "--json")
        assert {check: found["ok"] for check, found in fine.checks().items() if check != "disk"} == {
            "settings": True,
            "database": True,
            "schema": True,
            "clock": True,
            "alerts by text": None,
            "monitors": None,
            "public address": True,
            "carrier": True,
            "webhook round trip": True,
        }
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", "the-wrong-token")
        checks = (await terminal.type("doctor", "--json")).checks()
        assert (checks["carrier"]["ok"], checks["webhook round trip"]["ok"]) == (False, False)
        assert "TWILIO_AUTH_TOKEN" in str(checks["carrier"]["remedy"])
        assert "TWILIO_AUTH_TOKEN" in str(checks["webhook round trip"]["remedy"])


@pytest.mark.usefixtures("quiet_again")
@pytest.mark.parametrize("arguments", [["--version"], ["--version", "tenant", "list"]])
def test_the_version_is_told_whatever_else_is_asked(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(arguments) == 0
    assert capsys.readouterr().out == f"frontdesk {frontdesk.__version__}\n"


def test_run_tells_the_version() -> None:
    root = Path(frontdesk.__file__).parents[2]
    told = subprocess.run([root / "run", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"frontdesk {frontdesk.__version__}\n"
