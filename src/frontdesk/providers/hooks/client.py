"""Posts to addresses that tenants chose: the name is resolved here, judged, and that address alone is connected to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.hooks.addresses import is_open, read_address
from frontdesk.ports.hooks import HookOutcome, HookReply
from frontdesk.providers.hooks.exchange import Exchange, NotHttp
from frontdesk.providers.hooks.names import Resolve, SystemResolver
from frontdesk.providers.http.message import Origin, encode_request

DEADLINE_SECONDS = 15.0  # look-up, connection and reply together (Svix)
MOST_ADDRESSES = 2  # of a name that has several, one of each kind is enough
STATUS_GROUP = 100


class _Failed(Exception):
    """A try that ended without a status."""

    def __init__(self, outcome: HookOutcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


class HookClient:
    """Posts once, over a connection of its own: no redirects, no proxies, no cookies, no second try.

    All addresses of a name are judged, and one closed among them bars the name: it may be rebinding. What was judged is
    what is connected to, so that a second look-up cannot lead elsewhere. `allow_loopback` is for trying things out.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        resolve: Resolve | None = None,
        ssl_context: ssl.SSLContext | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._own_resolver = SystemResolver() if resolve is None else None
        self._resolve: Resolve = resolve or self._own_resolver or SystemResolver()
        self._ssl_context = ssl_context
        self._deadline_seconds = deadline_seconds

    async def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> HookReply:
        """Try once, within 15 s in all; every failure is a reply, none an exception."""
        began = time.monotonic()
        status: int | None = None
        try:
            async with asyncio.timeout(self._deadline_seconds):
                status = await self._exchange(url, headers, body)
            outcome = _outcome_of(status)
        except TimeoutError:
            outcome = HookOutcome.TIMED_OUT
        except _Failed as failed:
            outcome = failed.outcome
        return HookReply(outcome, status, int((time.monotonic() - began) * 1000))

    def close(self) -> None:
        """Let the resolver's threads go."""
        if self._own_resolver is not None:
            self._own_resolver.close()

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            parts = read_address(url, allow_loopback=self._allow_loopback)
        except Refused:
            raise _Failed(HookOutcome.ADDRESS_CLOSED) from None
        origin = Origin.parse(url)
        request = encode_request(
            method="POST",
            authority=origin.authority,
            target=_target_of(parts),
            headers=[*headers.items(), ("Connection", "close")],
            body=body,
        )
        connected = await self._connect(origin)
        return await self._ask(connected, origin, request)

    async def _connect(self, origin: Origin) -> socket.socket:
        """Connect to an address of the origin that has been judged; refuses if a single one is closed."""
        found = await self._resolve(origin.host)
        if not found:
            raise _Failed(HookOutcome.NO_SUCH_HOST)
        if not all(is_open(address, allow_loopback=self._allow_loopback) for address in found):
            raise _Failed(HookOutcome.ADDRESS_CLOSED)
        loop = asyncio.get_running_loop()
        for address in found[:MOST_ADDRESSES]:
            family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
            connecting = socket.socket(family, socket.SOCK_STREAM)
            connecting.settimeout(0)
            try:
                await loop.sock_connect(connecting, (address, origin.port))
            except OSError:
                connecting.close()
            except BaseException:
                connecting.close()
                raise
            else:
                return connecting
        raise _Failed(HookOutcome.UNREACHABLE)

    async def _ask(self, connected: socket.socket, origin: Origin, request: bytes) -> int:
        loop = asyncio.get_running_loop()
        exchange = Exchange(request, loop=loop)
        secure = origin.scheme == "https"
        try:
            await loop.create_connection(
                lambda: exchange,
                sock=connected,
                ssl=self._context() if secure else None,
                server_hostname=origin.host if secure else None,
            )
            return await exchange.status
        except ssl.SSLError:
            raise _Failed(HookOutcome.TLS_FAILED) from None
        except NotHttp:
            raise _Failed(HookOutcome.NOT_HTTP) from None
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise _Failed(HookOutcome.UNREACHABLE) from None
        finally:
            exchange.close()
            connected.close()
            if not exchange.status.cancel() and not exchange.status.cancelled():
                exchange.status.exception()  # looked at, so that nobody is told of it again

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        return self._ssl_context


def _outcome_of(status: int) -> HookOutcome:
    group = status // STATUS_GROUP
    return {2: HookOutcome.DELIVERED, 3: HookOutcome.REDIRECTED}.get(group, HookOutcome.REFUSED)


def _target_of(parts: SplitResult) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
