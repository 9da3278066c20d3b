"""Rings of keys that outlive the installation's own key: kept in the database, sealed, the newest of a ring signs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.keys import SigningKeys
from frontdesk.kernel.sealing import SealBroken, Vault

KEY_BYTES = 32

LIST = "select ring, version, sealed_key from ring_keys where $1::text is null or ring = $1 order by ring, version desc"

# Two processes that start at once make one key between them.
ADD = """
    insert into ring_keys (ring, version, sealed_key, created_at) values ($1, $2, $3, $4)
    on conflict (ring, version) do nothing
"""

RESEAL = "update ring_keys set sealed_key = $3 where ring = $1 and version = $2"


# Of processes that begin at once, one makes the key, and the others read it.
ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('ring of keys ' || $1::text, 0))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The keys of one ring as they were when a process began, the newest first."""

    keys: tuple[str, ...]

    @property
    def current(self) -> str:
        """The key that signs."""
        return self.keys[0]


async def open_ring(tx: Transaction, signing: SigningKeys, *, ring: str) -> Ring:
    """Read the keys of a ring; where none opens, a new one is made. System role only.

    They do not change when SECRET_KEY does: that only seals them. What a lost SECRET_KEY had sealed is passed over.
    """
    vault = _vault(signing)
    found = await _read(tx, vault, ring)
    if not found:
        await tx.execute(ONE_AT_A_TIME, ring)
        found = await _read(tx, vault, ring)
    if not found:
        newest = await tx.fetch(LIST, ring)
        version = newest[0]["version"] + 1 if newest else 1
        await tx.execute(ADD, ring, version, vault.seal(_new_key(), place=_place(ring, version)), tx.now)
        found = await _read(tx, vault, ring)
    return Ring(keys=tuple(found))


async def add_ring_key(tx: Transaction, signing: SigningKeys, *, ring: str) -> int:
    """Add a key that signs from a process's next start on, while the earlier ones stay good; returns its version."""
    newest = await tx.fetch(LIST, ring)
    version = newest[0]["version"] + 1 if newest else 1
    await tx.execute(ADD, ring, version, _vault(signing).seal(_new_key(), place=_place(ring, version)), tx.now)
    return version


async def reseal_rings(tx: Transaction, signing: SigningKeys) -> int:
    """Seal anew what the current SECRET_KEY does not open; what none opens stays as it is. Returns how many."""
    vault, count = _vault(signing), 0
    for row in await tx.fetch(LIST, None):
        place = _place(row["ring"], row["version"])
        try:
            key, current = vault.open(row["sealed_key"], place=place)
        except SealBroken:
            continue
        if not current:
            await tx.execute(RESEAL, row["ring"], row["version"], vault.seal(key, place=place))
            count += 1
    return count


async def _read(tx: Transaction, vault: Vault, ring: str) -> Sequence[str]:
    found: list[str] = []
    for row in await tx.fetch(LIST, ring):
        with suppress(SealBroken):
            found.append(vault.open(row["sealed_key"], place=_place(ring, row["version"]))[0])
    return found


def _vault(signing: SigningKeys) -> Vault:
    return Vault(signing, purpose="frontdesk key rings v1")


def _place(ring: str, version: int) -> str:
    return f"ring_keys/{ring}/{version}"


def _new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)
