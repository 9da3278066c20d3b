"""The regulator's pack proves itself: whoever edits, deletes, reorders, cuts or forges is found by the file alone."""

# ruff: noqa: S608 - what an attacker would type, put together from the constants here
from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.features import consent, insights
from frontdesk.features.insights.service.verifying import csv_cell
from frontdesk.kernel.errors import Refused
from tests.features.consent.test_opt_ins import COMPLETE
from tests.support.actors import ADA_ACTS
from tests.support.office import ADAS_NUMBER, CAROL, MALLORYS_NUMBER, Office, open_office

DAVE = "+12065550124"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
PHONE_OR_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|-?[0-9]+(\.[0-9]+)?")


@pytest.fixture
async def office(database_url: str, home: Path) -> AsyncIterator[Office]:
    """Open an office in which Carol signed up, was texted, said STOP and came back, beside other people."""
    async with open_office(database_url, home) as opened:
        await _story(opened)
        yield opened


async def _story(office: Office) -> None:
    await office.missed_call()
    await office.settle()
    async with office.parts.app.transaction(office.ada.id) as tx:
        await consent.record_opt_in(tx, replace(COMPLETE, phone_e164=CAROL), by=ADA_ACTS)
        await consent.record_opt_in(tx, replace(COMPLETE, phone_e164=DAVE), by=ADA_ACTS)
    await office.text_in("=HYPERLINK(1) please call me", sid="SM" + "1" * 32)
    await office.text_in("STOP", sid="SM" + "2" * 32)
    await office.text_in("STOP", sid="SM" + "3" * 32, sender=DAVE)
    await office.text_in("START", sid="SM" + "4" * 32)
    await office.text_in("STOP", sid="SM" + "5" * 32)
    await office.text_in("STOP", sid="SM" + "6" * 32, sender=DAVE)
    await office.text_in("STOP", sid="SM" + "7" * 32, to=MALLORYS_NUMBER)
    await office.settle()


async def export(office: Office, folder: Path) -> insights.Pack:
    async with office.parts.app.transaction(office.ada.id) as tx:
        return await insights.write_pack(tx, folder, phone_e164=CAROL, by=ADA_ACTS)


async def _rule(office: Office) -> str:
    return str(await office.fetchval("select reason from do_not_contact where tenant_id = $1", office.ada.id))


