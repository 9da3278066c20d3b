"""Stripe's webhooks: signed with the endpoint's secret, posted up to three times, in no promised order."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import aiohttp
import msgspec

from frontdesk.providers.twin.postman import Parcel, Postman
from frontdesk.providers.twin.stripe.state import Json
from frontdesk.providers.twin.wire import FaultKind, WebhookReport
from frontdesk.providers.twin.world import World

STRIPE_EVENT: Final = "stripe.event"  # faults name it in `on`
# Source: docs.stripe.com, webhooks: three attempts over hours in a sandbox, days in live mode.
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 600.0
_PATIENCE_SECONDS: Final = 20.0
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting(Parcel):
    """An event to post; its token is the event's id."""

    event: Json

    def fields(self) -> dict[str, str]:
        """Pick what a test or a person at the control API looks for."""
        return {"id": self.token, "type": str(self.event["type"])}


@dataclass(frozen=True, slots=True)
class PostedEvent:
    """A webhook as it went out, for tests that check the contract."""

    report: WebhookReport
    headers: Mapping[str, str]
    body: bytes


EventObserver: TypeAlias = Callable[[PostedEvent], None]


def signature_header(secret: str, *, timestamp: int, body: bytes) -> str:
    """Sign as Stripe does: hexadecimal HMAC-SHA256 over `t.body` with the whole secret."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={mac}"


class Events(Postman[Posting]):
    """Posts events."""

    def __init__(self, world: World, *, secret: str, observer: EventObserver | None) -> None:
        super().__init__(world)
        self._secret = secret
        self._observer = observer

    async def _deliver(self, parcel: Posting, faults: tuple[str, ...]) -> WebhookReport:
        body = _encode({**parcel.event, "id": parcel.token})
        report = self._opened(parcel, faults)
        for attempt in range(1, _ATTEMPTS + 1):
            report = await self._send(self._opened(parcel, faults), body)
            if report.taken or attempt == _ATTEMPTS:
                break
            await self._world.clock.sleep(_PAUSE_SECONDS * self._world.settings.time_scale)
        return report

    async def _send(self, opened: WebhookReport, body: bytes) -> WebhookReport:
        secret = "whsec_of_somebody_else" if FaultKind.BAD_SIGNATURE in opened.faults else self._secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature_header(secret, timestamp=int(self._world.now().timestamp()), body=body),
        }
        patience = aiohttp.ClientTimeout(total=min(_PATIENCE_SECONDS, self._world.settings.webhook_timeout_s))
        report = await self._exchange(opened, body, headers, patience)
        if self._observer is not None:
            self._observer(PostedEvent(report, headers, body))
        return report
