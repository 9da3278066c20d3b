"""What must be true of incidents: somebody is on call, takes them in time, and finishes what was learnt."""

from __future__ import annotations

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.incidents.model import PACES
from frontdesk.operations.incidents.queries import incidents, overdue, rotas

PAGE = "incident"


async def _are_acknowledged(tx: Transaction) -> Finding:
    waiting = await overdue.list_unheard(tx)
    late = [one.number for one in waiting if tx.now - one.opened_at > PACES[one.grade].acknowledge]
    if not late:
        return Finding(severity=Severity.OK, words="no incident waits for somebody to take it", value=0)
    numbers = ", ".join(str(number) for number in late[:10])
    words = f"nobody has taken incident {numbers} in its time: `frontdesk incident ack {late[0]}`"
    return Finding(severity=Severity.WARNING, words=words, value=len(late), evidence={"incidents": late[:10]})


async def _somebody_is_on_call(tx: Transaction) -> Finding:
    levels = list(await rotas.list_rotas(tx))
    if not levels:
        words = "no rota is set: incidents are told to the sinks of alerts, for whoever reads them"
        return Finding(severity=Severity.INFO, words=words, value=0)
    if 1 not in levels:
        words = "there are rotas, but none for the first level: `frontdesk oncall set`"
        return Finding(severity=Severity.WARNING, words=words, value=0)
    return Finding(severity=Severity.OK, words=f"{len(levels)} levels have a rota", value=len(levels))


async def _postmortems_are_written(tx: Transaction) -> Finding:
    late = await incidents.count_postmortems_overdue(tx)
    words = f"{late} post-mortems should have been published by now"
    return Finding(severity=Severity.WARNING if late else Severity.OK, words=words, value=late)


async def _actions_are_done(tx: Transaction) -> Finding:
    late = await incidents.count_actions_overdue(tx)
    words = f"{late} actions after incidents should have been done by now"
    return Finding(severity=Severity.WARNING if late else Severity.OK, words=words, value=late)


CHECKS: tuple[Check, ...] = (
    Check(
        name="incidents.are_acknowledged",
        sentence="Somebody takes every incident in its time",
        runbook=PAGE,
        look=_are_acknowledged,
    ),
    Check(
        name="incidents.somebody_is_on_call",
        sentence="Somebody is on call",
        runbook=PAGE,
        look=_somebody_is_on_call,
    ),
    Check(
        name="incidents.postmortems_are_written",
        sentence="Post-mortems are published in their time",
        runbook=PAGE,
        look=_postmortems_are_written,
    ),
    Check(
        name="incidents.actions_are_done",
        sentence="What was learnt from incidents is done in its time",
        runbook=PAGE,
        look=_actions_are_done,
    ),
)
