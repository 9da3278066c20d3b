"""Pages of long lists: newest first, each naming where the next one starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from annotated_types import Ge, Le, MaxLen
from pydantic import AfterValidator, BaseModel

Item = TypeVar("Item")
Key = TypeVar("Key")
Limit = Annotated[int, Ge(1), Le(200)]
DEFAULT_LIMIT = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Page(BaseModel, Generic[Item]):
    """Some of a list; pass `next` as `before` to get what follows, null at the end."""

    items: list[Item]
    next: UUID | None


def page_of(items: list[Item], last_id: UUID | None, *, limit: int) -> Page[Item]:
    """Make a page of what was read with `limit`; a full one has a next."""
    return Page(items=items, next=last_id if len(items) == limit else None)


def next_link(path: str, query: str, *, before: str) -> str:
    """Write the Link header (RFC 8288) of a list that is answered bare: the same request from `before` on."""
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "before"]
    return f'<{path}?{urlencode([*kept, ("before", before)])}>; rel="next"'


def write_cursor(at: datetime, key: str) -> str:
    """Name a place in a list that is ordered by a moment which may change; `key` tells rows of one moment apart."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{key}"


def read_cursor(text: str, key: Callable[[str], Key]) -> tuple[datetime, Key]:
    """Read a place back; what is none is a `ValueError`."""
    micros, _, rest = text.partition(".")
    if not (micros.isascii() and micros.isdigit() and rest):
        raise ValueError("this is no place in a list: take `before` from the Link header as it is")
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), key(rest)
    except OverflowError as error:
        raise ValueError("this is no place in a list: the moment is too far away") from error


def _checked(key: Callable[[str], object]) -> AfterValidator:
    def check(text: str) -> str:
        read_cursor(text, key)
        return text

    return AfterValidator(check)


def _text(rest: str) -> str:
    if "\x00" in rest:
        raise ValueError("this is no place in a list")
    return rest


# A faulty one is answered with 422 like every faulty parameter.
MomentCursor = Annotated[str, MaxLen(100), _checked(UUID)]
PhoneCursor = Annotated[str, MaxLen(100), _checked(_text)]
