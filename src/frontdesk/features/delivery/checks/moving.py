"""What must be true of the queue and of the carriers: texts move, nothing waits without a reason, money lasts."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from frontdesk.features.delivery.queries import switches, upkeep
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity, none_of

LATE_AFTER = timedelta(seconds=60)
DOUBT_AFTER = timedelta(minutes=10)
POSTING_AFTER = timedelta(minutes=2)  # a POST is given up after seconds, a dead process is found after 30 s
BUDGET_WARNING = 0.9
LONG_QUEUE, LONGEST_QUEUE = 500, 10_000


async def _sending_is_on(tx: Transaction) -> Finding:
    paused = await switches.list_paused(tx)
    if not paused:
        return Finding(severity=Severity.OK, words="no kill switch is pulled", value=0)
    named = "; ".join(
        f"{one.scope} {one.key} since {one.paused_at:%Y-%m-%d %H:%M} UTC by {one.paused_by}"
        f" ({one.reason or 'no reason'})"
        for one in paused
    )
    everything = any(one.scope == "global" for one in paused)
    return Finding(
        severity=Severity.CRITICAL if everything else Severity.WARNING,
        words=f"sending is paused: {named}",
        value=len(paused),
        evidence={"switches": [{"scope": one.scope, "key": one.key, "reason": one.reason} for one in paused]},
    )


async def _queue_moves(tx: Transaction) -> Finding:
    due = await upkeep.get_due_texts(tx)
    age = (tx.now - due.oldest_at).total_seconds() if due.oldest_at is not None else 0.0
    if age <= LATE_AFTER.total_seconds():
        return Finding(severity=Severity.OK, words=f"{due.texts} texts are due, none for long", value=age)
    return Finding(
        severity=Severity.CRITICAL,
        words=f"{due.texts} texts are due and nothing holds them back; the oldest waits for {age:.0f} s",
        value=age,
        evidence={"texts": due.texts, "oldest_at": due.oldest_at},
    )


async def _queue_is_short(tx: Transaction) -> Finding:
    waiting = await upkeep.count_waiting(tx)
    severity = Severity.OK if waiting <= LONG_QUEUE else Severity.WARNING
    if waiting > LONGEST_QUEUE:
        severity = Severity.CRITICAL
    return Finding(severity=severity, words=f"{waiting} texts are due", value=waiting)


async def _carriers_take_texts(tx: Transaction) -> Finding:
    held = await upkeep.list_held(tx)
    failing = [one for one in held if one.opened_at is not None]
    if not failing:
        return Finding(severity=Severity.OK, words="no number's breaker is open", value=0)
    named = ", ".join(f"{one.sender_e164} at {one.provider}" for one in failing)
    return Finding(
        severity=Severity.CRITICAL,
        words=f"the carrier fails for {named}: one text is tried per pause until it answers again",
        value=len(failing),
        evidence={"numbers": [{"number": one.sender_e164, "failures_in_row": one.failures_in_row} for one in failing]},
    )


async def _doubt_is_cleared(tx: Transaction) -> Finding:
    doubtful = await upkeep.count_doubtful(tx, longer_than=DOUBT_AFTER)
    if doubtful == 0:
        return Finding(severity=Severity.OK, words="no text is in doubt for long", value=0)
    return Finding(
        severity=Severity.WARNING,
        words=f"{doubtful} texts are in doubt for more than 10 minutes: the carrier's list does not settle them",
        value=doubtful,
    )


async def _numbers_may_text(tx: Transaction) -> Finding:
    blocked = await upkeep.list_blocked_numbers(tx)
    if not blocked:
        return Finding(severity=Severity.OK, words="every number may text", value=0)
    named = ", ".join(f"{number} ({reason or 'no reason'})" for number, reason in blocked)
    return Finding(severity=Severity.WARNING, words=f"numbers that may not text: {named}", value=len(blocked))


async def _budgets_last(tx: Transaction) -> Finding:
    near = [one for one in await upkeep.list_spent(tx) if max(one.daily_share, one.monthly_share) >= BUDGET_WARNING]
    if not near:
        return Finding(severity=Severity.OK, words="no business has spent 90 % of a budget", value=0)
    gone = [one for one in near if max(one.daily_share, one.monthly_share) >= 1]
    named = ", ".join(f"{one.slug} {max(one.daily_share, one.monthly_share):.0%}" for one in near)
    return Finding(
        severity=Severity.WARNING if gone else Severity.INFO,
        words=f"budgets nearly or wholly spent: {named}",
        value=len(near),
    )


async def _holds_end(tx: Transaction) -> Finding:
    held = await upkeep.list_long_holds(tx)
    if not held:
        return Finding(severity=Severity.OK, words="no number is held back for longer than an hour", value=0)
    named = ", ".join(f"{one.sender_e164} until {one.hold_until:%Y-%m-%d %H:%M} UTC" for one in held)
    return Finding(severity=Severity.CRITICAL, words=f"held back beyond any reason: {named}", value=len(held))


async def _spent_is_true(tx: Transaction) -> Finding:
    wrong = await upkeep.list_phantom_spent(tx)
    if not wrong:
        return Finding(severity=Severity.OK, words="budgets count what texts have reserved", value=0)
    named = ", ".join(f"{one.slug} {one.daily_spent_cents:.0f} for {one.real_cents:.0f} cents" for one in wrong)
    return Finding(severity=Severity.WARNING, words=f"budgets count more than was reserved: {named}", value=len(wrong))


CHECKS: tuple[Check, ...] = (
    Check(
        name="delivery.sending_is_on",
        sentence="No kill switch is pulled",
        runbook="kill-switch",
        look=_sending_is_on,
    ),
    Check(
        name="delivery.queue_moves",
        sentence="A text that nothing holds back leaves within 60 s",
        runbook="texts-not-going-out",
        look=_queue_moves,
    ),
    Check(
        name="delivery.queue_is_short",
        sentence="Fewer than 500 texts are due",
        runbook="texts-not-going-out",
        look=_queue_is_short,
    ),
    Check(
        name="delivery.carriers_take_texts",
        sentence="The carriers take texts from every number",
        runbook="carrier-failing",
        look=_carriers_take_texts,
    ),
    Check(
        name="delivery.doubt_is_cleared",
        sentence="Whether a text left is known within 10 minutes",
        runbook="texts-in-doubt",
        look=_doubt_is_cleared,
    ),
    Check(
        name="delivery.nothing_hangs_in_posting",
        sentence="No text is being posted for more than 2 minutes",
        runbook="texts-in-doubt",
        look=none_of(
            partial(upkeep.count_stuck_posting, longer_than=POSTING_AFTER),
            "{count} texts are being posted for more than 2 minutes",
            otherwise=Severity.CRITICAL,
        ),
    ),
    Check(
        name="delivery.numbers_may_text",
        sentence="Every number may text",
        runbook="number-blocked",
        look=_numbers_may_text,
    ),
    Check(
        name="delivery.budgets_last",
        sentence="No business has spent 90 % of a budget",
        runbook="budget-spent",
        look=_budgets_last,
    ),
    Check(
        name="delivery.holds_end",
        sentence="No number is held back for longer than an hour",
        runbook="texts-not-going-out",
        look=_holds_end,
    ),
    Check(
        name="delivery.nothing_is_forgotten",
        sentence="Every useful text is looked at within the hour",
        runbook="texts-not-going-out",
        look=none_of(
            upkeep.count_forgotten,
            "{count} useful texts will not be looked at within the hour",
            otherwise=Severity.CRITICAL,
        ),
    ),
    Check(
        name="delivery.useless_texts_are_dropped",
        sentence="Texts that are of no use any more do not wait",
        runbook="texts-not-going-out",
        look=none_of(
            upkeep.count_useless, "{count} texts wait that are of no use any more", otherwise=Severity.WARNING
        ),
    ),
    Check(
        name="delivery.spent_is_true",
        sentence="A budget that is nearly spent counts what texts have reserved",
        runbook="budget-spent",
        look=_spent_is_true,
    ),
)
