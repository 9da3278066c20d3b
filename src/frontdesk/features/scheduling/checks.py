"""What must be true of bookings: nothing overlaps, no hold outstays its time, people are reminded."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from frontdesk.features.scheduling.queries import upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_expected, none_of

KEPT_AFTER = timedelta(minutes=2)
LOOK_AHEAD = timedelta(days=14)
REMINDED_WITHIN = timedelta(minutes=5)
SETTLED_WITHIN = timedelta(hours=1)


async def _nothing_overlaps(tx: Transaction) -> Finding:
    if not await upkeep.is_guarded(tx):
        return Finding(severity=Severity.CRITICAL, words="the constraint that refuses overlaps is gone", value=1)
    overlaps = await upkeep.count_overlaps(tx, within=LOOK_AHEAD)
    return none_expected(
        overlaps, f"{overlaps} pairs of bookings of the next 14 days overlap", otherwise=Severity.CRITICAL
    )


async def _bookings_keep_their_time(tx: Transaction) -> Finding:
    lost = await upkeep.list_without_time(tx)
    return none_expected(
        len(lost),
        f"{len(lost)} bookings keep no time: somebody else can have it, and nobody was told",
        otherwise=Severity.CRITICAL,
        evidence={"appointments": [str(appointment) for appointment, _ in lost[:20]]},
    )


async def _people_are_reminded(tx: Transaction) -> Finding:
    late, oldest_at = await upkeep.measure_reminders(tx, later_than=REMINDED_WITHIN)
    since = "" if oldest_at is None else f", the oldest since {oldest_at:%Y-%m-%d %H:%M} UTC"
    return none_expected(late, f"{late} reminders are more than 5 minutes late{since}", otherwise=Severity.WARNING)


CHECKS: tuple[Check, ...] = (
    Check(
        name="scheduling.holds_expire",
        sentence="A hold that has run out is gone within two minutes",
        runbook="holds-not-expiring",
        look=none_of(
            partial(upkeep.count_overdue_holds, longer_than=KEPT_AFTER),
            "{count} holds ran out more than 2 minutes ago and are still kept",
            otherwise=Severity.WARNING,
        ),
    ),
    Check(
        name="scheduling.people_are_reminded",
        sentence="Reminders are at most 5 minutes late",
        runbook="holds-not-expiring",
        look=_people_are_reminded,
    ),
    Check(
        name="scheduling.nothing_overlaps",
        sentence="No two bookings overlap, and PostgreSQL refuses that they do",
        runbook="double-booking",
        look=_nothing_overlaps,
    ),
    Check(
        name="scheduling.bookings_keep_their_time",
        sentence="Every booking keeps its time, or its person knows that it is lost",
        runbook="double-booking",
        look=_bookings_keep_their_time,
    ),
    Check(
        name="scheduling.collisions_are_settled",
        sentence="Whoever was told that their time is lost chooses another within an hour",
        runbook="double-booking",
        look=none_of(
            partial(upkeep.count_unsettled, longer_than=SETTLED_WITHIN),
            "{count} people were told that their time is lost, and have not chosen another for an hour",
            otherwise=Severity.WARNING,
        ),
    ),
)
