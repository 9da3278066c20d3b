"""What must be true of missed calls: each is answered or has a reason, and nobody gets two texts for one."""

from __future__ import annotations

from frontdesk.features.textback.queries import answers as queries
from frontdesk.features.textback.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_of


async def _texts_are_answered(tx: Transaction) -> Finding:
    undecided, unheard = await upkeep.count_undecided(tx), len(await upkeep.list_unheard(tx))
    return Finding(
        severity=Severity.OK if undecided + unheard == 0 else Severity.WARNING,
        words=f"{undecided + unheard} texts are older than a minute and nothing was made of them",
        value=undecided + unheard,
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
        look=none_of(
            upkeep.count_waiting,
            "in {count} threads somebody waits for a person longer than their business allows",
            otherwise=Severity.WARNING,
        ),
    ),
    Check(
        name="textback.missed_calls_are_decided",
        sentence="Every missed call has a text or a reason within a minute",
        runbook="texts-not-going-out",
        look=none_of(
            queries.count_unanswered,
            "{count} missed calls of the last hour have neither a text nor a reason",
            otherwise=Severity.CRITICAL,
        ),
    ),
    Check(
        name="textback.invariant_one_text",
        sentence="Nobody gets two texts for one missed call",
        runbook="promise-broken",
        look=none_of(
            queries.count_doubled,
            "{count} callers of the last hours got a second text within their cool-down",
            otherwise=Severity.CRITICAL,
        ),
    ),
)
