"""What must be true of missed calls: each is answered or has a reason, and nobody gets two texts for one."""

from __future__ import annotations

from frontdesk.features.textback.queries import answers as queries
from frontdesk.features.textback.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_expected


async def _missed_calls_are_decided(tx: Transaction) -> Finding:
    unanswered = await queries.count_unanswered(tx)
    return none_expected(
        unanswered,
        f"{unanswered} missed calls of the last hour have neither a text nor a reason",
        otherwise=Severity.CRITICAL,
    )


async def _one_text_per_caller(tx: Transaction) -> Finding:
    doubled = await queries.count_doubled(tx)
    return none_expected(
        doubled,
        f"{doubled} callers of the last hours got a second text within their cool-down",
        otherwise=Severity.CRITICAL,
    )


async def _texts_are_answered(tx: Transaction) -> Finding:
    undecided, unheard = await upkeep.count_undecided(tx), len(await upkeep.list_unheard(tx))
    return Finding(
        severity=Severity.OK if undecided + unheard == 0 else Severity.WARNING,
        words=f"{undecided + unheard} texts are older than a minute and nothing was made of them",
        value=undecided + unheard,
    )


async def _nobody_waits_too_long(tx: Transaction) -> Finding:
    waiting = await upkeep.count_waiting(tx)
    return none_expected(
        waiting,
        f"in {waiting} threads somebody waits for a person longer than their business allows",
        otherwise=Severity.WARNING,
    )


CHECKS: tuple[Check, ...] = (
    Check(
        name="textback.texts_are_answered",
        sentence="Every text that the program answers is answered within a minute",
        runbook="replies-not-answered",
        look=_texts_are_answered,
    ),
    Check(
        name="textback.nobody_waits_too_long",
        sentence="Nobody waits for a person longer than their business allows",
        runbook="replies-not-answered",
        look=_nobody_waits_too_long,
    ),
    Check(
        name="textback.missed_calls_are_decided",
        sentence="Every missed call has a text or a reason within a minute",
        runbook="texts-not-going-out",
        look=_missed_calls_are_decided,
    ),
    Check(
        name="textback.invariant_one_text",
        sentence="Nobody gets two texts for one missed call",
        runbook="promise-broken",
        look=_one_text_per_caller,
    ),
)
