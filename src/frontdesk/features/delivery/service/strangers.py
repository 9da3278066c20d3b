"""How much outsiders can make a business send: what is asked before each text, and counted with each that goes.

Whoever rings, writes or signs up causes texts at the business's expense. Fraudsters earn by it where they own the
numbers: so texts reach wanted countries only, few in any range of numbers, and take a share of the budget at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from frontdesk.features.delivery.events import StrangersTurnedAway
from frontdesk.features.delivery.gates import Decision, Destination, Provoked
from frontdesk.features.delivery.model import ClaimedJob, TextIntent
from frontdesk.features.delivery.prices import (
    costs_extra,
    country_of,
    hourly_cents_of_strangers,
    range_of,
    wanted_countries,
)
from frontdesk.features.delivery.queries import strangers
from frontdesk.kernel.db import Overtaken, Transaction

NOTHING = Decimal(0)
TURNED_AWAY = frozenset(
    {
        "delivery.country_not_allowed",
        "delivery.number_costs_extra",
        "delivery.range_too_busy",
        "delivery.strangers_too_costly",
    }
)


def range_asked(text: ClaimedJob | TextIntent) -> str:
    """Name the range of numbers whose count is read for a text."""
    return range_of(text.recipient_e164) if text.is_provoked else strangers.ANYWHERE


def destination_of(
    text: ClaimedJob | TextIntent, reach: strangers.Reach, *, more_texts: int = 0, more_cents: Decimal = NOTHING
) -> Destination:
    """Say where a text goes; `more` is what has been let through in this transaction and is not yet counted."""
    provoked = None
    if text.is_provoked:
        provoked = Provoked(
            range_texts=reach.range_texts + more_texts,
            range_limit=reach.range_hourly_limit,
            hour_cents=reach.hour_cents + more_cents,
            hour_limit_cents=hourly_cents_of_strangers(reach.daily_budget_cents),
        )
    return Destination(
        country=country_of(text.recipient_e164),
        costs_extra=costs_extra(text.recipient_e164),
        allowed=wanted_countries(reach.tenant_country, reach.texting_countries),
        provoked=provoked,
    )


def tell_if_turned_away(
    tx: Transaction,
    text: ClaimedJob | TextIntent,
    decision: Decision,
    *,
    tenant_id: UUID | None = None,
    correlation_id: UUID | None = None,
) -> None:
    """Announce that an outsider's text was barred, so that a person looks whether it is fraud."""
    if text.is_provoked and decision.code in TURNED_AWAY:
        tx.announce(StrangersTurnedAway(code=decision.code), tenant_id=tenant_id, correlation_id=correlation_id)


class Tally:
    """What outsiders cause in one transaction, counted text by text and written at its end."""

    def __init__(self, reaches: dict[tuple[UUID, str], strangers.Reach]) -> None:
        self._reaches = reaches
        self._taken: dict[tuple[UUID, str], tuple[int, Decimal]] = {}

    def destination(self, job: ClaimedJob) -> Destination:
        """Say where a text goes, with what this transaction has let through already."""
        range_ = range_asked(job)
        texts, _ = self._taken.get((job.tenant_id, range_), (0, NOTHING))
        _, cents = self._taken.get((job.tenant_id, strangers.ANYWHERE), (0, NOTHING))
        return destination_of(job, self._reaches[job.tenant_id, range_], more_texts=texts, more_cents=cents)

    def take(self, job: ClaimedJob, cents: Decimal) -> None:
        """Count a text that goes, if an outsider caused it."""
        if job.is_provoked:
            for range_ in (range_asked(job), strangers.ANYWHERE):
                texts, spent = self._taken.get((job.tenant_id, range_), (0, NOTHING))
                self._taken[job.tenant_id, range_] = (texts + 1, spent + cents)

    async def write(self, tx: Transaction) -> None:
        """Write what was counted; whoever was overtaken by another process starts anew."""
        counts = [
            strangers.Count(tenant_id=tenant_id, number_range=range_, texts=texts, cents=cents)
            for (tenant_id, range_), (texts, cents) in sorted(self._taken.items())
        ]
        if counts and not await strangers.record_provoked(tx, counts):
            raise Overtaken


async def begin_tally(tx: Transaction, claimed: Sequence[ClaimedJob]) -> Tally:
    """Read what the hour knows of the ranges of claimed texts."""
    asked = sorted({(job.tenant_id, range_asked(job)) for job in claimed})
    return Tally(await strangers.read_reaches(tx, asked))


async def count_one(tx: Transaction, intent: TextIntent, cents: Decimal) -> None:
    """Count one text of an outsider that is about to leave; whoever was overtaken starts anew."""
    counts = [
        strangers.Count(tenant_id=tx.tenant, number_range=range_, texts=1, cents=cents)
        for range_ in (strangers.ANYWHERE, range_asked(intent))
    ]
    if not await strangers.record_provoked(tx, counts):
        raise Overtaken
