"""What a runbook may do to refusals: make them readable and bring them back; nothing here lets anybody be texted."""

from __future__ import annotations

from frontdesk.features import contacts
from frontdesk.features.consent.events import ConsentChanged
from frontdesk.features.consent.queries import upkeep
from frontdesk.kernel import audit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Approval, Order, Remedy


async def _correct_list(tx: Transaction, order: Order) -> str:
    corrected, unreadable = 0, 0
    for one in await upkeep.list_miswritten(tx):
        try:
            phone_e164 = contacts.parse_phone(one.phone_e164, one.country).e164
        except Refused:
            unreadable += 1
            continue
        await upkeep.rename_refusal(tx, one, phone_e164=phone_e164)
        await _audit(tx, order, "consent.dnc_corrected", phone_e164, {"was": one.phone_e164})
        tx.announce(ConsentChanged(phone_e164=phone_e164, event_type="stop", scope="all"), tenant_id=one.tenant_id)
        corrected += 1
    left = f"; {unreadable} are no number at all: a person has to look" if unreadable else ""
    return f"{corrected} refusals are written in E.164 now{left}"


async def _restore_refusals(tx: Transaction, order: Order) -> str:
    restored = 0
    for one in await upkeep.list_dropped(tx):
        if await upkeep.put_back(tx, one, by=order.by.id):
            await _audit(tx, order, "consent.dnc_restored", one.phone_e164, {"scope": one.scope})
            changed = ConsentChanged(phone_e164=one.phone_e164, event_type=one.event_type, scope=one.scope)
            tx.announce(changed, tenant_id=one.tenant_id)
            restored += 1
    return f"{restored} refusals are on the list again"


async def _audit(tx: Transaction, order: Order, action: str, phone_e164: str, details: dict[str, object]) -> None:
    subject = f"phone:{phone_e164}"
    await audit.write_entry(
        tx, actor=order.by, action=action, subject=subject, details={**details, "reason": order.reason}
    )


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        name="consent.correct_list",
        sentence="Write refusals in E.164 that are written otherwise",
        approval=Approval.OPERATOR,
        act=_correct_list,
    ),
    Remedy(
        name="consent.restore_refusals",
        sentence="Put people back on the list whom the ledger says have refused",
        approval=Approval.NOBODY,
        act=_restore_refusals,
    ),
)
