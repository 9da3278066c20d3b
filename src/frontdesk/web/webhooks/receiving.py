"""From a raw request to a verified form, or the answer that refuses it."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.telemetry.metrics import WEBHOOK_DEDUPE_HITS, WEBHOOK_REQUESTS, WEBHOOK_SIGNATURE_FAILURES
from frontdesk.providers.twilio import (
    MAX_BODY_BYTES,
    Refusal,
    RefusalReason,
    VerifiedForm,
    WebhookKind,
    dedupe_key,
    public_url,
    verify,
)
from frontdesk.wiring import Frontdesk

log = get_logger("webhooks")

PROVIDER = "twilio"
KEPT_HEADERS = ("content-type", "user-agent", "i-twilio-idempotency-token", "x-forwarded-for")
SHOWN_HEADERS = ("x-", "i-", "content-", "user-", "telnyx-")  # their names, when a webhook is refused
BODY_SECONDS = 5.0  # a provider waits 15 s for the whole answer and sends its form at once
TOO_SLOW = 408
STATUS_OF = {RefusalReason.TOO_LARGE: 413, RefusalReason.TOO_MANY_FIELDS: 413, RefusalReason.UNKNOWN_CONTENT_TYPE: 415}


class TooLarge(Exception):
    """A body grew past what any webhook needs."""


async def read_body(request: Request, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Read a body of at most `limit` bytes, whether or not its length is declared; refuses more before reading on."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)


async def receive(parts: Frontdesk, request: Request) -> VerifiedForm | Response:  # noqa: PLR0911 - one per refusal
    """Verify a Twilio webhook; what is not believed is counted, logged without secrets and refused."""
    account = parts.twilio
    if account is None:
        return refuse(parts, request, reason="no_credentials", status=404)
    if request.headers.get("content-encoding", "identity") != "identity":
        return refuse(parts, request, reason="encoded_body", status=415)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await read_body(request)
    except TooLarge:
        return refuse(parts, request, reason=RefusalReason.TOO_LARGE.value, status=413)
    except TimeoutError:
        return refuse(parts, request, reason="too_slow", status=TOO_SLOW)
    except ClientDisconnect:
        return refuse(parts, request, reason="disconnected", status=400)
    web = parts.settings.web
    url = public_url(
        path=request.scope.get("raw_path", request.url.path.encode()).decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        scheme=request.url.scheme,
        host=request.headers.get("host", ""),
        peer=request.client.host if request.client else "",
        headers=request.headers,
        public_base_url=str(web.public_base_url or ""),
        trusted_proxies=web.trusted_proxies,
    )
    form = verify(
        account=account,
        url=url,
        body=body,
        content_type=request.headers.get("content-type", ""),
        headers=request.headers,
    )
    if isinstance(form, Refusal):
        return refuse(parts, request, reason=form.reason.value, status=STATUS_OF.get(form.reason, 403))
    if form.get("AccountSid") and form.get("AccountSid") != account.account_sid:
        return refuse(parts, request, reason="wrong_account", status=403)
    return form


def refuse(parts: Frontdesk, request: Request, *, reason: str, status: int, provider: str = PROVIDER) -> Response:
    """Count, log and answer a webhook that is not believed."""
    parts.metrics.increment(WEBHOOK_SIGNATURE_FAILURES, provider=provider)
    parts.metrics.increment(WEBHOOK_REQUESTS, provider=provider, status=str(status))
    log.warning(
        "webhook_refused",
        provider=provider,
        reason=reason,
        path=request.url.path,
        http_status=status,
        peer=request.client.host if request.client else "",
        headers=sorted(name for name in request.headers if name.startswith(SHOWN_HEADERS)),
    )
    return Response(
        f'{{"type":"/docs/errors#webhooks.refused","title":"Webhook refused","status":{status},'
        f'"code":"webhooks.refused","detail":"{reason}"}}',
        status_code=status,
        media_type="application/problem+json",
        headers={"Connection": "close"} if status == TOO_SLOW else {},  # the rest of that body is not waited for
    )


def as_webhook(form: VerifiedForm, kind: WebhookKind, request: Request) -> Webhook:
    """Make the archive's record of a verified webhook."""
    return Webhook(
        provider=PROVIDER,
        kind=kind.value,
        dedupe_key=dedupe_key(kind, form),
        content_type=request.headers.get("content-type", ""),
        body=form.body,
        headers={name: value for name in KEPT_HEADERS if (value := request.headers.get(name)) is not None},
        correlation_id=new_id(),
    )


def note_taken(parts: Frontdesk, webhook: Webhook, *, new: bool) -> None:
    """Count a webhook that was taken in, or recognised as a repeat."""
    parts.metrics.increment(WEBHOOK_REQUESTS, provider=webhook.provider, status="200")
    if not new:
        parts.metrics.increment(WEBHOOK_DEDUPE_HITS, provider=webhook.provider)
    # Each that is new stands in the archive: a line for it tells nothing more and costs more than verifying it.
    (log.debug if new else log.info)(
        "webhook_taken" if new else "webhook_repeated",
        provider=webhook.provider,
        kind=webhook.kind,
        correlation_id=str(webhook.correlation_id),
        http_status=200,
    )
