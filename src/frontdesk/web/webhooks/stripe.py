"""Stripe's webhooks: what became of payments, refunds and plans; all come to one address."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from frontdesk.features import billing
from frontdesk.ports.payments import PaymentNews
from frontdesk.providers.stripe import MAX_BODY_BYTES, Refusal, RefusalReason, verify
from frontdesk.web.webhooks.receiving import TOO_SLOW, TooLarge, note_taken, read_body, refuse
from frontdesk.wiring import Frontdesk

PROVIDER = "stripe"
KEPT_HEADERS = ("content-type", "user-agent", "stripe-signature", "x-forwarded-for")
BODY_SECONDS = 5.0
STATUS_OF = {RefusalReason.TOO_LARGE: 413, RefusalReason.NO_EVENT: 400}


class StripeWebhooks:
    """Takes in whatever Stripe tells."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts

    async def take(self, request: Request) -> Response:
        """Take in one event once, however often and in whatever order it is told."""
        verified = await self._receive(request)
        if isinstance(verified, Response):
            return verified
        kept = {name: value for name in KEPT_HEADERS if (value := request.headers.get(name)) is not None}
        webhook = billing.as_webhook(PROVIDER, verified, kept)
        note_taken(self._parts, webhook, new=await billing.take_in_news(self._parts.system, webhook, verified))
        self._parts.tell_viewers()
        return Response(status_code=200)

    async def _receive(self, request: Request) -> PaymentNews | Response:  # noqa: PLR0911 - one per refusal
        """Verify a webhook; what is not believed is counted, logged without secrets and refused."""
        account = self._parts.stripe
        if account is None:
            return self._refuse(request, reason="no_credentials", status=404)
        if request.headers.get("content-encoding", "identity") != "identity":
            return self._refuse(request, reason="encoded_body", status=415)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await read_body(request, limit=MAX_BODY_BYTES)
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
