"""Anchors: heads of chains kept outside the database, against whoever can rewrite the database as a whole.

Each is a line of an append-only journal on disk, authenticated with a key that the database does not hold. Whoever has
the key and the journal too can forge both, so copies of the journal belong on another machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from frontdesk.kernel.audit.chain import ChainHead, canonical_json
from frontdesk.kernel.db import Tx
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.secrets import ensure_secret

ANCHOR_KEY = "audit_anchor_key"
JOURNAL = "audit-heads"

LIST_HEADS = "select chain, tenant_id, seq, hash from chain_heads order by chain, tenant_id nulls first"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head that a chain had at a moment; no tenant is the platform."""

    chain: str
    tenant_id: UUID | None
    head: ChainHead
    at: datetime


@dataclass(frozen=True, slots=True)
class AnchorReading:
    """Every anchor that is what was written, oldest first, and a sentence for everything that is not."""

    anchors: tuple[Anchor, ...]
    damage: tuple[str, ...]

    def of(self, chain: str, tenant_id: UUID | None, *, since: datetime | None = None) -> tuple[ChainHead, ...]:
        """List the heads that one chain had, all or from a moment on."""
        return tuple(
            one.head
            for one in self.anchors
            if (one.chain, one.tenant_id) == (chain, tenant_id) and (since is None or one.at >= since)
        )

    def tenants_of(self, chain: str) -> frozenset[UUID | None]:
        """List whose chains of a name have an anchor."""
        return frozenset(one.tenant_id for one in self.anchors if one.chain == chain)


def open_book(home: Path) -> AnchorBook:
    """Open an installation's anchors; the key is made on the first call and kept in the home folder."""
    return AnchorBook(Journal(home / "journal", JOURNAL), key=ensure_secret(home, ANCHOR_KEY))


class AnchorBook:
    """The anchors of one installation, in a journal, under a key."""

    def __init__(self, journal: Journal, *, key: str) -> None:
        self._journal = journal
        self._key = key.encode()

    async def note_heads(self, tx: Tx) -> int:
        """Write the head of every chain that has grown since its last anchor; returns how many are on the disk now.

        The transaction must see every tenant. Refuses `journal.unavailable` when the disk does not take them.
        """
        reading = await asyncio.to_thread(self.read)
        known = {(one.chain, one.tenant_id): one.head for one in reading.anchors}
        heads = [
            Anchor(row["chain"], row["tenant_id"], ChainHead(row["seq"], row["hash"]), tx.now)
            for row in await tx.fetch(LIST_HEADS)
        ]
        grown = [one for one in heads if known.get((one.chain, one.tenant_id)) != one.head]
        await asyncio.gather(*(self._journal.append(self._entry(one), at=one.at) for one in grown))
        return len(grown)

    def read(self) -> AnchorReading:
        """Read and check every anchor; blocks while reading."""
        reading = self._journal.read_all()
        damage = [f"{one.file}, line {one.line}: {one.wrong}" for one in reading.damage]
        anchors: list[Anchor] = []
        for entry in reading.entries:
            anchor = self._believe(entry.entry)
            if anchor is None:
                damage.append(f"journal entry {entry.seq} was not written with this installation's key")
            else:
                anchors.append(anchor)
        return AnchorReading(tuple(anchors), tuple(damage))

    def _entry(self, anchor: Anchor) -> dict[str, object]:
        fields: dict[str, object] = {
            "chain": anchor.chain,
            "tenant_id": None if anchor.tenant_id is None else str(anchor.tenant_id),
            "seq": anchor.head.seq,
            "hash": anchor.head.hash.hex(),
            "at": anchor.at.isoformat(),
        }
        return {**fields, "mac": self._mac(fields)}

    def _believe(self, entry: Mapping[str, object]) -> Anchor | None:
        """Take an entry at its word if its code is right."""
        fields = {name: value for name, value in entry.items() if name != "mac"}
        if not hmac.compare_digest(self._mac(fields), str(entry.get("mac", "")).encode("ascii", "replace").decode()):
            return None
        match fields:
            case {
                "chain": str(chain),
                "tenant_id": (str() | None) as tenant,
                "seq": int(seq),
                "hash": str(digest),
                "at": str(at),
            }:
                head = ChainHead(seq, bytes.fromhex(digest))
                return Anchor(chain, None if tenant is None else UUID(tenant), head, datetime.fromisoformat(at))
            case _:
                return None

    def _mac(self, fields: Mapping[str, object]) -> str:
        message = b"frontdesk anchor v1/" + canonical_json(fields).encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
