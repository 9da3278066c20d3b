"""Where a webhook may go: addresses of the open Internet, and never back into a network of ours."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from frontdesk.kernel.errors import Refused

MAX_URL = 2048
# IANA's special-purpose registries; whatever is not the open Internet, and every range that leads to another one.
CLOSED_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and where clouds answer with credentials
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
OPEN_V6 = IPv6Network("2000::/3")  # the only global unicast; NAT64, mapped, link-local and unique-local lie outside
CLOSED_V6 = tuple(
    IPv6Network(net)
    for net in (
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?")
_NUMBER = re.compile(r"(?:[0-9]+|0[xX][0-9a-fA-F]*)")
CLOSED_NAMES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "home.arpa")


def is_open(address: str, *, allow_loopback: bool = False) -> bool:
    """Tell whether an address that a name resolved to may be connected to; what is no address may not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        return _is_open_v6(parsed, allow_loopback=allow_loopback)
    return _is_open_v4(parsed, allow_loopback=allow_loopback)


def read_address(url: str, *, allow_loopback: bool = False) -> SplitResult:
    """Read where a webhook goes; refuses an address that is not plainly one of the open Internet (`hooks.url_invalid`).

    https alone is taken. `allow_loopback` is for trying things out: http and https to this machine, by number or as
    localhost. What a name resolves to is judged again at every try.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("it cannot be read") from None
    host = (parts.hostname or "").lower()
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _invalid(f"it has at most {MAX_URL} plain ASCII characters; write names of other scripts as xn--…")
    if not host or "@" in parts.netloc or parts.fragment or port == 0:
        raise _invalid("it has a host, and neither credentials nor a fragment")
    loopback = allow_loopback and _is_loopback_host(host)
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise _invalid("it begins with https://")
    if not loopback:
        _refuse_closed_host(host)
    return parts


def _refuse_closed_host(host: str) -> None:
    if ":" in host or _is_dotted(host):
        if not is_open(host):
            raise _invalid("its address is not one of the open Internet")
        return
    if _NAME.fullmatch(host) is None:
        raise _invalid("its host is no name")
    labels = host.rstrip(".").split(".")
    # Whatever ends in a number is read as an address by somebody: decimal, octal, hexadecimal or shortened.
    if _NUMBER.fullmatch(labels[-1]):
        raise _invalid("its host is an address in disguise; write it in the usual form")
    bare = ".".join(labels)
    if len(labels) == 1 or any(bare == name or bare.endswith(f".{name}") for name in CLOSED_NAMES):
        raise _invalid("its host is a name of an inner network")


def _is_loopback_host(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_dotted(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False


def _is_open_v4(address: IPv4Address, *, allow_loopback: bool) -> bool:
    if allow_loopback and address.is_loopback:
        return True
    return not any(address in net for net in CLOSED_V4)


def _is_open_v6(address: IPv6Address, *, allow_loopback: bool) -> bool:
    if allow_loopback and address == IPv6Address("::1"):
        return True
    return address.scope_id is None and address in OPEN_V6 and not any(address in net for net in CLOSED_V6)


def _invalid(why: str) -> Refused:
    return Refused("hooks.url_invalid", f"A webhook cannot go to this address: {why}.", status=422)
