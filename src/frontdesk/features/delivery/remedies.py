"""What a runbook may do to sending: switches, carriers, numbers, texts that wait, and what counts as spent.

A switch that a remedy has pulled is released by a person alone: none of those remedies takes itself back.
"""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.delivery.events import TextProgressed
from frontdesk.features.delivery.model import JobStatus
from frontdesk.features.delivery.queries import promises, switches, upkeep
from frontdesk.features.delivery.service import stopping
from frontdesk.features.delivery.service.steering import move_marketing
from frontdesk.features.delivery.service.switching import Scope, pause_sending, resume_sending
from frontdesk.kernel import audit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Approval, Finding, Order, Parameter, Remedy, Severity


async def _resume_all(tx: Transaction, order: Order) -> str:
    paused = await switches.list_paused(tx)
    for one in paused:
        await resume_sending(tx, scope=Scope(one.scope), key=one.key, by=order.by)
    return f"released {len(paused)} kill switches: " + ", ".join(f"{one.scope} {one.key}" for one in paused)


async def _pause_all(tx: Transaction, order: Order) -> str:
    await pause_sending(tx, scope=Scope.GLOBAL, key="all", by=order.by, reason=order.reason)
    return "pulled the switch for everything that leaves"


async def _probe_now(tx: Transaction, order: Order) -> str:
    opened = await upkeep.lift_failing_holds(tx)
    await _audit(tx, order, "delivery.probed", "breakers", opened)
    return f"{opened} numbers try one text at once"


async def _ask_about_doubt(tx: Transaction, order: Order) -> str:
    texts = await upkeep.look_at_doubt_now(tx)
    await _audit(tx, order, "delivery.doubt_asked", "send_jobs", texts)
    return f"{texts} texts in doubt are asked about at once"


async def _allow_number(tx: Transaction, order: Order) -> str:
    number = await upkeep.lift_block(tx, number_id=order.uuid("number"))
    if number is None:
        raise Refused("delivery.number_not_blocked", "This number is not kept from texting.", status=409)
    await audit.write_entry(
        tx, actor=order.by, action="delivery.number_allowed", subject=number, details={"reason": order.reason}
    )
    return f"{number} may text again"


async def _allow_numbers(tx: Transaction, order: Order) -> str:
    numbers = await upkeep.lift_all_blocks(tx)
    await _audit(tx, order, "delivery.number_allowed", ", ".join(numbers), len(numbers))
    return f"may text again: {', '.join(numbers)}" if numbers else "no number was blocked by its carrier"


async def _end_long_holds(tx: Transaction, order: Order) -> str:
    ended = await upkeep.lift_long_holds(tx)
    await _audit(tx, order, "delivery.holds_ended", "breakers", ended)
    return f"{ended} numbers send again"


async def _look_at_forgotten(tx: Transaction, order: Order) -> str:
    texts = await upkeep.look_at_forgotten(tx)
    await _audit(tx, order, "delivery.looked_again", "send_jobs", texts)
    return f"{texts} texts are looked at now, by every gate"


async def _drop_useless(tx: Transaction, order: Order) -> str:
    dropped = await upkeep.drop_useless(tx)
    for one in dropped:
        tx.announce(
            TextProgressed(job_id=one.id, status=JobStatus.DROPPED.value, code="delivery.too_late"),
            tenant_id=one.tenant_id,
            correlation_id=one.correlation_id,
        )
    await _audit(tx, order, "delivery.useless_dropped", "send_jobs", len(dropped))
    return f"dropped {len(dropped)} texts that are of no use any more"


async def _recount_spent(tx: Transaction, order: Order) -> str:
    wrong = await upkeep.list_phantom_spent(tx)
    for one in wrong:
        await upkeep.update_spent(tx, one)
        await audit.write_entry(
            tx,
            actor=order.by,
            action="budgets.corrected",
            subject=f"tenant:{one.tenant_id}",
            details={"before_cents": str(one.daily_spent_cents), "after_cents": str(one.real_cents)},
        )
    return "counted anew: " + ", ".join(f"{one.slug} {one.real_cents:.0f} cents today" for one in wrong)


async def _move_marketing(tx: Transaction, order: Order) -> str:
    failing = {one.provider for one in await upkeep.list_held(tx) if one.opened_at is not None}
    moved = await move_marketing(tx, away_from=failing)
    await _audit(tx, order, "delivery.marketing_moved", ", ".join(sorted(failing)), moved)
    return f"{moved} marketing texts leave through another carrier"


async def _stop_where_broken(tx: Transaction, order: Order) -> str:
    found: list[tuple[UUID, UUID | None]] = [(one, None) for one in await stopping.list_breaking(tx)]
    return _paused(await stopping.pause_all_of(tx, found, by=order.by, reason=f"{stopping.BROKEN}: {order.reason}"))


