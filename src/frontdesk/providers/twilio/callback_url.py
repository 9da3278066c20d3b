"""The addresses Twilio calls, rebuilt as it saw them: they are part of what it signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_STANDARD_PORTS = {"http": "80", "https": "443"}


def public_url(
    *,
    path: str,
    query: str,
    scheme: str,
    host: str,
    peer: str,
    headers: Mapping[str, str],
    public_base_url: str = "",
    trusted_proxies: Iterable[Network] = (),
) -> str:
    """Rebuild the URL that a provider called, which is what it signed.

    `path` and `query` as received, still percent-encoded; `scheme` and `host` (with port) of the request that
    reached us from `peer`, an IP address. `public_base_url` wins, its path in front of ours; else X-Forwarded-Proto,
    -Host and -Port count if `peer` is inside `trusted_proxies`, the last value of each, as the nearest proxy wrote
    it; else the request's own. Malformed forwarded values are passed over.
    """
    tail = f"{path}?{query}" if query else path
    if public_base_url:
        return public_base_url.rstrip("/") + tail
    if _is_trusted(peer, trusted_proxies):
        known = {name.lower(): value.rpartition(",")[2].strip() for name, value in headers.items()}
        forwarded_scheme = known.get("x-forwarded-proto", "").lower()
        if forwarded_scheme in _STANDARD_PORTS:
            scheme = forwarded_scheme
        forwarded_host = known.get("x-forwarded-host", "")
        if _HOST.fullmatch(forwarded_host):
            host = forwarded_host
        port = known.get("x-forwarded-port", "")
        if port.isascii() and port.isdigit() and port != _STANDARD_PORTS.get(scheme) and not _has_port(host):
            host = f"{host}:{int(port)}"
    return f"{scheme}://{host}{tail}"


def _is_trusted(peer: str, trusted_proxies: Iterable[Network]) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in trusted_proxies)


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]
