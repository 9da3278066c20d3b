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
from uuid import UUID

from frontdesk.kernel.audit.chain import ChainHead, canonical_json
from frontdesk.kernel.db import Tx
from frontdesk.kernel.journal import Journal

ANCHOR_KEY = "audit_anchor_key"
JOURNAL = "audit-heads"

LIST_HEADS = "select chain, tenant_id, seq, hash from chain_heads order by chain, tenant_id nulls first"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head that a chain had at a moment; no tenant is the platform."""

    chain: str
    tenant_id: UUID | None
    head: ChainHead


@dataclass(frozen=True, slots=True)
class AnchorReading:
    """Every anchor that is what was written, oldest first, and a sentence for everything that is not."""

    anchors: tuple[Anchor, ...]
    damage: tuple[str, ...]

    def of(self, chain: str, tenant_id: UUID | None) -> tuple[ChainHead, ...]:
        """List the heads that one chain had."""
        return tuple(one.head for one in self.anchors if (one.chain, one.tenant_id) == (chain, tenant_id))


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
            Anchor(row["chain"], row["tenant_id"], ChainHead(row["seq"], row["hash"]))
            for row in await tx.fetch(LIST_HEADS)
        ]
        grown = [one for one in heads if known.get((one.chain, one.tenant_id)) != one.head]
        await asyncio.gather(*(self._journal.append(self._entry(one, tx.now), at=tx.now) for one in grown))
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

    def _entry(self, anchor: Anchor, at: datetime) -> dict[str, object]:
        fields: dict[str, object] = {
            "chain": anchor.chain,
            "tenant_id": None if anchor.tenant_id is None else str(anchor.tenant_id),
            "seq": anchor.head.seq,
            "hash": anchor.head.hash.hex(),
            "at": at.isoformat(),
        }
        return {**fields, "mac": self._mac(fields)}

    def _believe(self, entry: Mapping[str, object]) -> Anchor | None:
        """Take an entry at its word if its code is right."""
        fields = {name: value for name, value in entry.items() if name != "mac"}
        if not hmac.compare_digest(self._mac(fields), str(entry.get("mac", "")).encode("ascii", "replace").decode()):
            return None
        match fields:
            case {"chain": str(chain), "tenant_id": (str() | None) as tenant, "seq": int(seq), "hash": str(digest)}:
                return Anchor(chain, None if tenant is None else UUID(tenant), ChainHead(seq, bytes.fromhex(digest)))
            case _:
                return None

    def _mac(self, fields: Mapping[str, object]) -> str:
        message = b"frontdesk anchor v1/" + canonical_json(fields).encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
