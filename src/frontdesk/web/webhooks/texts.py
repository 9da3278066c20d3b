"""Twilio's text webhooks: a person writes, and a carrier tells what became of our texts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import consent, conversations, delivery, senders, tenants
from frontdesk.features.delivery.events import EVENTS
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.intake import take_in
from frontdesk.ports import InboundText
from frontdesk.providers.twilio import WebhookKind, read_inbound_text, read_text_receipt
from frontdesk.web.webhooks.receipts import ReceiptDesk
from frontdesk.web.webhooks.receiving import as_webhook, note_taken, receive
from frontdesk.wiring import Frontdesk

EMPTY_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
DRAIN_STEPS = 100
DRAIN_STEP_SECONDS = 0.01


class TextWebhooks:
    """Takes in texts and receipts."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts
        self._receipts = ReceiptDesk(parts.system, parts.clock, heard=parts.handlers.heard_of(EVENTS))

    async def incoming(self, request: Request) -> Response:
        """Keep what a person writes; their STOP is in force before Twilio gets its answer."""
        form = await receive(self._parts, request)
        if isinstance(form, Response):
            return form
        text = read_inbound_text(form)
        number = await self._parts.directory.find(text.recipient_e164)
        business = None if number is None else await self._parts.businesses.get(number.tenant_id)
        webhook = as_webhook(form, WebhookKind.TEXT, request)
        stopped = False

        async def change(tx: Transaction) -> None:
            nonlocal stopped
            if not text.sender_e164:
                return
            if number is None or business is None:
                await self._hear_for_nobody(tx, text)
                return
            heard = await self._hear(tx, text, number, business)
            stopped = heard is not None and heard.stopped

        if number is None:
            new = await take_in(self._parts.system, webhook, change, tenant_id=None)
        else:
            new = await take_in(self._parts.app, webhook, change, tenant_id=number.tenant_id)
        note_taken(self._parts, webhook, new=new)
        self._parts.tell_viewers()
        if stopped and number is not None:
            await self._wait_for_posts_to(text.sender_e164, number)
        return Response(EMPTY_TWIML, media_type="text/xml")

    async def _hear(
        self, tx: Transaction, text: InboundText, number: senders.SendingNumber, business: tenants.Tenant
    ) -> consent.Heard | None:
        return await conversations.receive_text(
            tx,
            text,
            business=conversations.Business(name=business.name, phone=number.phone_e164),
            journal=self._parts.journal,
            lane=self._parts.courier,
        )

    async def _hear_for_nobody(self, tx: Transaction, text: InboundText) -> None:
        await consent.note_stop_to_unknown_number(
            tx,
            consent.understand(text.body, text.opt_out_hint.value if text.opt_out_hint else None),
            phone_e164=text.sender_e164,
            sender_e164=text.recipient_e164,
            journal=self._parts.journal,
        )

    async def _wait_for_posts_to(self, phone_e164: str, number: senders.SendingNumber) -> None:
        """Let texts that passed their gates before the STOP start or be given up, so that none starts after our answer.

        A verdict lives 0.5 s, so this takes at most about that long; almost always there is nothing to wait for.
        """
        for _ in range(DRAIN_STEPS):
            async with self._parts.app.transaction(number.tenant_id) as tx:
                if await delivery.count_posting_to(tx, recipient_e164=phone_e164) == 0:
                    return
            await self._parts.clock.sleep(DRAIN_STEP_SECONDS)

    async def status(self, request: Request) -> Response:
        """Note what became of a text of ours; news of one that we do not know yet is kept for it."""
        form = await receive(self._parts, request)
        if isinstance(form, Response):
            return form
        receipt = read_text_receipt(form)
        number = await self._parts.directory.find(form.get("From")) if form.get("From") else None

        webhook = as_webhook(form, WebhookKind.RECEIPT, request)
        tenant_id = None if number is None else number.tenant_id
        news = delivery.ReceiptNews(webhook=webhook, receipt=receipt, tenant_id=tenant_id)
        note_taken(self._parts, webhook, new=await self._receipts.take_in(news))
        self._parts.tell_viewers()
        return Response(status_code=204)
