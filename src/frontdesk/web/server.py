"""The web server of one process: starts when it is told, stops when it is told, and finishes what it has begun."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from frontdesk.kernel.telemetry import get_logger
from frontdesk.web.app import create_app
from frontdesk.wiring import Frontdesk

FINISH_SECONDS = 10
BACKLOG = 2048

log = get_logger("web")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: whoever runs the process decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


async def serve(
    parts: Frontdesk,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve HTTP until `stop` is set; `ready` gets the address (port 0 takes a free one) once requests are answered.

    On stop it takes nothing new, ends live streams, and gives requests that run 10 s to finish.
    """
    closing = asyncio.Event()
    app = create_app(parts, closing=closing)
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    listener = _listen(host, port)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    try:
        while not server.started and not serving.done():
            await parts.clock.sleep(0.005)
        address = _address(listener)
        if not serving.done():
            log.info("web.listening", address=address)
            ready(address)
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        closing.set()
        server.should_exit = True
        await serving
        listener.close()
    log.info("web.stopped")


def _listen(host: str, port: int) -> socket.socket:
    """Take the address before anything else starts, so that a taken port is a plain error."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol, asyncio knows that answers must not wait to be put together (TCP_NODELAY): 40 ms each.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(BACKLOG)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
