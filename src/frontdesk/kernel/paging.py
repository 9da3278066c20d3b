"""Pages of long lists: newest first, each naming where the next one starts."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar
from uuid import UUID

from annotated_types import Ge, Le
from pydantic import BaseModel

Item = TypeVar("Item")
Limit = Annotated[int, Ge(1), Le(200)]
DEFAULT_LIMIT = 50


class Page(BaseModel, Generic[Item]):
    """Some of a list; pass `next` as `before` to get what follows, null at the end."""

    items: list[Item]
    next: UUID | None


def page_of(items: list[Item], last_id: UUID | None, *, limit: int) -> Page[Item]:
    """Make a page of what was read with `limit`; a full one has a next."""
    return Page(items=items, next=last_id if len(items) == limit else None)
