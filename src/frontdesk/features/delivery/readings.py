"""What is measured of sending, for gauges and alerts."""

from __future__ import annotations

from collections.abc import Sequence

from frontdesk.features import senders
from frontdesk.features.delivery.queries import measuring
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Reading, Sample

PERCENT = 100.0


async def _waiting(tx: Transaction) -> Sequence[Sample]:
    waiting, _ = await measuring.measure_due(tx)
    return [Sample(waiting)]


async def _due(tx: Transaction) -> Sequence[Sample]:
    return [Sample(sum(await measuring.measure_due(tx)))]


async def _delivered_percent(tx: Transaction) -> Sequence[Sample]:
    return [
        Sample(delivered * PERCENT / (delivered + failed), (business,))
        for business, delivered, failed in await measuring.list_outcomes(tx)
    ]


async def _failed_percent(tx: Transaction) -> Sequence[Sample]:
    return [
        Sample(failed * PERCENT / (delivered + failed), (business,))
        for business, delivered, failed in await measuring.list_outcomes(tx)
    ]


async def _ended(tx: Transaction) -> Sequence[Sample]:
    return [
        Sample(delivered + failed, (business,)) for business, delivered, failed in await measuring.list_outcomes(tx)
    ]


async def _opt_out_percent(tx: Transaction) -> Sequence[Sample]:
    return [
        Sample(opted_out * PERCENT / texts, (business,))
        for business, texts, opted_out in await measuring.list_opt_outs(tx)
    ]


async def _opt_out_texts(tx: Transaction) -> Sequence[Sample]:
    return [Sample(texts, (business,)) for business, texts, _ in await measuring.list_opt_outs(tx)]


async def _carrier_error_percent(tx: Transaction) -> Sequence[Sample]:
    return [
        Sample(failed * PERCENT / posts, (provider,)) for provider, posts, failed in await measuring.list_carriers(tx)
    ]


async def _carrier_posts(tx: Transaction) -> Sequence[Sample]:
    return [Sample(posts, (provider,)) for provider, posts, _ in await measuring.list_carriers(tx)]


async def _budget_percent(tx: Transaction) -> Sequence[Sample]:
    return [Sample(percent, (business,)) for business, percent in await measuring.list_spent_percent(tx)]


async def _limit_reached(tx: Transaction) -> Sequence[Sample]:
    """Count numbers that sent on their latest day all that they may send on one."""
    found: dict[str, int] = {}
    for one in await measuring.list_paced(tx):
        allowed = senders.daily_allowance(one.warmup, one.daily_limit, on=one.day)
        if allowed is not None and one.sent_today >= allowed:
            found[one.business] = found.get(one.business, 0) + 1
    return [Sample(numbers, (business,)) for business, numbers in found.items()]


async def _parked(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await measuring.measure_oldest_parked(tx))]


async def _failed_answers(tx: Transaction) -> Sequence[Sample]:
    return [Sample(texts, (business,)) for business, texts in await measuring.list_failed_answers(tx)]


READINGS: tuple[Reading, ...] = (
    Reading(
        name="send_queue_waiting",
        help="Texts that are due and that a person waits for: all but marketing.",
        measure=_waiting,
    ),
    Reading(name="send_queue_length", help="Texts that are due, marketing among them.", measure=_due),
    Reading(
        name="delivery_rate_percent",
        help="Share of the texts of the last hour that arrived; those without a receipt are not counted.",
        measure=_delivered_percent,
        labels=("tenant",),
    ),
    Reading(
        name="delivery_failed_percent",
        help="Share of the texts of the last hour that failed; those without a receipt are not counted.",
        measure=_failed_percent,
        labels=("tenant",),
    ),
    Reading(
        name="delivery_ended_texts",
        help="Texts of the last hour that arrived or failed, 1000 at most.",
        measure=_ended,
        labels=("tenant",),
    ),
    Reading(
        name="opt_out_percent",
        help="Share of a business's last 100 texts after which the person said STOP.",
        measure=_opt_out_percent,
        labels=("tenant",),
    ),
    Reading(
        name="opt_out_texts",
        help="How many texts that share is of, 100 at most.",
        measure=_opt_out_texts,
        labels=("tenant",),
    ),
    Reading(
        name="carrier_error_percent",
        help="Share of the POSTs of the last 10 minutes that a carrier could not take.",
        measure=_carrier_error_percent,
        labels=("provider",),
    ),
    Reading(
        name="carrier_posts",
        help="POSTs of the last 10 minutes to a carrier, the newest 1000 of each business.",
        measure=_carrier_posts,
        labels=("provider",),
    ),
    Reading(
        name="budget_used_percent",
        help="How much of its daily or monthly budget a business has spent, whichever is nearer to its end.",
        measure=_budget_percent,
        labels=("tenant",),
    ),
    Reading(
        name="warmup_limit_reached",
        help="Numbers that sent as many texts on their day as warm-up or their own limit allows.",
        measure=_limit_reached,
        labels=("tenant",),
    ),
    Reading(
        name="parked_receipt_age_seconds",
        help="Age of the oldest receipt for a text that nobody knows.",
        measure=_parked,
    ),
    Reading(
        name="first_texts_failed",
        help="Answers to missed calls that were given up within the last hour.",
        measure=_failed_answers,
        labels=("tenant",),
    ),
)
