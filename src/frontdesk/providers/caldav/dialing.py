"""Connections to servers that tenants named: the name is resolved here, judged, and that address alone connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.hooks.addresses import is_open, read_address
from frontdesk.providers.hooks import Resolve, SystemResolver
from frontdesk.providers.http import NotSent, Origin

MOST_ADDRESSES = 2
IPV6 = 6


class GuardedDial:
    """Connects to the open Internet over TLS, and to hosts that the operator of this installation trusts by name.

    A trusted host may stand in an inner network and may speak plain http; every other one is judged by all addresses
    that its name has, and one closed among them bars it: it may be rebinding.
    """

    def __init__(self, *, trusted_hosts: Collection[str] = (), resolve: Resolve | None = None) -> None:
        self._trusted = frozenset(host.lower() for host in trusted_hosts)
        self._own_resolver = SystemResolver() if resolve is None else None
        self._resolve: Resolve = resolve or self._own_resolver or SystemResolver()

    def close(self) -> None:
        """Let the resolver's threads go."""
        if self._own_resolver is not None:
            self._own_resolver.close()

    def judge(self, url: str) -> None:
        """Refuse an address to which no connection will be made (`calendars.server_invalid`)."""
        try:
            host = (urlsplit(url).hostname or "").lower()
            if host in self._trusted and urlsplit(url).scheme in {"http", "https"}:
                Origin.parse(url)
                return
            read_address(url)
        except (Refused, ValueError):
            raise Refused(
                "calendars.server_invalid",
                "This is no address of a calendar server: it begins with https:// and stands on the open Internet, or"
                " its host is one that this installation trusts (CALDAV_TRUSTED_HOSTS).",
                status=422,
            ) from None

    async def __call__(self, origin: Origin) -> socket.socket:
        """Connect; refuses with NotSent."""
        trusted = origin.host.lower() in self._trusted
        if not trusted and origin.scheme != "https":
            raise NotSent("a server that is not trusted is spoken to over TLS only")
        found = await self._resolve(origin.host)
        if not found:
            raise NotSent("no such host")
        if not trusted and not all(is_open(address) for address in found):
            raise NotSent("the name leads into a network that is not the open Internet")
        loop = asyncio.get_running_loop()
        for address in found[:MOST_ADDRESSES]:
            family = socket.AF_INET6 if ip_address(address).version == IPV6 else socket.AF_INET
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
        raise NotSent("no connection")