def alone(folder: Path, *arguments: str) -> tuple[int, str]:
    """Check a pack as a regulator would: its own file, Python, nothing of ours."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *arguments],
        capture_output=True, text=True, check=False, cwd=folder.parent, env={},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((folder / f"{table}.json").read_text("utf-8"))
    return found


async def test_a_pack_holds_everything_about_one_person_and_is_whole(office: Office, tmp_path: Path) -> None:
    pack = await export(office, tmp_path / "pack")
    folder = tmp_path / "pack"
    assert [row["event_type"] for row in rows(folder, "ledger")] == [
        "opt_in", "stop", "opt_in_revoked", "stop_confirmed", "start", "start_confirmed", "stop",
    ]  # fmt: skip
    assert [row["revoked_because"] for row in rows(folder, "opt_ins")] == [f"stop: {await _rule(office)}"]
    assert [row["list"] for row in rows(folder, "refusals")] == ["business", "number"]
    assert pack.sends == len(rows(folder, "sends")) == len(rows(folder, "attempts")) == 3
    assert {row["status"] for row in rows(folder, "sends")} == {"delivered"}
    decisions = rows(folder, "decisions")
    assert len(decisions) == 3
    assert all(row["replays"] is True for row in decisions)
    assert len({row["dedupe_key"] for row in rows(folder, "receipts")}) >= 3
    assert [row["body"] for row in rows(folder, "texts") if row["direction"] == "inbound"] == [
        "=HYPERLINK(1) please call me", "STOP", "START", "STOP",
    ]  # fmt: skip
    code, said = alone(folder)
    assert code == 0, said
    assert "The pack is whole" in said
    assert insights.verify(folder).ok
    assert alone(folder, "--anchor", pack.head)[0] == 0
    assert json.loads(alone(folder, "--json")[1])["ok"] is True


async def test_a_pack_names_nobody_but_the_person(office: Office, tmp_path: Path) -> None:
    await export(office, tmp_path / "pack")
    for path in (tmp_path / "pack").iterdir():
        text = path.read_text("utf-8")
        assert DAVE not in text, path.name
        assert DAVE.removeprefix("+") not in text, path.name
        assert "Mesa" not in text, path.name


async def test_making_a_pack_is_in_the_audit_log_with_what_proves_it_later(office: Office, tmp_path: Path) -> None:
    pack = await export(office, tmp_path / "pack")
    details = await office.fetchval(
        "select details::text from audit_log where action = 'insights.compliance_exported' and subject = $1",
        f"phone:{CAROL}",
    )
    assert isinstance(details, str)
    assert json.loads(details)["manifest_sha256"] == pack.manifest_sha256
    assert json.loads(details)["head"] == pack.head


async def test_a_pack_is_never_mixed_with_another_and_there_is_none_about_nobody(
    office: Office, tmp_path: Path
) -> None:
    await export(office, tmp_path / "pack")
    with pytest.raises(Refused, match="not empty"):
        await export(office, tmp_path / "pack")
    async with office.parts.app.transaction(office.ada.id) as tx:
        with pytest.raises(Refused, match="nothing is on record"):
            await insights.write_pack(tx, tmp_path / "none", phone_e164="+12065550999", by=ADA_ACTS)


# Parts of statements by which somebody edits a STOP into one to marketing alone, and hides that better and better.
OTHER_BODY = """replace(body, '"scope":"all"', '"scope":"marketing"')"""
OTHER_LINK = f"""replace(canonical, encode(sha256(convert_to(body, 'UTF8')), 'hex'),
                         encode(sha256(convert_to({OTHER_BODY}, 'UTF8')), 'hex'))"""
OTHER_HASH = f"sha256(prev_hash || int8send(seq) || convert_to({OTHER_LINK}, 'UTF8'))"
EDIT = "update compliance_events set scope = 'marketing'"
COPIED = """tenant_id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip, user_agent, sellers,
            not_a_condition, source, missing, recorded_at, recorded_by"""
AT_STOP = "where {mine} and seq = {stop}"
CAROLS = "where {mine} and phone_e164 = '{carol}'"
# What somebody who owns the database could do, and what the pack made afterwards must say.
ATTACKS: dict[str, tuple[str, str]] = {
    "a column is edited": (f"{EDIT} {AT_STOP}", "scope differ"),
    "a moment is edited": (
        f"update compliance_events set created_at = created_at + interval '1 day' {AT_STOP}",
        "created_at differ",
    ),
    "column and body are edited": (f"{EDIT}, body = {OTHER_BODY} {AT_STOP}", "not the one that was chained"),
    "body and link are edited": (
        f"{EDIT}, body = {OTHER_BODY}, canonical = {OTHER_LINK} {AT_STOP}",
        "does not compute to its hash",
    ),
    "the hash is forged": (
        f"{EDIT}, body = {OTHER_BODY}, canonical = {OTHER_LINK}, hash = {OTHER_HASH} {AT_STOP}",
        "does not stand on the one before it",
    ),
    "an event is deleted": (f"delete from compliance_events {AT_STOP}", "is missing"),
    "another person's event is deleted": (
        "delete from compliance_events where {mine} and seq = {others}",
        "is missing",
    ),
    "two events change places": (
        """
        update compliance_events set seq = case seq when {stop} then -1 else -2 end
        where {mine} and seq in ({stop}, {stop} + 1);
        update compliance_events set seq = case seq when -1 then {stop} + 1 else {stop} end where {mine} and seq < 0
        """,
        "link {stop}",
    ),
    "the end is cut off": ("delete from compliance_events where {mine} and seq >= {last}", "the end was cut"),
    "an opt-in is deleted": (f"delete from opt_ins {CAROLS}", "is in the ledger and not in the table"),
    "an opt-in is invented": (
        f"insert into opt_ins (id, {COPIED}) select gen_random_uuid(), {COPIED} from opt_ins {CAROLS}",
        "nobody gave it",
    ),
    "an opt-in is made older": (
        f"update opt_ins set given_at = given_at - interval '1 year' {CAROLS}",
        "was changed: given_at",
    ),
    "a taken back opt-in is put in force": (
        f"update opt_ins set revoked_at = null {CAROLS}",
        "whether it was taken back",
    ),
    "the refusal is deleted": (f"delete from do_not_contact {CAROLS}", "has opted out"),
}


class Undone(Exception):
    """Ends a transaction without its changes."""


async def _attacked(office: Office, folder: Path, statements: str) -> None:
    """Make a pack from a history that its owner has tampered with, and leave the history as it was."""
    with suppress(Undone):
        async with office.login.transaction(office.ada.id) as tx:
            await tx.execute("set local session_replication_role = replica")
            for statement in statements.split(";"):
                await tx.execute(statement)
            await insights.write_pack(tx, folder, phone_e164=CAROL, by=ADA_ACTS)
            raise Undone


async def test_a_history_that_was_tampered_with_shows_it(office: Office, tmp_path: Path) -> None:
    places = {
        "stop": await office.fetchval(
            "select min(seq) from compliance_events where event_type = 'stop' and phone_e164 = $1 and tenant_id = $2",
            CAROL,
            office.ada.id,
        ),
        "others": await office.fetchval(
            "select max(seq) from compliance_events where phone_e164 = $1 and tenant_id = $2", DAVE, office.ada.id
        ),
        "last": await office.fetchval("select max(seq) from compliance_events where tenant_id = $1", office.ada.id),
        "carol": CAROL,
        "mine": f"tenant_id = '{office.ada.id}'",
    }
    for number, (attack, (statements, expected)) in enumerate(ATTACKS.items()):
        folder = tmp_path / str(number)
        await _attacked(office, folder, statements.format(**places))
        code, said = alone(folder)
        assert code == 1, attack
        assert expected.format(**places) in said, attack
    await export(office, tmp_path / "untouched")
    assert alone(tmp_path / "untouched")[0] == 0


async def test_a_history_rewritten_from_its_beginning_is_found_by_an_anchor(office: Office, tmp_path: Path) -> None:
    before = await export(office, tmp_path / "before")
    async with office.login.transaction() as tx:
        await tx.execute("set local session_replication_role = replica")
        tenant = office.ada.id
        kept = await tx.fetch(
            "select id, canonical from compliance_events where tenant_id = $1 and not (phone_e164 = $2 and"
            " event_type in ('stop', 'opt_in_revoked', 'stop_confirmed', 'start', 'start_confirmed')) order by seq",
            tenant, CAROL,
        )  # fmt: skip
        await tx.execute(
            "delete from compliance_events where tenant_id = $1 and not id = any($2)", tenant, [r["id"] for r in kept]
        )
        await tx.execute("delete from chain_heads where chain = 'compliance' and tenant_id = $1", tenant)
        for row in kept:
            await tx.execute(
                "update compliance_events set seq = link.seq, prev_hash = link.prev_hash, hash = link.hash"
                " from chain_append('compliance', $1, $2) as link where id = $3",
                tenant, row["canonical"], row["id"],
            )  # fmt: skip
        await tx.execute("update opt_ins set revoked_at = null")
    await export(office, tmp_path / "after")
    assert alone(tmp_path / "after")[0] == 0, "made whole again by its owner: only what was noted elsewhere shows it"
    code, said = alone(tmp_path / "after", "--anchor", before.head)
    assert code == 1
    assert "the end was cut off" in said


def _edit_json(folder: Path) -> None:
    path = folder / "ledger.json"
    path.write_text(path.read_text("utf-8").replace('"stop"', '"help"', 1), "utf-8")


def _drop_row(folder: Path) -> None:
    path = folder / "texts.json"
    path.write_text(json.dumps(rows(folder, "texts")[1:]), "utf-8")


def _add_file(folder: Path) -> None:
    (folder / "more.json").write_text("[]", "utf-8")


def _drop_file(folder: Path) -> None:
    (folder / "sends.csv").unlink()


def _break_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{", "utf-8")


@pytest.mark.parametrize("spoil", [_edit_json, _drop_row, _add_file, _drop_file, _break_manifest])
async def test_a_pack_that_was_changed_after_it_was_made_shows_it(
    office: Office, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    await export(office, tmp_path / "pack")
    spoil(tmp_path / "pack")
    assert alone(tmp_path / "pack")[0] == 1
    assert not insights.verify(tmp_path / "pack").ok


async def test_a_pack_forged_with_a_new_manifest_still_has_to_fit_its_chain(office: Office, tmp_path: Path) -> None:
    pack = await export(office, tmp_path / "pack")
    folder = tmp_path / "pack"
    links = (folder / "chain.jsonl").read_text("utf-8").splitlines()[:-1]
    (folder / "chain.jsonl").write_text("\n".join(links) + "\n", "utf-8")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    last = json.loads(links[-1])
    manifest["chain"]["head"] = {"seq": last["seq"], "hash": last["hash"]}
    manifest["files"]["chain.jsonl"]["sha256"] = hashlib.sha256((folder / "chain.jsonl").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    code, said = alone(folder, "--anchor", pack.head)
    assert code == 1
    assert "the end was cut off" in said


async def test_a_text_that_left_after_a_stop_is_pointed_out(office: Office, tmp_path: Path) -> None:
    async with office.login.transaction() as tx:
        await tx.execute("update send_jobs set message_class = 'C3' where template = 'stop_confirmation'")
    await export(office, tmp_path / "pack")
    code, said = alone(tmp_path / "pack")
    assert code == 0, "the records are whole; it is the business that has to answer"
    assert "(C3) left at" in said


async def test_an_older_ledger_is_shown_without_other_peoples_names(office: Office, tmp_path: Path) -> None:
    async with office.login.transaction() as tx:
        await tx.execute("set local session_replication_role = replica")
        await tx.execute("delete from chain_heads where chain = 'compliance'")
        await tx.execute(
            "update compliance_events set seq = -seq, person_no = null where tenant_id = $1", office.ada.id
        )
        # As version 1 chained them: the event itself.
        for row in await tx.fetch(
            "select id, channel, event_type, phone_e164, scope, metadata::text as metadata, created_at"
            " from compliance_events where tenant_id = $1 order by seq desc", office.ada.id,
        ):  # fmt: skip
            canonical = json.dumps(
                {"at": row["created_at"].isoformat(), "channel": row["channel"], "event_type": row["event_type"],
                 "phone_e164": row["phone_e164"], "scope": row["scope"], "metadata": json.loads(row["metadata"])},
                sort_keys=True, separators=(",", ":"), ensure_ascii=False,
            )  # fmt: skip
            await tx.execute(
                "update compliance_events set canonical = $2, body = null, seq = link.seq, prev_hash = link.prev_hash,"
                " hash = link.hash from chain_append('compliance', $1, $2) as link where id = $3",
                office.ada.id, canonical, row["id"],
            )  # fmt: skip
    await office.text_in("START", sid="SM" + "8" * 32)
    await export(office, tmp_path / "pack")
    code, said = alone(tmp_path / "pack")
    assert code == 0, said
    assert "their hash alone is shown" in said
    assert DAVE not in (tmp_path / "pack" / "chain.jsonl").read_text("utf-8")


async def test_cells_are_no_formulas_and_phone_numbers_stay_whole(office: Office, tmp_path: Path) -> None:
    await export(office, tmp_path / "pack")
    with (tmp_path / "pack" / "texts.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert "'=HYPERLINK(1) please call me" in {row["body"] for row in table}
    assert {row["sender_e164"] for row in table} == {CAROL, ADAS_NUMBER}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", " =1", "'=1", '"=1', "|calc", "%0A"]
)
def test_a_cell_that_a_spreadsheet_would_compute_is_marked(text: str) -> None:
    assert csv_cell(text) == "'" + text


@given(st.text(), st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_no_cell_begins_like_a_formula_and_every_phone_number_survives(text: str, phone: str) -> None:
    cell = csv_cell(text)
    assert cell in {text, "'" + text}
    if cell == text and not PHONE_OR_NUMBER.fullmatch(text):
        assert not text.lstrip(" '\"").startswith(FORMULA_STARTS)
    assert csv_cell(phone) == phone


async def test_a_zip_of_the_pack_is_as_good(office: Office, tmp_path: Path) -> None:
    await export(office, tmp_path / "pack")
    archive = shutil.make_archive(str(tmp_path / "copy"), "zip", tmp_path / "pack")
    shutil.unpack_archive(archive, tmp_path / "copy")
    assert alone(tmp_path / "copy")[0] == 0
