"""Jobber's webhooks: signed without a timestamp, told at least once, and to be answered within 1 s."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

SIGNATURE_HEADER = "x-jobber-hmac-sha256"


@dataclass(frozen=True, slots=True)
class News:
    """What happened to which thing of which account."""

    topic: str
    account_id: str
    item_id: str
    occurred_at: str

    @property
    def dedupe_key(self) -> str:
        """The same for each delivery of one piece of news: there is no id in it."""
        return f"{self.topic}:{self.account_id}:{self.item_id}:{self.occurred_at}"


class _Event(msgspec.Struct, rename="camel"):
    topic: str
    account_id: str
    item_id: str
    occurred_at: str = ""
    occured_at: str = ""  # how apps registered before December 2023 get it


class _Data(msgspec.Struct, rename="camel"):
    web_hook_event: _Event


class _Envelope(msgspec.Struct):
    data: _Data


def verify(*, body: bytes, headers: Mapping[str, str], client_secret: str) -> News | None:
    """Read a webhook that Jobber signed: base64 of HMAC-SHA256 over the raw body; None if it is not believed."""
    expected = b64encode(hmac.digest(client_secret.encode(), body, hashlib.sha256))
    if not hmac.compare_digest(headers.get(SIGNATURE_HEADER, "").encode("latin-1", "replace"), expected):
        return None
    try:
        event = msgspec.json.decode(body, type=_Envelope).data.web_hook_event
    except msgspec.MsgspecError:
        return None
    return News(event.topic, event.account_id, event.item_id, event.occurred_at or event.occured_at)
