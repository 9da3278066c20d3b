"""Evidence of tampering: an audit chain as it is now, written beside the journal before anybody touches it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO
from uuid import UUID

from frontdesk.kernel import audit
from frontdesk.kernel.audit import AuditEntry
from frontdesk.kernel.db import Transaction
from frontdesk.operations.custody.model import name_of

PAGE = 1_000


async def write_export(tx: Transaction, write: Callable[[str], object], *, tenant_id: UUID | None) -> tuple[int, str]:
    """Write a chain's links, a line of JSON each, then its head; returns the number of the last and the head's hash."""
    head = await audit.find_head(tx, chain="audit", tenant_id=tenant_id)
    entries = 0
    while page := await audit.list_entries(tx, tenant_id=tenant_id, after_seq=entries, limit=PAGE):
        await asyncio.to_thread(write, "".join(audit.export_line(entry.link) + "\n" for entry in page))
        entries = page[-1].seq
    digest = head.hash.hex() if head else ""
    whose = None if tenant_id is None else str(tenant_id)
    last = {"chain": "audit", "tenant_id": whose, "entries": entries, "head": digest}
    await asyncio.to_thread(write, json.dumps(last) + "\n")
    return entries, digest


async def keep_evidence(tx: Transaction, folder: Path, *, tenant_id: UUID | None, seq: int) -> Path:
    """Write a broken chain as `audit verify` reads it, and the rows around the break with every column beside it.

    Returns the first of the two files, readable by nobody else. What the disk does not take is an `OSError`.
    """
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    chain = folder / f"audit-{name_of(tenant_id)}-{seq}-{tx.now:%Y%m%dT%H%M%S}.jsonl"
    with _private(chain) as file:
        await write_export(tx, file.write, tenant_id=tenant_id)
    around = await audit.list_entries(tx, tenant_id=tenant_id, after_seq=max(seq - 3, 0), limit=5)
    with _private(chain.with_suffix(".rows.json")) as file:
        json.dump([_shown(entry) for entry in around], file, ensure_ascii=False, indent=1)
    return chain


def _private(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")


def _shown(entry: AuditEntry) -> dict[str, object]:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "actor_name": entry.actor_name,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "canonical": entry.link.canonical,
        "prev_hash": entry.link.prev_hash.hex(),
        "hash": entry.link.hash.hex(),
    }
