"""Breaks that come from outside the rows: PostgreSQL killed, forged webhooks, alerts about the machine."""

from __future__ import annotations

import os
import signal

from frontdesk.operations.alerts import quiet
from frontdesk.operations.alerts.queries import quiet as alert_rows
from frontdesk.operations.drills.model import Break, Stage
from frontdesk.operations.runbooks import RunState
from frontdesk.providers.twin import FaultKind, FaultOrder

CALLS = 12  # each is told by several webhooks; more than 10 refused in a minute is an alert
CALLER = "+1206555{:04d}"
ALIVE_SECONDS = 0.2
FORGET_SECONDS = 125.0  # the check looks back over the last whole minute


def _alert_fires(slug: str) -> Break:
    """Let an alert fire whose reason is outside the database: a disk, a clock, a processor."""
    rule = quiet.rules_of(slug)[0].name

    async def act(stage: Stage) -> None:
        async with stage.system.transaction() as tx:
            await alert_rows.insert_firing(tx, rule=rule)

    async def recover(stage: Stage) -> None:
        async with stage.system.transaction() as tx:
            await alert_rows.forget_firing(tx, rule=rule)

    return Break(
        name=f"alerts.{slug.replace('-', '_')}",
        sentence=f"The alert {rule} fires",
        act=act,
        recover=recover,
        recover_after=True,
        ends=RunState.NEEDS_PERSON,
    )


def _forged() -> Break:
    """Let webhooks come in whose signature is not the carrier's."""

    async def act(stage: Stage) -> None:
        state = await stage.twin.state()
        await stage.twin.inject_fault(FaultOrder(kind=FaultKind.BAD_SIGNATURE, on="*", count=None))
        for number in range(CALLS):
            await stage.twin.place_call(caller=CALLER.format(100 + number), to=state.numbers[0].number, wait=False)

    async def recover(stage: Stage) -> None:
        await stage.twin.clear_faults()
        await stage.system.clock.sleep(FORGET_SECONDS)

    return Break(
        name="webhooks.forged",
        sentence="Somebody posts webhooks with signatures that are not the carrier's",
        act=act,
        recover=recover,
        recover_after=True,
        ends=RunState.NEEDS_PERSON,
    )


def _killed_database() -> Break:
    async def act(stage: Stage) -> None:
        os.kill(stage.pids()["postgres"], signal.SIGKILL)

    async def recover(stage: Stage) -> None:
        while not await stage.system.alive():  # `frontdesk up` starts it anew
            await stage.system.clock.sleep(ALIVE_SECONDS)

    return Break(
        name="database.killed", sentence="PostgreSQL is killed while everything runs", act=act, recover=recover
    )


BREAKS: tuple[Break, ...] = (_forged(), _killed_database(), *(_alert_fires(slug) for slug in quiet.PAGES))
