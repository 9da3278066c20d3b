"""Identifiers that sort by creation time (UUIDv7, RFC 9562)."""

from __future__ import annotations

import os
import time
from datetime import datetime
from uuid import UUID

# A uuid.UUID in every respect, made in a tenth of the time: hot paths make several per text.
from asyncpg.pgproto import pgproto

RANDOM_BYTES = 10


def new_id() -> UUID:
    """Make a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    return _make(_milliseconds(), os.urandom(RANDOM_BYTES))


def new_ids(count: int) -> list[UUID]:
    """Make `count` UUIDv7s of this one moment."""
    milliseconds, random = _milliseconds(), os.urandom(RANDOM_BYTES * count)
    return [_make(milliseconds, random[start : start + RANDOM_BYTES]) for start in range(0, len(random), RANDOM_BYTES)]


def first_id_of(moment: datetime) -> UUID:
    """Give the lowest id that can have been made at a moment: whatever was made since has a higher one."""
    milliseconds = int(moment.timestamp() * 1000) & 0xFFFFFFFFFFFF
    return _make(milliseconds.to_bytes(6, "big"), bytes(RANDOM_BYTES))


def _milliseconds() -> bytes:
    return (time.time_ns() // 1_000_000 & 0xFFFFFFFFFFFF).to_bytes(6, "big")


def _make(milliseconds: bytes, random: bytes) -> UUID:
    marked = bytes((0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F))
    return pgproto.UUID(milliseconds + marked + random[3:])
