"""Who is at the other end of a connection, and which address of ours they called."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from frontdesk.kernel.settings.values import Network

UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - stands for a peer without an address, is never bound


def client_address(connection: HTTPConnection, *, trusted: Iterable[Network]) -> str:
    """Tell the client's address: the nearest one in X-Forwarded-For that is no trusted proxy, else the peer's."""
    peer = connection.client.host if connection.client else UNKNOWN_ADDRESS
    networks = tuple(trusted)
    if not _is_in(peer, networks):
        return peer if _is_address(peer) else UNKNOWN_ADDRESS
    for given in reversed(connection.headers.get("x-forwarded-for", "").split(",")):
        address = given.strip()
        if not _is_address(address):
            break
        if not _is_in(address, networks):
            return address
    return peer


def same_origin(connection: HTTPConnection, *, public_base_url: str) -> bool:
    """Tell whether a browser's request comes from a page of ours; programs, which name no origin, pass."""
    if connection.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    called = connection.headers.get("host", "").lower()
    ours = {f"http://{called}", f"https://{called}"}
    if public_base_url:
        public = urlsplit(public_base_url)
        ours.add(f"{public.scheme}://{public.netloc}".lower())
    return origin.lower() in ours


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(text: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
