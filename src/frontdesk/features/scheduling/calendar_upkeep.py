"""How calendars are kept well: what must be true of them, what is measured, what repairs and what breaks them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from frontdesk.features.scheduling.queries import calendars_upkeep as upkeep
from frontdesk.kernel import audit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import (
    Approval,
    Check,
    Finding,
    Order,
    Reading,
    Remedy,
    Sabotage,
    Sample,
    Severity,
    none_of,
)

STALE = timedelta(minutes=5)  # asked every minute or two, and a channel tells at once
VERY_STALE = timedelta(minutes=30)
SILENT = timedelta(minutes=5)
UNWRITTEN = timedelta(minutes=10)


async def _are_read(tx: Transaction) -> Finding:
    stale, oldest_at = await upkeep.measure_stale(tx, older_than=STALE)
    if not stale or oldest_at is None:
        return Finding(severity=Severity.OK, words="every calendar was read within 5 minutes", value=0)
    age = tx.now - oldest_at
    return Finding(
        severity=Severity.CRITICAL if age > VERY_STALE else Severity.WARNING,
        words=f"{stale} calendars were not read for more than 5 minutes, one not for {age.total_seconds() / 60:.0f}",
        value=stale,
    )


CHECKS: tuple[Check, ...] = (
    Check(
        name="scheduling.calendars_are_read",
        sentence="Every calendar that blocks somebody's time was read within 5 minutes",
        runbook="calendar-silent",
        look=_are_read,
    ),
    Check(
        name="scheduling.channels_speak",
        sentence="Every open channel tells of changes and has not ended",
        runbook="calendar-silent",
        look=none_of(
            partial(upkeep.count_silent, older_than=SILENT),
            "{count} channels have ended or told nothing of changes for 5 minutes; asking goes on",
            otherwise=Severity.WARNING,
        ),
    ),
    Check(
        name="scheduling.bookings_are_written",
        sentence="Every booking stands in its calendar within 10 minutes",
        runbook="calendar-silent",
        look=none_of(
            partial(upkeep.count_unwritten, older_than=UNWRITTEN),
            "{count} bookings wait for more than 10 minutes to be written into a calendar",
            otherwise=Severity.WARNING,
        ),
    ),
    Check(
        name="scheduling.calendars_let_us_in",
        sentence="Every connected account lets us in",
        runbook="calendar-revoked",
        look=none_of(
            upkeep.count_lost,
            "{count} accounts with calendars no longer let us in and have to be connected again",
            otherwise=Severity.WARNING,
        ),
    ),
)


async def _ask_now(tx: Transaction, order: Order) -> str:
    waited = await upkeep.advance_all(tx)
    await _note(tx, order, "calendars.asked_now", {"accounts": waited})
    return f"{waited} accounts are asked now"


async def _renew_channels(tx: Transaction, order: Order) -> str:
    dropped = await upkeep.drop_channels(tx)
    await upkeep.advance_all(tx)
    await _note(tx, order, "calendars.channels_renewed", {"channels": dropped})
    return f"{dropped} channels are opened anew"


async def _try_again(tx: Transaction, order: Order) -> str:
    lost = await upkeep.resume_lost(tx)
    await _note(tx, order, "calendars.tried_again", {"accounts": lost})
    return f"{lost} accounts are tried once more; those that still refuse us are lost again at once"


async def _note(tx: Transaction, order: Order, action: str, details: dict[str, object]) -> None:
    await audit.write_entry(
        tx, actor=order.by, action=action, subject="calendars", details={**details, "reason": order.reason}
    )


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="scheduling.ask_calendars_now",
        sentence="Ask every connected account now",
        approval=Approval.NOBODY,
        act=_ask_now,
    ),
    Remedy(
        name="scheduling.renew_channels",
        sentence="Open channels anew that have ended or are silent",
        approval=Approval.NOBODY,
        act=_renew_channels,
    ),
    Remedy(
        name="scheduling.try_lost_accounts",
        sentence="Try accounts once more that no longer let us in",
        approval=Approval.OPERATOR,
        act=_try_again,
    ),
)


async def ask_everybody(tx: Transaction) -> int:
    """Let every account's turn come now; returns how many were to wait."""
    return await upkeep.advance_all(tx)


async def _fall_asleep(tx: Transaction) -> None:
    await upkeep.postpone_all(tx)


FALL_ASLEEP = Sabotage(
    name="scheduling.calendars_asleep",
    sentence="Nobody's calendar is asked any more, and no channel says anything",
    act=_fall_asleep,
)


async def _errors(tx: Transaction) -> Sequence[Sample]:
    return [Sample(one.errors, (one.provider,)) for one in await upkeep.measure_errors(tx)]


async def _failing(tx: Transaction) -> Sequence[Sample]:
    return [Sample(one.failing, (one.provider,)) for one in await upkeep.measure_errors(tx)]


async def _lost(tx: Transaction) -> Sequence[Sample]:
    return [Sample(one.lost, (one.provider,)) for one in await upkeep.measure_errors(tx)]


READINGS: tuple[Reading, ...] = (
    Reading(
        name="calendar_sync_errors_total",
        help="How often accounts with calendars could not be read or written since they were connected.",
        measure=_errors,
        labels=("provider",),
    ),
    Reading(
        name="calendar_accounts_failing",
        help="Accounts with calendars whose last look failed.",
        measure=_failing,
        labels=("provider",),
    ),
    Reading(
        name="calendar_accounts_lost",
        help="Accounts with calendars that no longer let us in.",
        measure=_lost,
        labels=("provider",),
    ),
)
