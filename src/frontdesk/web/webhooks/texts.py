"""Twilio's text webhooks: a person writes, and a carrier tells what became of our texts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features import delivery
from frontdesk.features.delivery.events import EVENTS
from frontdesk.providers.twilio import WebhookKind, read_inbound_text, read_text_receipt
from frontdesk.web.webhooks.hearing import hear
from frontdesk.web.webhooks.receipts import ReceiptDesk
from frontdesk.web.webhooks.receiving import as_webhook, note_taken, receive
from frontdesk.wiring import Frontdesk

EMPTY_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


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
        await hear(self._parts, as_webhook(form, WebhookKind.TEXT, request), read_inbound_text(form))
        return Response(EMPTY_TWIML, media_type="text/xml")

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
