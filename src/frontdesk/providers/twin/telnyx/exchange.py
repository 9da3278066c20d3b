"""One request to Telnyx's API and its reply, free of any web framework."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from frontdesk.providers.twin.telnyx.shapes import Json


class Operation(StrEnum):
    """What a request asks for; faults and the journal name these."""

    UNKNOWN = "unknown"
    MESSAGES_CREATE = "messages.create"
    MESSAGES_FETCH = "messages.fetch"
    RECORDS_LIST = "records.list"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """An authenticated request; `parts` are the variable pieces of its path."""

    path: str
    parts: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    key: str
    now: datetime


@dataclass(slots=True)
class Reply:
    """An answer; `effect` is the id of what it created. `before` is awaited before the answer leaves."""

    status: int
    document: Json | None = None
    content: bytes = b""
    effect: str = ""
    before: Coroutine[None, None, None] | None = None
