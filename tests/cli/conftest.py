"""Commands as a person types them, in this process, on a database of the test's own with the demo businesses."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import structlog

from frontdesk.cli.main import run_command
from frontdesk.cli.seeding import seed
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with


@dataclass
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """Its one JSON document."""
        return cast("dict[str, object]", json.loads(self.out))

    def at(self, *path: str) -> object:
        """Dig into the document."""
        found: object = self.document
        for name in path:
            assert isinstance(found, dict), found
            found = found[name]
        return found

    def each(self, name: str) -> list[dict[str, object]]:
        """List the objects under a name of the document."""
        return cast("list[dict[str, object]]", self.document[name])

    def checks(self) -> dict[object, dict[str, object]]:
        """Read what the doctor found, by check."""
        return {one["check"]: one for one in self.each("checks")}


@dataclass
class Terminal:
    """Where commands are typed."""

    database_url: str
    home: Path
    capture: pytest.CaptureFixture[str]

    async def type(self, *arguments: str) -> Answer:
        """Run one command to its end."""
        self.capture.readouterr()
        code = await asyncio.to_thread(run_command, list(arguments))
        said = self.capture.readouterr()
        return Answer(code, said.out, said.err)


@pytest.fixture
def quiet_again() -> Iterator[None]:
    """Put logging back as it was: every command sets it up for its own process."""
    before, handlers, level = structlog.get_config(), logging.getLogger().handlers[:], logging.getLogger().level
    yield
    structlog.configure(**before)
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
async def terminal(
    database_url: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    quiet_again: None,  # noqa: ARG001 - runs around the test
) -> Terminal:
    """Lend a terminal on a seeded installation."""
    system = await Database.open(
        database_url, role=Role.SYSTEM, clock=DatabaseClock(), flush=flush_with(Handlers([])), max_size=1
    )
    await seed(system, home)
    await system.close()
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("FRONTDESK_HOME", str(home))
    return Terminal(database_url, home, capsys)
