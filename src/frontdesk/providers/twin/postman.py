"""How a company's webhooks reach us: in line per key, aside when a fault strikes, never after the twin is closed."""

from __future__ import annotations

import asyncio
import random
import uuid
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Generic, TypeVar

import aiohttp
import msgspec

from frontdesk.providers.twin.faults import POSTING_FAULTS, Fault
from frontdesk.providers.twin.wire import FaultKind, WebhookReport
from frontdesk.providers.twin.world import World

SWALLOWED: Final = -1
_REPLY_KEPT: Final = 16_384
_CONNECTIONS: Final = 128


def new_uuid() -> str:
    """Draw an id of its own for anything."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel(ABC):
    """A webhook to post; `recipient` is the customer's number, by which faults pick, `token` what a repeat repeats."""

    kind: str
    recipient: str
    url: str
    token: str = field(default_factory=new_uuid)

    @abstractmethod
    def fields(self) -> dict[str, str]:
        """Tell what a test or a person at the control API looks for."""


_Parcel = TypeVar("_Parcel", bound=Parcel)


class Postman(ABC, Generic[_Parcel]):
    """Posts one company's webhooks; one per company, closed with the twin."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: dict[str, deque[_Parcel]] = {}
        self._on_their_way: set[asyncio.Task[WebhookReport]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._is_closed = False

    async def close(self) -> None:
        """Drop what is on its way and close all connections; what would be posted after that meets none."""
        self._is_closed = True
        # First these: a connection that is only being made would outlive the session that asked for it.
        for delivery in self._on_their_way:
            delivery.cancel()
        await asyncio.gather(*self._on_their_way, return_exceptions=True)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def forget_lines(self) -> None:
        """Drop webhooks that wait for their predecessors."""
        self._lines.clear()

    async def post(self, parcel: _Parcel) -> WebhookReport:
        """Post it with the faults that strike now; report the last answer."""
        return await self._post_with(parcel, self._strike(parcel))

    def post_in_line(self, key: str, parcel: _Parcel) -> None:
        """Post it once all earlier webhooks of `key` were answered; one that is to be late lets others pass."""
        if faults := self._strike(parcel):
            self._world.start(self._post_aside(parcel, faults))
            return
        line = self._lines.get(key)
        if line is not None:
            line.append(parcel)
            return
        self._lines[key] = deque((parcel,))
        self._world.start(self._post_line(key))

    def post_shuffled(self, key: str, parcels: list[_Parcel], seed: int) -> None:
        """Post them in line in another order than given."""
        shuffled = list(parcels)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - replayable, not a secret
        if shuffled == parcels:
            shuffled.reverse()
        for parcel in shuffled:
            self.post_in_line(key, parcel)

    def _strike(self, parcel: _Parcel) -> tuple[Fault, ...]:
        return self._world.faults.strike_all(POSTING_FAULTS, parcel.kind, parcel.recipient)

    async def _post_aside(self, parcel: _Parcel, faults: tuple[Fault, ...]) -> None:
        await self._post_with(parcel, faults)

    async def _post_line(self, key: str) -> None:
        line = self._lines[key]
        try:
            while line:
                await self._post_with(line[0], ())
                line.popleft()
        finally:
            if self._lines.get(key) is line:
                del self._lines[key]

    async def _post_with(self, parcel: _Parcel, faults: tuple[Fault, ...]) -> WebhookReport:
        struck = {fault.kind: fault for fault in faults}
        names = tuple(fault.kind.value for fault in faults)
        if FaultKind.LOST in struck:
            swallowed = msgspec.structs.replace(self._opened(parcel, names), status=SWALLOWED)
            self._world.journal.posted(swallowed)
            return swallowed
        if (late := struck.get(FaultKind.LATE)) is not None:
            await self._world.clock.sleep(late.seconds)
        copies = [parcel]
        if (twice := struck.get(FaultKind.DUPLICATE)) is not None:
            copies += [parcel] * twice.copies
        if (renamed := struck.get(FaultKind.REIDENTIFIED)) is not None:
            copies += [replace(parcel, token=new_uuid()) for _ in range(renamed.copies)]
        deliveries = [asyncio.create_task(self._deliver(each, names)) for each in copies]
        for delivery in deliveries:
            self._on_their_way.add(delivery)
            delivery.add_done_callback(self._on_their_way.discard)
        reports = await asyncio.gather(*deliveries)
        return reports[0]

    @abstractmethod
    async def _deliver(self, parcel: _Parcel, faults: tuple[str, ...]) -> WebhookReport:
        """Post one copy as often and wherever the company does, signed as it signs; report the last answer."""

    def _opened(
        self, parcel: _Parcel, faults: tuple[str, ...], *, url: str | None = None, method: str = "POST"
    ) -> WebhookReport:
        """Begin the report of one attempt, at the parcel's own address where no other is given."""
        return WebhookReport(
            kind=parcel.kind,
            url=parcel.url if url is None else url,
            method=method,
            fields=parcel.fields(),
            started_us=self._world.now_us(),
            latency_ms=0.0,
            status=0,
            token=parcel.token,
            faults=faults,
        )

    async def _exchange(
        self, opened: WebhookReport, body: bytes | None, headers: Mapping[str, str], patience: aiohttp.ClientTimeout
    ) -> WebhookReport:
        """Make one attempt, and write down how it ended."""
        async with self._turn(opened.kind):  # the company's patience begins when it calls, not while it waits to
            started = self._world.clock.monotonic()
            status, reply, error = await self._ask(opened, body, headers, patience)
            latency_ms = round((self._world.clock.monotonic() - started) * 1000, 3)
        report = msgspec.structs.replace(opened, latency_ms=latency_ms, status=status, reply=reply, error=error)
        self._world.journal.posted(report)
        return report

    async def _ask(
        self, opened: WebhookReport, body: bytes | None, headers: Mapping[str, str], patience: aiohttp.ClientTimeout
    ) -> tuple[int, str, str]:
        """Tell status, reply and failure: `ct` no connection, `rt` no answer in time or a broken one."""
        if self._is_closed:
            return 0, "", "ct"
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.request(
                opened.method, opened.url, data=body, headers=headers, timeout=patience, allow_redirects=False
            ) as answer:
                text = (await answer.content.read(_REPLY_KEPT)).decode(errors="replace")
                return answer.status, text, ""
        except aiohttp.ClientConnectorError:
            return 0, "", "ct"
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0, "", "rt"

    def _turn(self, kind: str) -> asyncio.Semaphore:
        """Give each kind of webhook connections of its own: what a person writes does not wait behind receipts."""
        return self._turns.setdefault(kind, asyncio.Semaphore(_CONNECTIONS))
