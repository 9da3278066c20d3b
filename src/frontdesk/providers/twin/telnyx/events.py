"""Telnyx's webhooks: signed with its own key, posted up to three times per address, sometimes sabotaged."""

from __future__ import annotations

import asyncio
import base64
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frontdesk.providers.twin.faults import POSTING_FAULTS, Fault
from frontdesk.providers.twin.telnyx.shapes import Json, event_json
from frontdesk.providers.twin.telnyx.state import new_uuid
from frontdesk.providers.twin.wire import FaultKind, WebhookReport
from frontdesk.providers.twin.world import World

SWALLOWED: Final = -1
# Source: developers.telnyx.com, receiving webhooks: an answer within 2 s, three attempts per address.
_PATIENCE_SECONDS: Final = 2.0
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 1.0  # a carrier's seconds; Telnyx does not tell its own
_REPLY_KEPT: Final = 16_384
_CONNECTIONS: Final = 128
_encode: Final = msgspec.json.Encoder().encode


class EventKind(StrEnum):
    """Which webhook it is; faults name these in `on`."""

    SMS_INBOUND = "sms.inbound"
    SMS_STATUS = "sms.status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An event to post; `recipient` is the customer's number, by which faults pick."""

    kind: EventKind
    event_type: str
    payload: Json
    recipient: str
    url: str
    failover_url: str = ""
    event_id: str = ""


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


class Events:
    """Posts events; one per twin, closed with it."""

    def __init__(self, world: World, key: Ed25519PrivateKey, observer: EventObserver | None) -> None:
        self._world = world
        self._key = key
        self._observer = observer
        self._lines: dict[str, deque[Posting]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def close(self) -> None:
        """Close all connections; what would be posted after that meets none."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    def forget_lines(self) -> None:
        """Drop events that wait for their predecessors."""
        self._lines.clear()

    async def post(self, posting: Posting) -> WebhookReport:
        """Post it with the faults that strike now; report the last answer."""
        return await self._post_with(posting, self._strike(posting))

    def post_in_line(self, key: str, posting: Posting) -> None:
        """Post it once all earlier events of `key` were answered; one that is to be late lets others pass."""
        if faults := self._strike(posting):
            self._world.start(self._post_aside(posting, faults))
            return
        line = self._lines.get(key)
        if line is not None:
            line.append(posting)
            return
        self._lines[key] = deque((posting,))
        self._world.start(self._post_line(key))

    def post_shuffled(self, key: str, postings: list[Posting], seed: int) -> None:
        """Post them in line in another order than given."""
        shuffled = list(postings)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - replayable, not a secret
        if shuffled == postings:
            shuffled.reverse()
        for posting in shuffled:
            self.post_in_line(key, posting)

    def _strike(self, posting: Posting) -> tuple[Fault, ...]:
        return self._world.faults.strike_all(POSTING_FAULTS, posting.kind, posting.recipient)

    async def _post_aside(self, posting: Posting, faults: tuple[Fault, ...]) -> None:
        await self._post_with(posting, faults)

    async def _post_line(self, key: str) -> None:
        line = self._lines[key]
        try:
            while line:
                await self._post_with(line[0], ())
                line.popleft()
        finally:
            if self._lines.get(key) is line:
                del self._lines[key]

    async def _post_with(self, posting: Posting, faults: tuple[Fault, ...]) -> WebhookReport:
        struck = {fault.kind: fault for fault in faults}
        names = tuple(fault.kind.value for fault in faults)
        first = replace(posting, event_id=posting.event_id or new_uuid())
        if FaultKind.LOST in struck:
            return self._remember(self._report(first, first.url, names, status=SWALLOWED))
        if (late := struck.get(FaultKind.LATE)) is not None:
            await self._world.clock.sleep(late.seconds)
        copies = [first]
        if (twice := struck.get(FaultKind.DUPLICATE)) is not None:
            copies += [first] * twice.copies
        if (renamed := struck.get(FaultKind.REIDENTIFIED)) is not None:
            copies += [replace(posting, event_id=new_uuid()) for _ in range(renamed.copies)]
        reports = await asyncio.gather(*(self._deliver(each, names) for each in copies))
        return reports[0]

    async def _deliver(self, posting: Posting, faults: tuple[str, ...]) -> WebhookReport:
        data = event_json(posting.event_type, posting.payload, event_id=posting.event_id, at=self._world.now())
        report = self._report(posting, posting.url, faults)
        for url in filter(None, (posting.url, posting.failover_url)):
            for attempt in range(1, _ATTEMPTS + 1):
                body = _encode({"data": data, "meta": {"attempt": attempt, "delivered_to": url}})
                report = await self._send(posting, url, body, faults)
                if report.taken:
                    return report
                await self._world.clock.sleep(_PAUSE_SECONDS * self._world.settings.time_scale)
        return report

    async def _send(self, posting: Posting, url: str, body: bytes, faults: tuple[str, ...]) -> WebhookReport:
        timestamp = int(self._world.now().timestamp())
        signature = sign(self._key, timestamp=timestamp, body=body)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "telnyx-webhooks",
            "telnyx-timestamp": str(timestamp),
            "telnyx-signature-ed25519": signature,
        }
        if FaultKind.BAD_SIGNATURE in faults:
            headers["telnyx-signature-ed25519"] = base64.b64encode(bytes(64)).decode()
        opened = self._report(posting, url, faults)
        started = self._world.clock.monotonic()
        status, reply, error = await self._exchange(url, body, headers)
        latency_ms = round((self._world.clock.monotonic() - started) * 1000, 3)
        report = msgspec.structs.replace(opened, latency_ms=latency_ms, status=status, reply=reply, error=error)
        if self._observer is not None:
            self._observer(PostedEvent(report, headers, body))
        return self._remember(report)

    async def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Tell status, reply and failure: `ct` no connection, `rt` no answer in time or a broken one."""
        if self._is_closed:
            return 0, "", "ct"
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        patience = min(_PATIENCE_SECONDS, self._world.settings.webhook_timeout_s)
        timeout = aiohttp.ClientTimeout(total=patience)
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                text = (await answer.content.read(_REPLY_KEPT)).decode(errors="replace")
                return answer.status, text, ""
        except aiohttp.ClientConnectorError:
            return 0, "", "ct"
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0, "", "rt"

    def _report(self, posting: Posting, url: str, faults: tuple[str, ...], *, status: int = 0) -> WebhookReport:
        return WebhookReport(
            kind=posting.kind,
            url=url,
            method="POST",
            fields=_fields_of(posting),
            started_us=self._world.now_us(),
            latency_ms=0.0,
            status=status,
            token=posting.event_id,
            faults=faults,
        )

    def _remember(self, report: WebhookReport) -> WebhookReport:
        self._world.journal.posted(report)
        return report


def _fields_of(posting: Posting) -> dict[str, str]:
    """Pick what a test or a person at the control API looks for."""
    payload = posting.payload
    picked = {name: str(payload.get(name) or "") for name in ("id", "direction", "text", "type")}
    return {"event_type": posting.event_type, "customer": posting.recipient, **picked}
