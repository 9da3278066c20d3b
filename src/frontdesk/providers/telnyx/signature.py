"""Verify that a webhook comes from Telnyx, on the raw bytes, before anything in it is believed."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from frontdesk.providers.telnyx.account import TelnyxAccount
from frontdesk.providers.telnyx.event import Event, parse_event

MAX_BODY_BYTES = 64 * 1024
TOLERANCE_SECONDS = 300
"""How far a webhook's own time may be from ours; the official library allows the same."""

SIGNATURE_HEADER = "telnyx-signature-ed25519"
TIMESTAMP_HEADER = "telnyx-timestamp"

_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
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


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    """A webhook that Telnyx signed: what it tells, and the bytes as they came."""

    event: Event
    body: bytes


def verify(
    *, account: TelnyxAccount, body: bytes, headers: Mapping[str, str], now: datetime
) -> VerifiedEvent | Refusal:
    """Check a webhook's signature and age and read it once; never raises, whatever the bytes.

    Signed is `timestamp|body`, with any of the account's keys. The timestamp is Telnyx's at delivery and must be
    within 300 s of `now`, so that an old recording is worth nothing; a repeat within that time is recognised by what
    it tells.
    """
    known = {name.lower(): value for name, value in headers.items()}
    given, timestamp = known.get(SIGNATURE_HEADER, "").strip(), known.get(TIMESTAMP_HEADER, "").strip()
    if not given or len(body) > MAX_BODY_BYTES:
        return Refusal(RefusalReason.TOO_LARGE if given else RefusalReason.NO_SIGNATURE)
    if not _SECONDS.fullmatch(timestamp):
        return Refusal(RefusalReason.WRONG_TIMESTAMP)
    keys = [key for text in account.public_keys if (key := load_public_key(text)) is not None]
    if not keys:
        return Refusal(RefusalReason.NO_KEY)
    if not _is_signed(given, keys, timestamp.encode() + b"|" + body):
        return Refusal(RefusalReason.WRONG_SIGNATURE)
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return Refusal(RefusalReason.NOT_NOW)
    event = parse_event(body)
    return Refusal(RefusalReason.NO_EVENT) if event is None else VerifiedEvent(event, body)


@lru_cache(maxsize=64)
def load_public_key(text: str) -> Ed25519PublicKey | None:
    """Read a public key as Telnyx's portal shows it: base64 of 32 bytes; None for anything else."""
    try:
        raw = b64decode(text, validate=True)
        return Ed25519PublicKey.from_public_bytes(raw) if len(raw) == _KEY_BYTES else None
    except ValueError:
        return None


def _is_signed(given: str, keys: list[Ed25519PublicKey], message: bytes) -> bool:
    try:
        signature = b64decode(given.encode("utf-8", "surrogatepass"), validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(signature) != _SIGNATURE_BYTES:
        return False
    return any(_verifies(key, signature, message) for key in keys)


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
