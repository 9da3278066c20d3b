"""Compare the CPU that one request costs: our HTTP client against aiohttp, same stub, same run.

The stub carrier runs in its own process, so `CPU` is the client's alone (time.process_time); the rounds of the two
clients alternate, so that a busy machine slows both. Usage: python benchmarks/http_client.py [--requests 20000]
[--concurrency 64] [--rounds 3] [--loop uvloop|asyncio] [--json].
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import aiohttp
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from frontdesk.providers.http import HttpClient, Origin

BODY = b"To=%2B12065550100&From=%2B15005550006&Body=Sorry+we+missed+you&ValidityPeriod=900"
REPLY_BODY = json.dumps({"sid": "SM" + "0" * 32, "status": "queued", "to": "+12065550100", "body": "x" * 400}).encode()
REPLY_HEAD = (
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nX-Api-Domain: stub\r\n"
    "Date: Mon, 05 Jan 2026 12:00:00 GMT\r\nTwilio-Request-Id: RQ00000000000000000000000000000000\r\n"
    f"Content-Length: {len(REPLY_BODY)}\r\n\r\n"
)
REPLY = REPLY_HEAD.encode() + REPLY_BODY
CONTENT_TYPE = "application/x-www-form-urlencoded"
TARGET = "/2010-04-01/Accounts/AC0/Messages.json"


class StubCarrier(asyncio.Protocol):
    """Answer every request at once with the same reply; a request ends with its known body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        """Reply once the request is whole."""
        self._seen += data
        if self._seen.endswith(BODY):
            self._seen = b""
            self._transport.write(REPLY)


def run_stub(ready: Connection) -> None:
    """Serve until killed; sends the port through `ready`."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(StubCarrier, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


async def spend(requests: int, concurrency: int, send: Callable[[], Awaitable[int]]) -> dict[str, float]:
    """Make `requests` requests over `concurrency` tasks; CPU and wall time in microseconds per request."""
    left = requests

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            if await send() != 201:  # noqa: PLR2004 - Created
                raise SystemExit("the stub answered something else")

    await asyncio.gather(*(work() for _ in range(concurrency)))
    left = requests
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return {
        "cpu_us": (time.process_time() - cpu) / requests * 1e6,
        "wall_us": (time.perf_counter() - wall) / requests * 1e6,
    }


async def measure_ours(port: int, requests: int, concurrency: int) -> dict[str, float]:
    """Measure our client."""
    client = HttpClient(connections_per_origin=concurrency)
    origin = Origin.parse(f"http://127.0.0.1:{port}")
    headers = (("Authorization", "Basic QUM6dG9rZW4="), ("Content-Type", CONTENT_TYPE))

    async def send() -> int:
        return (await client.request(method="POST", origin=origin, target=TARGET, headers=headers, body=BODY)).status

    try:
        return await spend(requests, concurrency, send)
    finally:
        await client.close()


async def measure_aiohttp(port: int, requests: int, concurrency: int) -> dict[str, float]:
    """Measure aiohttp with a shared session."""
    url = f"http://127.0.0.1:{port}{TARGET}"
    headers = {"Authorization": "Basic QUM6dG9rZW4=", "Content-Type": CONTENT_TYPE}
    timeout = aiohttp.ClientTimeout(total=10)
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as session:

        async def send() -> int:
            async with session.post(url, data=BODY) as reply:
                await reply.read()
                return reply.status

        return await spend(requests, concurrency, send)


def main() -> None:
    """Run the rounds and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    stub = multiprocessing.get_context("spawn").Process(target=run_stub, args=(sender,), daemon=True)
    stub.start()
    port = receiver.recv()
    run = uvloop.run if options.loop == "uvloop" else asyncio.run
    figures: dict[str, list[dict[str, float]]] = {"frontdesk": [], "aiohttp": []}
    for _ in range(options.rounds):
        figures["frontdesk"].append(run(measure_ours(port, options.requests, options.concurrency)))
        figures["aiohttp"].append(run(measure_aiohttp(port, options.requests, options.concurrency)))
    stub.kill()
    medians = {
        name: {key: round(statistics.median(one[key] for one in rounds), 1) for key in rounds[0]}
        for name, rounds in figures.items()
    }
    ratio = round(medians["aiohttp"]["cpu_us"] / medians["frontdesk"]["cpu_us"], 1)
    if options.json:
        print(json.dumps({"loop": options.loop, "median": medians, "cpu_ratio": ratio}))
        return
    for name, figure in medians.items():
        print(f"{name:10} {figure['cpu_us']:7.1f} us CPU  {figure['wall_us']:7.1f} us wall per request")
    print(f"aiohttp costs {ratio} times the CPU ({options.loop}, {options.concurrency} at once)")


if __name__ == "__main__":
    main()
