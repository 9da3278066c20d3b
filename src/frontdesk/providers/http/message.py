"""Requests as bytes, replies as records, and the origin they travel to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

RequestStarted = Callable[[float], None]
"""Called with `time.monotonic()` right before the request's bytes are written; may raise to call it off."""

STANDARD_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what a connection is made to and may be shared for."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Origin:
        """Read the origin of an absolute http or https URL; refuses credentials in it, with ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in STANDARD_PORTS or not parts.hostname:
            raise ValueError("an absolute http or https URL is needed")
        if "@" in parts.netloc:
            raise ValueError("a URL with credentials in it is refused")
        return cls(parts.scheme, parts.hostname, parts.port or STANDARD_PORTS[parts.scheme])

    @property
    def authority(self) -> str:
        """The value of the Host header: no standard port, IPv6 in brackets (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == STANDARD_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Spell the origin as a URL without a path."""
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole reply; header names are lower-case bytes, in the order received."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Give the first value of a header, None if absent; `name` in any case."""
        wanted = name.lower().encode("latin-1")
        for key, value in self.headers:
            if key == wanted:
                return value.decode("latin-1")
        return None


def encode_request(
    *, method: str, authority: str, target: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b""
) -> bytes:
    """Spell one HTTP/1.1 request; refuses, with ValueError, a target or header that would break its framing."""
    head = _spell_head(method, authority, target, tuple(headers))
    if body or method in {"POST", "PUT", "PATCH"}:
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
    return head + b"\r\n"


@lru_cache(maxsize=64)
def _spell_head(method: str, authority: str, target: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """Spell all that comes before the length; many requests differ in their bodies only."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {authority}", "Accept-Encoding: identity"]
    lines.extend(f"{name}: {value}" for name, value in headers)
    head = "\r\n".join((*lines, ""))
    breaks = len(lines)
    if head.count("\n") != breaks or head.count("\r") != breaks or "\0" in head or not head.isascii():
        raise ValueError("a request line or header holds a line break, a NUL or a character beyond ASCII")
    if not target.startswith("/") or " " in target:
        raise ValueError("a request target starts with a slash and holds no space")
    return head.encode("ascii")
