"""Telnyx's webhooks: signed with its own key, posted up to three times per address."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frontdesk.providers.twin.postman import Parcel, Postman
from frontdesk.providers.twin.telnyx.shapes import Json, event_json
from frontdesk.providers.twin.wire import FaultKind, WebhookReport
from frontdesk.providers.twin.world import World

# Source: developers.telnyx.com, receiving webhooks: an answer within 2 s, three attempts per address.
_PATIENCE_SECONDS: Final = 2.0
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 1.0  # a carrier's seconds; Telnyx does not tell its own
_encode: Final = msgspec.json.Encoder().encode


class EventKind(StrEnum):
    """Which webhook it is; faults name these in `on`."""

    SMS_INBOUND = "sms.inbound"
    SMS_STATUS = "sms.status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting(Parcel):
    """An event to post; its token is the event's id."""

    kind: EventKind
    event_type: str
    payload: Json
    failover_url: str = ""

    def fields(self) -> dict[str, str]:
        """Pick what a test or a person at the control API looks for."""
        picked = {name: str(self.payload.get(name) or "") for name in ("id", "direction", "text", "type")}
        return {"event_type": self.event_type, "customer": self.recipient, **picked}


@dataclass(frozen=True, slots=True)
class PostedEvent:
    """A webhook as it went out, for tests that check the contract."""

    report: WebhookReport
    headers: Mapping[str, str]
    body: bytes


EventObserver: TypeAlias = Callable[[PostedEvent], None]


def sign(key: Ed25519PrivateKey, *, timestamp: int, body: bytes) -> str:
    """Sign as Telnyx does: base64 of Ed25519 over `timestamp|body`."""
    return base64.b64encode(key.sign(f"{timestamp}|".encode() + body)).decode()


class Events(Postman[Posting]):
    """Posts events."""

    def __init__(self, world: World, key: Ed25519PrivateKey, observer: EventObserver | None) -> None:
        super().__init__(world)
        self._key = key
        self._observer = observer

    async def _deliver(self, parcel: Posting, faults: tuple[str, ...]) -> WebhookReport:
        data = event_json(parcel.event_type, parcel.payload, event_id=parcel.token, at=self._world.now())
        report = self._opened(parcel, faults)
        for url in filter(None, (parcel.url, parcel.failover_url)):
            for attempt in range(1, _ATTEMPTS + 1):
                body = _encode({"data": data, "meta": {"attempt": attempt, "delivered_to": url}})
                report = await self._send(self._opened(parcel, faults, url=url), body)
                if report.taken:
                    return report
                await self._world.clock.sleep(_PAUSE_SECONDS * self._world.settings.time_scale)
        return report

    async def _send(self, opened: WebhookReport, body: bytes) -> WebhookReport:
        timestamp = int(self._world.now().timestamp())
        signature = sign(self._key, timestamp=timestamp, body=body)
        if FaultKind.BAD_SIGNATURE in opened.faults:
            signature = base64.b64encode(bytes(64)).decode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "telnyx-webhooks",
            "telnyx-timestamp": str(timestamp),
            "telnyx-signature-ed25519": signature,
        }
        patience = aiohttp.ClientTimeout(total=min(_PATIENCE_SECONDS, self._world.settings.webhook_timeout_s))
        report = await self._exchange(opened, body, headers, patience)
        if self._observer is not None:
            self._observer(PostedEvent(report, headers, body))
        return report
