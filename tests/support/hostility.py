"""Requests with malice: what breaks parsers, databases and clocks, at every place where a request can hold it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from schemathesis import APIOperation

Operation = APIOperation[Any, Any, Any, Any]  # generic in what only its makers name
BOUNDARY = "----frontier"
DEEP = 2_000
LONG = "A" * 200_000
TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udc00\ud800",
    "\ufeff\u202e\u200b",
    "😀" * 500,
    "\r\nSet-Cookie: session_id=x",
    "'; drop table contacts; --",
    "{{7*7}}${7*7}<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%00%ff%c0%80",
    "=cmd|' /C calc'!A0",
    "-1",
    "1e400",
    "NaN",
    "٣",
    "0" * 36,
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "{00000000-0000-0000-0000-000000000000}",
    "2026-02-30T25:61:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01",
    "9999-12-31",
    "+1" + "9" * 40,
    "9223372036854775808.00000000-0000-0000-0000-000000000000",
    "99999999999999999999999999.+12065550123",
    LONG,
)
NUMBERS: tuple[object, ...] = (
    0,
    -1,
    2**31,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    10**30,
    10**400,
    0.1,
    1e308,
    float("nan"),
    float("inf"),
    float("-inf"),
)
ODD: tuple[object, ...] = (
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    {"": ""},
    {"\x00": 1},
    {"\ud800": 1},
    {"a": {"b": []}},
)
HOSTILE = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(NUMBERS),
    st.sampled_from(ODD),
    st.text(max_size=40),
    st.integers(),
    st.floats(),
    st.lists(st.sampled_from(TEXTS[:-1]), max_size=4),
)
WORDS = st.one_of(st.sampled_from(TEXTS[:-1]), st.text(max_size=40))
# What has broken something once, at the one field where nobody had thought of it.
WORST: tuple[object, ...] = (
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59",
    "+1" + "9" * 40,
    "\N{GRINNING FACE}" * 500,
    " ",
    2**63,
    10**400,
    float("nan"),
    {"": [None]},
)
# Who sends these hopes that somebody takes them over as they are.
EXCESS = ("tenant_id", "role", "price_cents", "platform_admin", "id", "created_by", "scopes", "__proto__", "status")
BROKEN_JSON = (
    b"",
    b"{",
    b"[1,",
    b"nul",
    b'{"a":1}{"b":2}',
    b'"\xff\xfe"',
    b'{"a":"\x00"}',
    b'{"a":"\xed\xa0\x80"}',
    '{"a":"b"}'.encode("utf-16"),
    b"\xef\xbb\xbf{}",
    b"[" * DEEP + b"]" * DEEP,
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"a":' + b"9" * 5_000 + b"}",
    b'{"a":1,"a":2}',
    b"NaN",
    b"0",
    b"null",
    b"[]",
    b'""',
)
KINDS = (
    "text/plain",
    "application/xml",
    "application/json; charset=utf-16",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "\xff/\xff",
    "json",
    "",
)
HEADERS = ("Idempotency-Key", "X-Correlation-Id", "X-Tenant-Id", "If-None-Match", "Range", "Accept", "X-CSRF-Token")


@dataclass(frozen=True, slots=True)
class Attack:
    """One request: its path with its query, and what it brings."""

    address: str
    headers: Mapping[str, str | bytes] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What is attacked: an operation, what fills its path, a body that it takes, and the fields that one may have."""

    operation: Operation
    path: Mapping[str, str]
    accepted: Mapping[str, object]
    declared: Sequence[str]

    def address(self, query: Sequence[tuple[str, str]] = (), path: Mapping[str, str] | None = None) -> str:
        """Write its address with a query; `path` replaces parts."""
        address = self.operation.path
        for name, value in {**self.path, **(path or {})}.items():
            address = address.replace(f"{{{name}}}", _escaped(value))
        asked = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in query)
        return f"{address}?{asked}" if asked else address


@st.composite
def attacks(draw: st.DrawFn, target: Target) -> Attack:
    """Draw a request that is right but for one or a few places."""
    kind, body = _good_body(target)
    headers: dict[str, str | bytes] = {}
    address = target.address()
    places = ["query", "header", *(["path"] if target.path else []), *(["body"] * 5 if kind else [])]
    match draw(st.sampled_from(places)):
        case "query":
            address = target.address(draw(_queries(target)))
        case "path":
            name = draw(st.sampled_from(sorted(target.path)))
            # An empty part makes another address, and so do dots.
            address = target.address(path={name: draw(WORDS).strip("./") or "x"})
        case "header":
            plain = "".join(letter for letter in draw(WORDS) if letter.isprintable()).strip()
            headers[draw(st.sampled_from(HEADERS))] = _bytes(plain)[:4_000]
        case _:
            kind, body = _spoil_body(draw, kind, target)
    if kind:
        headers["Content-Type"] = kind.encode("latin-1")
    return Attack(address=address, headers=headers, body=body)


