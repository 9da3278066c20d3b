"""How a throwaway installation is broken: its rows, its processes, its carrier."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable

from frontdesk.kernel.db import Transaction
from frontdesk.operations.checking.registry import all_sabotages
from frontdesk.operations.drills import calendars, custody, outside, queries, releases, sending
from frontdesk.operations.drills.model import Break, Stage
from frontdesk.operations.incidents import sabotage as incidents_sabotage
from frontdesk.operations.monitors import sabotage as monitors_sabotage
from frontdesk.operations.runbooks import RunState

InRows = Callable[[Transaction], Awaitable[None]]


def _halt(process: str) -> Break:
    async def act(stage: Stage) -> None:
        os.kill(stage.pids()[process], signal.SIGSTOP)

    return Break(name=f"process.halted_{process}", sentence=f"The {process} process hangs", act=act)


def _held_up() -> Break:
    """Let somebody hold a lock that somebody else waits for, until a person ends it."""
    held: list[queries.HeldUp] = []

    async def act(stage: Stage) -> None:
        held.append(await queries.hold_up(stage.database_url))

    async def recover(_stage: Stage) -> None:
        held.pop().let_go()

    return Break(
        name="database.held_up",
        sentence="A forgotten session holds a lock that others wait for",
        act=act,
        recover=recover,
        recover_after=True,
        ends=RunState.NEEDS_PERSON,
    )


def _until_a_person(name: str, sentence: str, broken: InRows, mended: InRows) -> Break:
    """Break something in rows that no page may mend: it tells a person what to do, and they do."""

    async def act(stage: Stage) -> None:
        async with stage.system.transaction() as tx:
            await broken(tx)

    async def recover(stage: Stage) -> None:
        async with stage.system.transaction() as tx:
            await mended(tx)

    return Break(name=name, sentence=sentence, act=act, recover=recover, recover_after=True, ends=RunState.NEEDS_PERSON)


_BREAKS: dict[str, Break] = {
    one.name: one
    for one in (
        _halt("worker"),
        _held_up(),
        _until_a_person(
            "incidents.left_waiting",
            "Everybody was told of an incident an hour ago, and nobody has taken it",
            incidents_sabotage.leave_waiting,
            incidents_sabotage.take_all,
        ),
        _until_a_person(
            "monitors.failed_twice",
            "A monitor has failed twice in a row",
            monitors_sabotage.fail_twice,
            monitors_sabotage.pass_again,
        ),
        *calendars.BREAKS,
        *custody.BREAKS,
        *outside.BREAKS,
        *releases.BREAKS,
        *sending.BREAKS,
        *map(sending.in_rows, all_sabotages()),
    )
}


def all_breaks() -> tuple[Break, ...]:
    """List every way to break a stage, by name."""
    return tuple(_BREAKS[name] for name in sorted(_BREAKS))


def get_break(name: str) -> Break:
    """Return a way to break a stage; `LookupError` if there is none, which the tests of the pages rule out."""
    return _BREAKS[name]
