"""What text may come in: nothing that the database could not keep, wherever in a request it stands."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.kernel.errors import Refused
from frontdesk.web.problems import answer_refusal

FORM = "application/x-www-form-urlencoded"
# An escape, or raw bytes, that could become NUL or half of a surrogate pair.
SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")
UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
MAX_FAULTS = 20


class TextGuard:
    """Refuses NUL and half surrogate pairs in queries, JSON and forms (422), and JSON that is not UTF-8 (400).

    PostgreSQL keeps neither, and refusing them here names the field before anything was done. Files are not looked at.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = _judge_query(scope["query_string"])
        kind = _kind_of_body(scope)
        if refusal is None and kind:
            messages = [message async for message in _whole(receive)]
            body = b"".join(message.get("body", b"") for message in messages)
            refusal = _judge_form(body) if kind == FORM else _judge_json(body)
            receive = _again(messages, receive)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await answer_refusal(Request(scope), refusal)(scope, receive, send)


def _kind_of_body(scope: Scope) -> str:
    """Tell of which kind a body is that is looked at: a form's media type, JSON's, or "" for any other."""
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    kind = given.decode("latin-1").partition(";")[0].strip().lower()
    is_json = kind.startswith("application/") and (kind == "application/json" or kind.endswith("+json"))
    return kind if is_json or kind == FORM else ""


async def _whole(receive: Receive) -> AsyncIterator[Message]:
    """Take a body to its end; how large and slow it may be was settled before."""
    while True:
        message = await receive()
        yield message
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Hand out once more what was taken, then what comes."""
    waiting = iter(messages)

    async def take() -> Message:
        for message in waiting:
            return message
        return await receive()

    return take


def _judge_query(query: bytes) -> Refused | None:
    if b"%00" not in query and b"\x00" not in query:
        return None
    return _refusal(_faulty_pairs(query.decode("latin-1")))


def _judge_form(body: bytes) -> Refused | None:
    if b"%00" not in body and b"\x00" not in body:
        return None
    return _refusal(_faulty_pairs(body.decode("utf-8", "replace")))


def _judge_json(body: bytes) -> Refused | None:
    if b"\x00" in body:
        return Refused("web.unreadable", "The body is not JSON in UTF-8.", status=400)
    if not SUSPECT.search(body):
        return None
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None  # whoever reads it next says what is wrong
    return _refusal(_faulty_places(document))


def _faulty_pairs(text: str) -> Iterator[str]:
    for name, value in parse_qsl(text, keep_blank_values=True):
        if UNKEEPABLE.search(name) or UNKEEPABLE.search(value):
            yield _shown(name)


def _faulty_places(document: object) -> Iterator[str]:
    """Tell where unkeepable text stands, as dotted paths; not recursive, because the document may be deep."""
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and UNKEEPABLE.search(value):
            yield path or "body"
        elif isinstance(value, dict):
            for name, inside in value.items():
                place = f"{path}.{_shown(name)}" if path else _shown(name)
                if UNKEEPABLE.search(name):
                    yield place
                waiting.append((place, inside))
        elif isinstance(value, list):
            waiting += [(f"{path}.{number}" if path else str(number), inside) for number, inside in enumerate(value)]


def _shown(name: str) -> str:
    return UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", name)[:100]


def _refusal(places: Iterable[str]) -> Refused | None:
    found = sorted(set(places))
    if not found:
        return None
    message = "holds NUL or half of a surrogate pair, which cannot be kept"
    faults = [{"path": place, "message": message} for place in found]
    shown = "; ".join(f"{place}: {message}" for place in found[:5])
    return Refused("web.invalid", shown, status=422, details={"faults": faults[:MAX_FAULTS]})
