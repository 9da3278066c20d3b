"""The wall around a test run: no connection leaves this machine."""

from __future__ import annotations

import ipaddress
import socket
import sys


class OutsideConnection(Exception):
    """A test tried to reach beyond the loopback interface."""


def is_local(host: object) -> bool:
    """Tell whether `host` stays on this machine."""
    if host in {None, "", b"", "localhost", b"localhost"}:
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def close_the_outside() -> None:
    """Refuse, until this program ends, every connection, datagram and look-up beyond the loopback interface."""
    sys.addaudithook(_refuse_outside)


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    """Judge one audited event of the interpreter."""
    if event in {"socket.connect", "socket.sendto"}:
        end, address = arguments[0], arguments[1]
        outward = isinstance(end, socket.socket) and end.family in {socket.AF_INET, socket.AF_INET6}
        host = address[0] if outward and isinstance(address, tuple) else None
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    else:
        return
    if not is_local(host):
        raise OutsideConnection(f"{event} to {host!r}: tests stay on this machine")
