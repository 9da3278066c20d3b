"""Verify that a webhook comes from Stripe, on the raw bytes, before anything in it is believed."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from frontdesk.ports.payments import PaymentNews
from frontdesk.providers.stripe.account import StripeAccount
from frontdesk.providers.stripe.reading import read_object

MAX_BODY_BYTES = 512 * 1024
"""An event holds a whole object: far more than a text, far less than a file."""

TOLERANCE_SECONDS = 300
"""How far a webhook's own time may be from ours; the official library allows the same."""

SIGNATURE_HEADER = "stripe-signature"
MAX_SIGNATURES = 16

_SECONDS = re.compile(r"[0-9]{1,15}", re.ASCII)


class RefusalReason(StrEnum):
    """Why a webhook was not believed; safe to log and to count."""

    NO_SIGNATURE = "no_signature"
    NO_KEY = "no_key"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_TIMESTAMP = "wrong_timestamp"
    NOT_NOW = "not_now"
    TOO_LARGE = "too_large"
    NO_EVENT = "no_event"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The webhook is not believed."""

    reason: RefusalReason


class _Data(msgspec.Struct, frozen=True, rename={"it": "object"}):
    it: dict[str, object] = {}


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    created: int
    data: _Data = _Data()


_decode = msgspec.json.Decoder(_Event).decode


def verify(*, account: StripeAccount, body: bytes, headers: Mapping[str, str], now: datetime) -> PaymentNews | Refusal:
    """Check a webhook's signature and age and read it once; never raises, whatever the bytes.

    Signed is `t.body`, hexadecimal HMAC-SHA256 under the whole secret, of which two may be in use. The time is
    Stripe's at delivery and must be within 300 s of `now`; a repeat within that time is recognised by the event's id.
    """
    known = {name.lower(): value for name, value in headers.items()}
    given = known.get(SIGNATURE_HEADER, "").strip()
    if not given or len(body) > MAX_BODY_BYTES:
        return Refusal(RefusalReason.TOO_LARGE if given else RefusalReason.NO_SIGNATURE)
    if not account.webhook_secrets:
        return Refusal(RefusalReason.NO_KEY)
    timestamp, signatures = _parts(given)
    if not _SECONDS.fullmatch(timestamp):
        return Refusal(RefusalReason.WRONG_TIMESTAMP)
    wanted = [sign(secret, timestamp=timestamp, body=body) for secret in account.webhook_secrets]
    if not _any_equal(wanted, signatures):
        return Refusal(RefusalReason.WRONG_SIGNATURE)
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return Refusal(RefusalReason.NOT_NOW)
    news = read_event(body)
    return Refusal(RefusalReason.NO_EVENT) if news is None else news


def sign(secret: str, *, timestamp: str, body: bytes) -> str:
    """Compute the signature of a webhook."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def read_event(body: bytes) -> PaymentNews | None:
    """Read an event; None if it is none."""
    try:
        event = _decode(body)
        happened_at = datetime.fromtimestamp(event.created, UTC)
    except (msgspec.MsgspecError, OverflowError, OSError, ValueError, RecursionError):
        return None
    if not event.id or not event.type:
        return None
    return PaymentNews(
        event_id=event.id,
        kind=event.type,
        happened_at=happened_at,
        pieces=read_object(event.type, event.data.it),
        body=body,
    )


def _parts(header: str) -> tuple[str, list[str]]:
    timestamp = ""
    signatures: list[str] = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and not timestamp:
            timestamp = value
        elif name == "v1" and len(signatures) < MAX_SIGNATURES:
            signatures.append(value)
    return timestamp, signatures


def _any_equal(wanted: list[str], given: list[str]) -> bool:
    found = False
    for one in wanted:
        for other in given:
            found |= hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))
    return found
