"""Google's push messages: no body and no signature, only headers; what proves them is a token that nobody can guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PushState(StrEnum):
    """What a message says of the calendar."""

    SYNC = "sync"  # the channel is open; always the first
    EXISTS = "exists"  # something changed
    NOT_EXISTS = "not_exists"  # the calendar is gone


@dataclass(frozen=True, slots=True)
class Push:
    """A message as it claims to be: to be believed only if the channel is known and its token is ours."""

    channel_id: str
    token: str = field(repr=False)
    resource_id: str
    state: PushState
    number: int

    @property
    def dedupe_key(self) -> str:
        """The same for each delivery of one message."""
        return f"{self.channel_id}:{self.number}"


def read_push(headers: Mapping[str, str]) -> Push | None:
    """Read a message from its headers; None if they are not those of one."""
    try:
        state = PushState(headers.get("x-goog-resource-state", ""))
        number = int(headers.get("x-goog-message-number", ""))
    except ValueError:
        return None
    channel_id = headers.get("x-goog-channel-id", "")
    if not channel_id or number < 0:
        return None
    return Push(
        channel_id, headers.get("x-goog-channel-token", ""), headers.get("x-goog-resource-id", ""), state, number
    )
