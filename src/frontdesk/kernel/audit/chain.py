"""Hash chains: how a link is computed, and how a chain is checked, with or without a database.

A link's hash is SHA-256 over the hash before it, its number as 8 bytes and its canonical text; the first link stands
on a digest of the chain's name and tenant, so that whole chains cannot be exchanged either.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

# PostgreSQL keeps neither NUL nor lone surrogates in text.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


class Damage(StrEnum):
    """What is wrong with a broken chain."""

    MISSING = "missing"  # the link is not there
    CHANGED = "changed"  # the link's text or hash was changed
    DETACHED = "detached"  # the link does not stand on the one before it
    COLUMNS = "columns"  # the row's columns say something else than its canonical text
    HEAD = "head"  # the chain's head does not name its last link
    ANCHOR = "anchor"  # an earlier published hash does not occur


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its number from 1, its text, the hash before it and its own."""

    seq: int
    canonical: str
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The number and hash of a chain's last link, as its head row or an anchor kept elsewhere states it."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Intact:
    """The chain holds; `head` is None while it is empty."""

    head: ChainHead | None


@dataclass(frozen=True, slots=True)
class Broken:
    """The chain is damaged; `seq` is the first link at which that shows."""

    seq: int
    damage: Damage


ChainState = Intact | Broken


def keepable(text: str) -> str:
    """Replace what PostgreSQL cannot keep in text by U+FFFD."""
    return _UNKEEPABLE.sub("\ufffd", text)


def canonical_json(fields: Mapping[str, object]) -> str:
    """Write `fields` as JSON with sorted keys, no spaces and no ASCII escapes.

    Refuses NaN and infinities as `ValueError` and what is not JSON as `TypeError`.
    """
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # The NUL stands escaped here, and jsonb refuses it in this form too.
    return keepable(text).replace("\\u0000", "\ufffd")


def genesis(chain: str, tenant_id: UUID | None) -> bytes:
    """Compute what the first link of a chain stands on; no tenant means the platform's chain."""
    return hashlib.sha256(f"frontdesk chain v1/{chain}/{tenant_id or 'platform'}".encode()).digest()


def link_hash(prev_hash: bytes, seq: int, canonical: str) -> bytes:
    """Compute a link's hash; the SQL function `chain_append` computes the same."""
    return hashlib.sha256(prev_hash + seq.to_bytes(8, "big") + canonical.encode()).digest()


class ChainCheck:
    """Checks the links of one chain in their order, keeping only the last one in memory."""

    def __init__(
        self,
        chain: str,
        tenant_id: UUID | None,
        *,
        anchors: Iterable[ChainHead] = (),
        after: ChainHead | None = None,
    ) -> None:
        """Begin with the first link, or with the one behind `after`, which somebody has checked before."""
        self._seq = 0 if after is None else after.seq
        self._hash = genesis(chain, tenant_id) if after is None else after.hash
        self._anchors: dict[int, set[bytes]] = {}
        for anchor in anchors:
            self._anchors.setdefault(anchor.seq, set()).add(anchor.hash)

    @property
    def reached(self) -> ChainHead | None:
        """The last link that holds; None before the first."""
        return ChainHead(self._seq, self._hash) if self._seq else None

    def take(self, link: Link, *, columns_agree: bool = True) -> Broken | None:
        """Check the next link; `columns_agree` tells whether its row's columns repeat its canonical text."""
        expected = self._seq + 1
        if link.seq != expected:
            return Broken(expected, Damage.MISSING)
        if link.hash != link_hash(link.prev_hash, link.seq, link.canonical):
            return Broken(link.seq, Damage.CHANGED)
        if link.prev_hash != self._hash:
            return Broken(link.seq, Damage.DETACHED)
        if not columns_agree:
            return Broken(link.seq, Damage.COLUMNS)
        if self._anchors.get(link.seq, {link.hash}) != {link.hash}:
            return Broken(link.seq, Damage.ANCHOR)
        self._seq, self._hash = link.seq, link.hash
        return None

    def finish(self, head: ChainHead | None) -> ChainState:
        """Compare the end of the chain with its head row (None: there is none) and with the anchor."""
        if head is not None and head.seq > self._seq:
            return Broken(self._seq + 1, Damage.MISSING)
        if max(self._anchors, default=0) > self._seq:
            return Broken(self._seq + 1, Damage.ANCHOR)
        if self._seq == 0:
            return Intact(None)
        if head is None or head != ChainHead(self._seq, self._hash):
            return Broken(self._seq, Damage.HEAD)
        return Intact(head)


def export_line(link: Link) -> str:
    """Write a link as one line of JSON, for a verifier that has no database."""
    return json.dumps(
        {
            "seq": link.seq,
            "canonical": link.canonical,
            "prev_hash": link.prev_hash.hex(),
            "hash": link.hash.hex(),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def verify_export(
    lines: Iterable[str],
    *,
    chain: str,
    tenant_id: UUID | None,
    head: ChainHead | None,
    anchors: Iterable[ChainHead] = (),
) -> ChainState:
    """Check exported lines against the head that was published with them, and against heads kept elsewhere.

    Needs nothing but the lines; a chain without links has no head.
    """
    check = ChainCheck(chain, tenant_id, anchors=anchors)
    for number, line in enumerate(filter(None, (text.strip() for text in lines)), start=1):
        link = _read_line(line)
        broken = Broken(number, Damage.CHANGED) if link is None else check.take(link)
        if broken is not None:
            return broken
    return check.finish(head)


def _read_line(line: str) -> Link | None:
    try:
        match json.loads(line):
            case {"seq": int(seq), "canonical": str(canonical), "prev_hash": str(prev_hash), "hash": str(own_hash)}:
                return Link(seq, canonical, bytes.fromhex(prev_hash), bytes.fromhex(own_hash))
            case _:
                return None
    except ValueError:
        return None