def sweep(target: Target) -> Iterator[Attack]:
    """Try every parameter of a query and every field of a body with each of the worst values."""
    kind, body = _good_body(target)
    headers = {"Content-Type": kind} if kind else {}
    for value in WORST:
        for one in target.operation.query:
            yield Attack(address=target.address([(one.name, str(value))]), headers=headers, body=body)
        if kind == "application/json":
            for name in target.declared:
                spoilt = json.dumps({**target.accepted, name: value}).encode()
                yield Attack(address=target.address(), headers=headers, body=spoilt)


def _queries(target: Target) -> st.SearchStrategy[list[tuple[str, str]]]:
    names = [one.name for one in target.operation.query]
    return st.lists(st.tuples(st.sampled_from([*names, *names, *EXCESS]) | WORDS, WORDS), min_size=1, max_size=3)


def _good_body(target: Target) -> tuple[str, bytes | None]:
    kinds = [one.media_type for one in target.operation.body]
    if not kinds:
        return "", None
    if kinds[0] == "multipart/form-data":
        return _multipart({"file": (b"people.csv", b"phone\n2065550123\n")})
    if kinds[0] == "text/csv":
        return kinds[0], b"phone\n+12065550123\n"
    return kinds[0], json.dumps(target.accepted).encode()


def _spoil_body(draw: st.DrawFn, kind: str, target: Target) -> tuple[str, bytes]:
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(KINDS)), draw(st.sampled_from(BROKEN_JSON))
    if kind.startswith("multipart/"):
        return _spoil_form(draw)
    if kind == "text/csv":
        return kind, draw(st.one_of(st.sampled_from(TEXTS).map(_bytes), st.binary(max_size=200)))
    if draw(st.integers(0, 4)) == 0:
        return kind, draw(st.sampled_from(BROKEN_JSON))
    body = copy.deepcopy(dict(target.accepted))
    for _ in range(draw(st.integers(1, 3))):
        branches = list(_branches(body))
        name = draw(st.sampled_from([*target.declared, *EXCESS])) if draw(st.booleans()) else None
        if name is not None or not branches:
            body[name or "x"] = draw(HOSTILE)
        else:
            draw(st.sampled_from(branches))(draw(HOSTILE))
    return kind, json.dumps(body).encode()


def _spoil_form(draw: st.DrawFn) -> tuple[str, bytes]:
    texts = st.sampled_from(TEXTS).map(_bytes)
    content = draw(st.one_of(texts, st.binary(max_size=400), st.just(b"PK\x03\x04" + b"\x00" * 100)))
    fields = {"file": (draw(texts | st.just(b"people.csv") | st.just(b"people.xlsx")), content)}
    options = draw(
        st.sampled_from(["", "{", '{"country":1}', '{"delimiter":"\\u0000"}', '{"encoding":"utf-99"}']) | st.text()
    )
    extra = {"options": options, draw(st.sampled_from(["start", "tenant_id"])): draw(st.sampled_from(TEXTS))}
    return _multipart({**fields, **{name: (None, _bytes(text)) for name, text in extra.items()}})


def _multipart(fields: Mapping[str, tuple[bytes | None, bytes]]) -> tuple[str, bytes]:
    parts = b""
    for name, (filename, content) in fields.items():
        told = b"" if filename is None else b'; filename="' + filename.replace(b'"', b"") + b'"'
        parts += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode() + told + b"\r\n\r\n"
        parts += content + b"\r\n"
    return f"multipart/form-data; boundary={BOUNDARY}", parts + f"--{BOUNDARY}--\r\n".encode()


def _branches(tree: object) -> Iterator[Callable[[object], None]]:
    """List how to replace what stands at each place in a body."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield partial(tree.__setitem__, name)
            yield from _branches(value)
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield partial(tree.__setitem__, number)
            yield from _branches(value)


def _escaped(text: str) -> str:
    return quote(_bytes(text), safe="")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
