"""What is measured of answering missed calls, for gauges and alerts."""

from __future__ import annotations

from collections.abc import Sequence

from frontdesk.features.textback.queries import answers as queries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.telemetry.metrics import FIRST_SMS_P95
from frontdesk.kernel.upkeep import Reading, Sample
from frontdesk.kernel.windows import PAIRS, SPANS, burn_rates

ALLOWED_LATE = 0.005  # 99.5 % of first texts start within 5 s


async def _p95(tx: Transaction) -> Sequence[Sample]:
    return [Sample(await queries.measure_first_text_p95(tx))]


async def _burn(tx: Transaction) -> Sequence[Sample]:
    return burn_rates(await queries.count_first_texts(tx, spans=SPANS), allowed=ALLOWED_LATE)


async def _texts(tx: Transaction) -> Sequence[Sample]:
    counted = await queries.count_first_texts(tx, spans=SPANS)
    return [Sample(counted[pair.long][0], (pair.long,)) for pair in PAIRS]


async def _late(tx: Transaction) -> Sequence[Sample]:
    counted = await queries.count_first_texts(tx, spans=SPANS)
    return [Sample(counted[pair.long][1], (pair.long,)) for pair in PAIRS]


READINGS: tuple[Reading, ...] = (
    Reading(
        name=FIRST_SMS_P95.name,
        help=FIRST_SMS_P95.help,
        measure=_p95,
    ),
    Reading(
        name="first_text_burn_rate",
        help="How many times too fast the error budget of first texts is used, over a window and a twelfth of it.",
        measure=_burn,
        labels=("window",),
    ),
    Reading(
        name="first_text_answers",
        help="First texts in a window, without those that gates kept back.",
        measure=_texts,
        labels=("window",),
    ),
    Reading(
        name="first_text_late",
        help="First texts in a window that started later than 5 s after the missed call, or failed.",
        measure=_late,
        labels=("window",),
    ),
)
