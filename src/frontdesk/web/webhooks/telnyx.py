"""Telnyx's webhooks: a person writes, or what became of a text of ours; all come to one address."""

from __future__ import annotations

import asyncio
from typing import assert_never

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from frontdesk.features import delivery
from frontdesk.features.delivery.events import EVENTS
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook, take_in
from frontdesk.providers.telnyx import (
    Event,
    Refusal,
    RefusalReason,
    VerifiedEvent,
    WebhookKind,
    dedupe_key,
    kind_of,
    read_inbound_text,
    read_text_receipt,
    verify,
)
from frontdesk.web.webhooks.hearing import hear
from frontdesk.web.webhooks.receipts import ReceiptDesk
from frontdesk.web.webhooks.receiving import TOO_SLOW, TooLarge, note_taken, read_body, refuse
from frontdesk.wiring import Frontdesk

PROVIDER = "telnyx"
KEPT_HEADERS = ("content-type", "user-agent", "telnyx-timestamp", "x-forwarded-for")
BODY_SECONDS = 1.5  # Telnyx waits 2 s for the whole answer
STATUS_OF = {RefusalReason.TOO_LARGE: 413, RefusalReason.NO_EVENT: 400}


class TelnyxWebhooks:
    """Takes in whatever Telnyx tells."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts
        self._receipts = ReceiptDesk(parts.system, parts.clock, heard=parts.handlers.heard_of(EVENTS))

    async def take(self, request: Request) -> Response:
        """Take in one event once, however often it is told; a STOP is in force before Telnyx gets its answer."""
        verified = await self._receive(request)
        if isinstance(verified, Response):
            return verified
        event = verified.event
        webhook = _as_webhook(verified, request)
        kind = kind_of(event)
        match kind:
            case WebhookKind.TEXT:
                await hear(self._parts, webhook, read_inbound_text(event))
            case WebhookKind.RECEIPT:
                await self._note_receipt(webhook, event)
            case WebhookKind.OTHER:
                await self._keep_only(webhook)
            case _:
                assert_never(kind)
        return Response(status_code=200)

    async def _note_receipt(self, webhook: Webhook, event: Event) -> None:
        """Note what became of a text of ours; news of one that we do not know yet is kept for it."""
        receipt = read_text_receipt(event)
        number = await self._parts.directory.find(event.sender_number) if event.sender_number else None
        tenant_id = None if number is None else number.tenant_id
        news = delivery.ReceiptNews(webhook=webhook, receipt=receipt, tenant_id=tenant_id)
        note_taken(self._parts, webhook, new=await self._receipts.take_in(news))
        self._parts.tell_viewers()

    async def _keep_only(self, webhook: Webhook) -> None:
        """Record an event that nobody listens to."""

        async def nothing(_tx: Transaction) -> None:
            return None

        note_taken(self._parts, webhook, new=await take_in(self._parts.system, webhook, nothing, tenant_id=None))

    async def _receive(self, request: Request) -> VerifiedEvent | Response:  # noqa: PLR0911 - one per refusal
        """Verify a webhook; what is not believed is counted, logged without secrets and refused."""
        account = self._parts.telnyx
        if account is None:
            return self._refuse(request, reason="no_credentials", status=404)
        if request.headers.get("content-encoding", "identity") != "identity":
            return self._refuse(request, reason="encoded_body", status=415)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(request)
        except TooLarge:
            return self._refuse(request, reason=RefusalReason.TOO_LARGE.value, status=413)
        except TimeoutError:
            return self._refuse(request, reason="too_slow", status=TOO_SLOW)
        except ClientDisconnect:
            return self._refuse(request, reason="disconnected", status=400)
        verified = verify(account=account, body=body, headers=request.headers, now=self._parts.clock.now())
        if isinstance(verified, Refusal):
            return self._refuse(request, reason=verified.reason.value, status=STATUS_OF.get(verified.reason, 403))
        return verified

    def _refuse(self, request: Request, *, reason: str, status: int) -> Response:
        return refuse(self._parts, request, reason=reason, status=status, provider=PROVIDER)


def _as_webhook(verified: VerifiedEvent, request: Request) -> Webhook:
    """Make the archive's record of a verified webhook."""
    return Webhook(
        provider=PROVIDER,
        kind=kind_of(verified.event).value,
        dedupe_key=dedupe_key(verified.event),
        content_type=request.headers.get("content-type", ""),
        body=verified.body,
        headers={name: value for name in KEPT_HEADERS if (value := request.headers.get(name)) is not None},
        correlation_id=new_id(),
    )