async def _pause_night_campaigns(tx: Transaction, order: Order) -> str:
    found = await stopping.list_night_campaigns(tx)
    return _paused(await stopping.pause_all_of(tx, found, by=order.by, reason=f"{stopping.AT_NIGHT}: {order.reason}"))


async def _pause_failing(tx: Transaction, order: Order) -> str:
    found = await stopping.list_failing(tx)
    return _paused(await stopping.pause_all_of(tx, found, by=order.by, reason=f"texts fail: {order.reason}"))


async def _pause_filtered(tx: Transaction, order: Order) -> str:
    found = await stopping.list_filtered(tx)
    return _paused(await stopping.pause_all_of(tx, found, by=order.by, reason=f"carriers filter it: {order.reason}"))


def _paused(pulled: list[str]) -> str:
    return f"paused {', '.join(pulled)}" if pulled else "nothing was left to pause"


async def _audit(tx: Transaction, order: Order, action: str, subject: str, count: int) -> None:
    await audit.write_entry(
        tx, actor=order.by, action=action, subject=subject, details={"count": count, "reason": order.reason}
    )


async def _promises_hold(tx: Transaction) -> Finding:
    """Refuse to let texts go on while people who opted out were texted."""
    broken = sum(one.texts for one in await promises.list_after_stop(tx))
    if broken:
        words = f"{broken} texts started after an opt-out: find out why before sending goes on"
        return Finding(severity=Severity.CRITICAL, words=words, value=broken)
    return Finding(severity=Severity.OK, words="no text followed an opt-out")


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="delivery.resume_sending",
        sentence="Release every kill switch that is pulled",
        approval=Approval.OWNER,
        act=_resume_all,
        may_act=_promises_hold,
    ),
    Remedy(
        name="delivery.pause_everything",
        sentence="Stop everything that leaves",
        approval=Approval.OPERATOR,
        act=_pause_all,
    ),
    Remedy(
        name="delivery.probe_carriers",
        sentence="Let every number whose breaker is open try one text now",
        approval=Approval.NOBODY,
        act=_probe_now,
    ),
    Remedy(
        name="delivery.ask_about_doubt",
        sentence="Ask the carrier about texts in doubt now",
        approval=Approval.NOBODY,
        act=_ask_about_doubt,
    ),
    Remedy(
        name="delivery.allow_number",
        sentence="Let a number text again, after its carrier has lifted the block",
        approval=Approval.OWNER,
        act=_allow_number,
        parameters=(Parameter(name="number", kind="uuid", sentence="Id of the number."),),
    ),
    Remedy(
        name="delivery.allow_numbers",
        sentence="Let every number text again that its carrier had blocked, after the block is lifted",
        approval=Approval.OWNER,
        act=_allow_numbers,
    ),
    Remedy(
        name="delivery.end_long_holds",
        sentence="Let numbers send that are held back for longer than an hour",
        approval=Approval.OPERATOR,
        act=_end_long_holds,
    ),
    Remedy(
        name="delivery.look_at_forgotten",
        sentence="Look now at texts that would not be looked at within the hour",
        approval=Approval.OPERATOR,
        act=_look_at_forgotten,
    ),
    Remedy(
        name="delivery.drop_useless",
        sentence="Drop texts that are of no use any more",
        approval=Approval.OPERATOR,
        act=_drop_useless,
    ),
    Remedy(
        name="delivery.recount_spent",
        sentence="Let budgets count what the texts of today have reserved",
        approval=Approval.OWNER,
        act=_recount_spent,
    ),
    Remedy(
        name="delivery.move_marketing",
        sentence="Let marketing leave through other carriers than those that fail",
        approval=Approval.OPERATOR,
        act=_move_marketing,
    ),
    Remedy(
        name="delivery.stop_where_broken",
        sentence="Stop everything that leaves for businesses for which a promise was broken",
        approval=Approval.OPERATOR,
        act=_stop_where_broken,
    ),
    Remedy(
        name="delivery.pause_night_campaigns",
        sentence="Pause the campaigns that have texted people at night",
        approval=Approval.OPERATOR,
        act=_pause_night_campaigns,
    ),
    Remedy(
        name="delivery.pause_failing",
        sentence="Pause the campaigns, or businesses, of which too few texts arrive",
        approval=Approval.OPERATOR,
        act=_pause_failing,
    ),
    Remedy(
        name="delivery.pause_filtered",
        sentence="Pause the campaigns, or businesses, that carriers filter",
        approval=Approval.OPERATOR,
        act=_pause_filtered,
    ),
)
