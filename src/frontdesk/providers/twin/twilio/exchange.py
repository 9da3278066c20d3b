"""One request to the carrier's API and its reply, free of any web framework."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import dropwhile, islice
from typing import Final, TypeVar

from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.shapes import Json, page_json
from frontdesk.providers.twin.twilio.state import Account

_T = TypeVar("_T")
_PAGE_SIZE, _LARGEST_PAGE = 50, 1000
_NOT_FILTERS: Final = frozenset({"Page", "PageSize", "PageToken"})


class Operation(StrEnum):
    """What a request asks for; faults and the journal name these."""

    UNKNOWN = "unknown"
    ACCOUNT_FETCH = "account.fetch"
    BALANCE_FETCH = "balance.fetch"
    MESSAGES_CREATE = "messages.create"
    MESSAGES_LIST = "messages.list"
    MESSAGES_FETCH = "messages.fetch"
    MESSAGES_UPDATE = "messages.update"
    MESSAGES_DELETE = "messages.delete"
    MEDIA_LIST = "media.list"
    MEDIA_FETCH = "media.fetch"
    CALLS_CREATE = "calls.create"
    CALLS_LIST = "calls.list"
    CALLS_FETCH = "calls.fetch"
    CALLS_UPDATE = "calls.update"
    CALLS_DELETE = "calls.delete"
    CALL_RECORDINGS_LIST = "calls.recordings"
    NUMBERS_LIST = "numbers.list"
    NUMBERS_FETCH = "numbers.fetch"
    NUMBERS_CREATE = "numbers.create"
    NUMBERS_UPDATE = "numbers.update"
    NUMBERS_DELETE = "numbers.delete"
    AVAILABLE_COUNTRIES = "available.countries"
    AVAILABLE_NUMBERS = "available.numbers"
    RECORDINGS_LIST = "recordings.list"
    RECORDINGS_FETCH = "recordings.fetch"
    RECORDINGS_SOUND = "recordings.sound"
    RECORDINGS_DELETE = "recordings.delete"


class Fields:
    """A form or query: names may repeat."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._last = dict(pairs)

    def get(self, name: str, default: str = "") -> str:
        """Give the last value of a name."""
        return self._last.get(name, default)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Give every value of a name."""
        return tuple(value for key, value in self.pairs if key == name)

    def __contains__(self, name: str) -> bool:
        return name in self._last


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """An authenticated request; `path` as it came, `parts` the variable pieces of it."""

    account: Account
    path: str
    parts: Mapping[str, str]
    query: Fields
    form: Fields
    now: datetime


@dataclass(slots=True)
class Reply:
    """An answer: JSON, or bytes of `content_type`, or nothing; `effect` is a sid it created.

    `before` is awaited before the answer leaves.
    """

    status: int
    document: Json | None = None
    content: bytes = b""
    content_type: str = "application/json"
    effect: str = ""
    before: Coroutine[None, None, None] | None = field(default=None)


def not_found(call: ApiCall) -> TwilioRefusal:
    """Make the refusal for a resource that is not there."""
    return TwilioRefusal(20404, status=404, detail=call.path)


def list_reply(
    call: ApiCall, name: str, found: Iterable[_T], *, sid: Callable[[_T], str], shape: Callable[[_T], Json]
) -> Reply:
    """Answer with one page of `found`; only that page is shaped. The token names the last item shown."""
    size_text, page_text = call.query.get("PageSize", str(_PAGE_SIZE)), call.query.get("Page", "0")
    if not size_text.isdigit() or not page_text.isdigit() or not 1 <= int(size_text) <= _LARGEST_PAGE:
        raise TwilioRefusal(20001, detail="PageSize or Page")
    size, page = int(size_text), int(page_text)
    items = iter(found)
    if token := call.query.get("PageToken"):
        items = islice(dropwhile(lambda item: f"PA{sid(item)}" != token, items), 1, None)
    else:
        items = islice(items, page * size, None)
    shown = list(islice(items, size + 1))
    following = f"PA{sid(shown[size - 1])}" if len(shown) > size else ""
    filters = [(key, value) for key, value in call.query.pairs if key not in _NOT_FILTERS]
    shapes = [shape(item) for item in shown[:size]]
    return Reply(200, page_json(name, shapes, path=call.path, filters=filters, page=page, size=size, token=following))
