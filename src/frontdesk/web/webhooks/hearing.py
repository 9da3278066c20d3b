"""A person's text, whichever carrier brought it: kept, and its STOP in force before the carrier gets its answer."""

from __future__ import annotations

from frontdesk.features import consent, conversations, delivery, senders, tenants
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.intake import Webhook, take_in
from frontdesk.operations.monitors.calling_out import note_heard
from frontdesk.ports import InboundText
from frontdesk.web.webhooks.receiving import note_taken
from frontdesk.wiring import Frontdesk

DRAIN_STEPS = 100
DRAIN_STEP_SECONDS = 0.01


async def hear(parts: Frontdesk, webhook: Webhook, text: InboundText) -> None:
    """Take a person's text in once, however often it is told, for the business whose number it came to.

    A text to a number that no business has is kept, and its STOP written down. Returns when no text can start any
    more that a STOP in it forbids.
    """
    number = await parts.directory.find(text.recipient_e164)
    business = None if number is None else await parts.businesses.get(number.tenant_id)
    stopped = False

    async def change(tx: Transaction) -> None:
        nonlocal stopped
        if not text.sender_e164:
            return
        if number is None or business is None:
            await _hear_for_nobody(parts, tx, text)
            return
        heard = await _hear_for(parts, tx, text, number, business)
        stopped = heard is not None and heard.stopped

    if number is None:
        new = await take_in(parts.system, webhook, change, tenant_id=None)
    else:
        new = await take_in(parts.app, webhook, change, tenant_id=number.tenant_id)
    note_taken(parts, webhook, new=new)
    parts.tell_viewers()
    # A copy of a STOP, too, is answered only once nothing that passed its gates before can start any more.
    wording = consent.understand(text.body, text.opt_out_hint.value if text.opt_out_hint else None)
    if number is not None and (stopped or wording.verdict is consent.Verdict.STOP):
        await _wait_for_posts_to(parts, text.sender_e164, number)


async def _hear_for(
    parts: Frontdesk,
    tx: Transaction,
    text: InboundText,
    number: senders.SendingNumber,
    business: tenants.Tenant,
) -> consent.Heard | None:
    return await conversations.receive_text(
        tx,
        text,
        business=conversations.Business(name=business.name, phone=number.phone_e164),
        journal=parts.journal,
        lane=parts.courier,
    )


async def _hear_for_nobody(parts: Frontdesk, tx: Transaction, text: InboundText) -> None:
    monitors = parts.settings.monitors
    if (text.recipient_e164, text.sender_e164) == (monitors.from_number, monitors.number):
        # Our own answer to our own monitor: words in it are nobody's STOP.
        await note_heard(tx, text)
        return
    await consent.note_stop_to_unknown_number(
        tx,
        consent.understand(text.body, text.opt_out_hint.value if text.opt_out_hint else None),
        phone_e164=text.sender_e164,
        sender_e164=text.recipient_e164,
        journal=parts.journal,
    )


async def _wait_for_posts_to(parts: Frontdesk, phone_e164: str, number: senders.SendingNumber) -> None:
    """Let texts that passed their gates before the STOP start or be given up; a verdict lives 0.5 s."""
    for _ in range(DRAIN_STEPS):
        async with parts.app.transaction(number.tenant_id) as tx:
            if await delivery.count_posting_to(tx, recipient_e164=phone_e164) == 0:
                return
        await parts.clock.sleep(DRAIN_STEP_SECONDS)
