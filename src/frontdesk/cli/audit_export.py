"""The audit log on its way out: every entry with its hashes, and the check that it is whole."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from frontdesk.cli.auditing import open_book
from frontdesk.kernel import audit
from frontdesk.operations.custody.evidence import write_export
from frontdesk.wiring import Frontdesk

FindTenant = Callable[[Frontdesk], Awaitable[UUID | None]]


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a chain holds, and where it breaks."""

    intact: bool
    entries: int
    head_hash: str
    broken_at: int | None
    damage: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written; `head_hash` published elsewhere proves later that nothing was rewritten."""

    entries: int
    head_hash: str


async def check(parts: Frontdesk, find: FindTenant) -> Checked:
    """Check the chain of a business, link by link, and against the anchors in the home folder."""
    tenant_id = await find(parts)
    reading = await asyncio.to_thread(open_book(parts.settings.home).read)
    async with parts.system.transaction() as tx:
        state = await audit.verify_chain(tx, tenant_id=tenant_id, anchors=reading.of("audit", tenant_id))
    match state:
        case audit.Intact(head):
            entries, digest = (head.seq, head.hash.hex()) if head else (0, "")
            return Checked(
                intact=True,
                entries=entries,
                head_hash=digest,
                broken_at=None,
                damage=None,
                sentence=f"The chain holds: {entries} entries, head {digest or 'none'}.",
            )
        case audit.Broken(seq, damage):
            return Checked(
                intact=False,
                entries=seq - 1,
                head_hash="",
                broken_at=seq,
                damage=damage.value,
                sentence=f"The chain is broken at entry {seq}: {damage.value}.",
            )


async def write(parts: Frontdesk, find: FindTenant, out: Path | None) -> Written:
    """Write the entries of a business, one JSON object per line, then one line with the chain's head."""
    tenant_id = await find(parts)
    with nullcontext(sys.stdout) if out is None else out.open("w", encoding="utf-8") as file:
        async with parts.system.transaction() as tx:
            entries, digest = await write_export(tx, file.write, tenant_id=tenant_id)
    return Written(entries=entries, head_hash=digest)
