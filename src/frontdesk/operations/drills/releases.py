"""How a release is broken: an old process that goes on, a migration that was begun and not finished."""

from __future__ import annotations

from frontdesk.operations.drills import queries
from frontdesk.operations.drills.model import Break, Stage
from frontdesk.operations.runbooks import RunState


def _old_process() -> Break:
    """Let a process of another version go on beside ours, until a person ends it."""
    running: list[queries.OldProcess] = []

    async def act(stage: Stage) -> None:
        running.append(await queries.add_old_process(stage.database_url))

    async def recover(_stage: Stage) -> None:
        await running.pop().end()

    return Break(
        name="releases.old_process",
        sentence="A worker of an old version runs on after a release",
        act=act,
        recover=recover,
        recover_after=True,
        ends=RunState.NEEDS_PERSON,
    )


async def _half_make(stage: Stage) -> None:
    await queries.add_half_made_index(stage.database_url)


async def _drop_half_made(stage: Stage) -> None:
    await queries.drop_half_made_index(stage.database_url)


BREAKS: tuple[Break, ...] = (
    _old_process(),
    Break(
        name="releases.half_made_index",
        sentence="A migration broke off while it built an index",
        act=_half_make,
        recover=_drop_half_made,
        recover_after=True,
        ends=RunState.NEEDS_PERSON,
    ),
)
