"""Where outside companies reach us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.telemetry.metrics import WEBHOOK_REQUESTS
from frontdesk.web.webhooks.calendars import CalendarWebhooks
from frontdesk.web.webhooks.stripe import StripeWebhooks
from frontdesk.web.webhooks.telnyx import TelnyxWebhooks
from frontdesk.web.webhooks.texts import TextWebhooks
from frontdesk.web.webhooks.voice import VoiceWebhooks
from frontdesk.wiring import Frontdesk

log = get_logger("webhooks")

INTERNAL, NOT_NOW = 500, 503

Endpoint = Callable[[Request], Awaitable[Response]]


class WebhookDoor:
    """Lets webhooks straight in, in front of what pages and the API need: a caller waits behind each."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = {route.path: route for route in routes if isinstance(route, Route)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a webhook at once, and hand anything else on."""
        route = self._routes.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (self._app if route is None else route.app)(scope, receive, send)


def webhook_routes(parts: Frontdesk) -> list[BaseRoute]:
    """List the webhook routes: raw handlers."""
    voice, texts, telnyx = VoiceWebhooks(parts), TextWebhooks(parts), TelnyxWebhooks(parts)
    endpoints: dict[str, Endpoint] = {
        "/webhooks/twilio/voice": voice.incoming,
        "/webhooks/twilio/voice/dial-action": voice.dial_ended,
        "/webhooks/twilio/voice/status": voice.status,
        "/webhooks/twilio/voice/recording": voice.recording,
        "/webhooks/twilio/voice/voicemail-done": voice.voicemail_done,
        "/webhooks/twilio/sms": texts.incoming,
        "/webhooks/twilio/sms/status": texts.status,
    }
    # Telnyx tells everything to the one address of its messaging profile, unless a text names another.
    of_telnyx = dict.fromkeys(("/webhooks/telnyx/sms", "/webhooks/telnyx/sms/status", "/api/sms/webhook"), telnyx.take)
    of_stripe: dict[str, Endpoint] = {"/webhooks/stripe": StripeWebhooks(parts).take}
    calendars = CalendarWebhooks(parts)
    of_google: dict[str, Endpoint] = {"/webhooks/google/calendar": calendars.google}
    of_jobber: dict[str, Endpoint] = {"/webhooks/jobber": calendars.jobber}
    return [
        Route(path, _guarded(endpoint, parts, provider), methods=["POST"])
        for provider, table in (
            ("twilio", endpoints),
            ("telnyx", of_telnyx),
            ("stripe", of_stripe),
            ("google", of_google),
            ("jobber", of_jobber),
        )
        for path, endpoint in table.items()
    ]


def _guarded(endpoint: Endpoint, parts: Frontdesk, provider: str) -> Endpoint:
    """Answer 503 while the database is away, so that the provider tells us again; 422 for news we cannot read."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refusal:
            status, code = NOT_NOW if refusal.status >= INTERNAL else 422, refusal.code
            log.warning("webhook_not_taken", path=request.url.path, code=code, http_status=status)
        except UNAVAILABLE as error:
            status, code = NOT_NOW, "webhooks.not_now"
            log.warning("webhook_not_taken", path=request.url.path, error=type(error).__name__, http_status=status)
        except Exception:
            status, code = 500, "webhooks.failed"
            log.exception("webhook_failed", path=request.url.path, http_status=status)
        parts.metrics.increment(WEBHOOK_REQUESTS, provider=provider, status=str(status))
        return Response(
            f'{{"type":"/docs/errors#{code}","title":"Webhook not taken","status":{status},"code":"{code}"}}',
            status_code=status,
            media_type="application/problem+json",
            headers={"Retry-After": "5"} if status == NOT_NOW else {},
        )

    return answer
