"""A carrier that only counts: answers every text after a fixed time, and tells who got how many and when.

Run it with `python -m frontdesk.cli.bench.stub_carrier --delay-ms 20`; it prints its address. Every program under
comparison posts to the same stub, so the stub is the referee: it keeps `To` and the monotonic moment of each POST.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sys
import time
from collections import Counter
from typing import cast

import msgspec
import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TO = re.compile(rb"(?:^|&)To=(?:%2[Bb]|\+)?(\d+)")


class Report(msgspec.Struct, frozen=True):
    """What the stub saw; moments are seconds of the machine's monotonic clock."""

    posts: int
    recipients: int
    repeated: int
    first_at: float
    last_at: float


class Ledger:
    """All POSTs since the last reset."""

    def __init__(self) -> None:
        self.posts: Counter[bytes] = Counter()
        self.first_at = 0.0
        self.last_at = 0.0
        self.serial = 0

    def note(self, recipient: bytes) -> int:
        """Count a POST and number it."""
        now = time.monotonic()
        if not self.posts:
            self.first_at = now
        self.last_at = now
        self.posts[recipient] += 1
        self.serial += 1
        return self.serial

    def reset(self) -> None:
        """Forget all POSTs; message ids stay unique."""
        self.posts.clear()
        self.first_at = self.last_at = 0.0

    def report(self) -> Report:
        """Sum up."""
        total = sum(self.posts.values())
        repeated = sum(1 for count in self.posts.values() if count > 1)
        return Report(total, len(self.posts), repeated, self.first_at, self.last_at)


class StubCarrier(asyncio.Protocol):
    """One connection: HTTP/1.1 with keep-alive, just enough for POSTs of texts and two GETs."""

    def __init__(self, ledger: Ledger, delay: float) -> None:
        self._ledger = ledger
        self._delay = delay
        self._seen = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request once it is whole."""
        self._seen += data
        while True:
            end = self._seen.find(b"\r\n\r\n")
            if end < 0:
                return
            found = _LENGTH.search(self._seen, 0, end + 2)
            whole = end + 4 + (int(found.group(1)) if found else 0)
            if len(self._seen) < whole:
                return
            head, body = self._seen[:end], self._seen[end + 4 : whole]
            self._seen = self._seen[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /_stub/report"):
            self._reply(b"200 OK", msgspec.json.encode(self._ledger.report()))
        elif head.startswith(b"POST /_stub/reset"):
            self._ledger.reset()
            self._reply(b"200 OK", b"{}")
        elif head.startswith(b"POST "):
            recipient = _TO.search(body)
            number = recipient.group(1) if recipient else b"nobody"
            serial = self._ledger.note(number)
            answer = b'{"sid":"SM%032x","status":"queued","to":"+%s","error_code":null}' % (serial, number)
            self._loop.call_later(self._delay, self._reply, b"201 Created", answer)
        else:
            self._reply(b"200 OK", b'{"messages":[],"next_page_uri":null}')

    def _reply(self, status: bytes, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (status, len(body), body)
            )


async def _serve(port: int, delay: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ledger = Ledger()
    server = await loop.create_server(lambda: StubCarrier(ledger, delay), "127.0.0.1", port, backlog=1024)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()


def main() -> None:
    """Parse the arguments and serve until a signal."""
    parser = argparse.ArgumentParser(prog="python -m frontdesk.cli.bench.stub_carrier", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=20.0)
    given = parser.parse_args()
    uvloop.run(_serve(given.port, given.delay_ms / 1000))


if __name__ == "__main__":
    main()
