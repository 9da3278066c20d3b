"""What operators did with the systems that we serve is done on a running installation: command, question, request."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from frontdesk.cli.querying import MAX_ROWS
from frontdesk.kernel.attendance import read_only
from scripts.reference_pages.procedures import Caller, Procedure, procedures
from tests.cli.conftest import Answer, Terminal
from tests.cli.test_diagnosis_answers_are_true import Place, worker
from tests.support.house import ADA, ADMIN, open_house
from tests.support.office import ADAS_NUMBER, CAROL

DAN = "+12065550177"


@dataclass
class Stage:
    """An installation in use, with whoever asks it; an answer is kept, so that a command is run once."""

    place: Place
    callers: dict[Caller, httpx2.AsyncClient]
    contact: UUID
    metrics: str

    def filled(self, text: str) -> str:
        """Put in what a person fills in."""
        house = self.place.house
        for mark, value in {
            "{tenant}": house.ada.id,
            "{slug}": house.ada.slug,
            "{contact}": self.contact,
            "{phone}": DAN,
            "{home}": self.place.terminal.home,
        }.items():
            text = text.replace(mark, str(value))
        return text

    async def type(self, line: str) -> Answer:
        """Run a command line."""
        return await self.place.terminal.type(*shlex.split(self.filled(line)))


@pytest.fixture
async def stage(
    database_url: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    quiet_again: None,  # noqa: ARG001 - runs around the test
) -> AsyncIterator[Stage]:
    """Lend an installation that has texted Carol, and whom Dan has told to stop."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    async with open_house(database_url, home) as house:
        place = Place(house, Terminal(database_url, home, capsys))
        async with worker(place):
            await house.missed_call(CAROL)
            await house.twin.send_text(customer=DAN, to=ADAS_NUMBER, body="STOP")
            await house.twin.wait_for_text(CAROL)
            await house.twin.wait_until_idle()
            async with house.parts.system.transaction(house.ada.id) as tx:
                contact = await tx.fetchval("select id from contacts where phone_e164 = $1", CAROL)
            assert isinstance(contact, UUID)
            admin = await house.as_person(ADMIN)
            metrics = (await admin.get("/metrics")).text
            yield Stage(place, {Caller.PLATFORM: admin, Caller.OWNER: await house.as_person(ADA)}, contact, metrics)


def document_of(said: str) -> object:
    """Read the one document among the lines that the running house logs meanwhile."""
    found = [json.loads(line) for line in said.splitlines() if line.startswith(("{", "["))]
    return next((one for one in reversed(found) if "event_name" not in one), None)


def lacking(document: object, fields: tuple[str, ...]) -> list[str]:
    """List the fields that a document, its columns or its first item do not have."""
    first = document[0] if isinstance(document, list) and document else document
    known = set(map(str, first)) if isinstance(first, dict) else set()
    if isinstance(first, dict) and first.get("rows"):
        known |= set(map(str, first["columns"]))
    return [field for field in fields if field not in known]


async def ask(stage: Stage, one: Procedure) -> tuple[list[str], object]:
    """Send a step's request; returns what is wrong and the answer's document."""
    method, _, path = stage.filled(one.ask).partition(" ")
    answer = await stage.callers[one.caller].request(method, path, json=one.body)
    if answer.status_code not in {200, 202}:
        return [f"{one.name}: {method} {path} answers {answer.status_code} {answer.text[:200]}"], None
    return [], answer.json() if one.fields else None


async def run(stage: Stage, one: Procedure, kept: dict[str, object]) -> list[str]:
    """Carry a step out, commands before the statement and the request; returns what is wrong.

    A statement is read in the way in which `frontdesk query` reads it, without starting that for each.
    """
    # The house has no loop of its own that renews its sign of life, and a loaded machine takes longer than a lease.
    await stage.place.house.parts.presence.beat()
    faults: list[str] = []
    document: object = None
    for line in one.run:
        if line not in kept:
            answer = await stage.type(line)
            kept[line] = document_of(answer.out)
            if answer.code not in one.exits or not answer.out.strip():
                faults.append(f"{one.name}: {line} ends with {answer.code}: {answer.out[-300:]}{answer.err[-300:]}")
        document = kept[line]
    if one.sql:
        async with stage.place.house.parts.system.transaction() as tx:
            columns, rows = await read_only(tx, stage.filled(one.sql), limit=MAX_ROWS)
        document = {"columns": columns, "rows": rows}
    if one.ask:
        wrong, document = await ask(stage, one)
        faults += wrong
    if one.metric and not re.search(rf"^# TYPE {one.metric} ", stage.metrics, re.MULTILINE):
        faults.append(f"{one.name}: {one.metric} is not exported")
    missing = lacking(document, one.fields)
    return [*faults, f"{one.name}: {missing} are not in {str(document)[:300]}"] if missing else faults


async def test_every_step_that_is_served_is_carried_out_with_the_answer_that_it_promises(stage: Stage) -> None:
    kept: dict[str, object] = {}
    faults = [fault for one in procedures() for fault in await run(stage, one, kept)]
    for path in (sign.removeprefix("path ") for one in procedures() for sign in one.absent):
        if path.startswith("/"):
            answer = await stage.callers[Caller.PLATFORM].post(path)
            faults += [] if answer.status_code == 404 else [f"{path} is said to come, and answers {answer.status_code}"]
    assert not faults, "\n".join(faults)
    assert len(kept) > 30


async def test_what_would_disturb_an_installation_says_how_it_is_done(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    quiet_again: None,  # noqa: ARG001 - runs around the test
) -> None:
    terminal = Terminal("", home, capsys)
    commands = sorted({line for one in procedures() for line in one.help})
    assert len(commands) > 15
    for line in commands:
        answer = await terminal.type(*line.split(), "--help")
        assert answer.code == 0, line
        assert f"frontdesk {line}" in " ".join(answer.out.split()), answer.out
