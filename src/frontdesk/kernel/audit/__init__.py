"""Audit: a log that shows when it was tampered with, and the hash chains under it."""

from __future__ import annotations

from frontdesk.kernel.audit.anchors import ANCHOR_KEY, JOURNAL, Anchor, AnchorBook, AnchorReading, open_book
from frontdesk.kernel.audit.chain import (
    Broken,
    ChainCheck,
    ChainHead,
    ChainState,
    Damage,
    Intact,
    Link,
    canonical_json,
    export_line,
    genesis,
    keepable,
    link_hash,
    verify_export,
)
from frontdesk.kernel.audit.log import (
    AuditEntry,
    Stretch,
    find_head,
    list_entries,
    search_entries,
    verify_chain,
    verify_stretch,
    write_entry,
)

__all__ = [
    "ANCHOR_KEY",
    "JOURNAL",
    "Anchor",
    "AnchorBook",
    "AnchorReading",
    "AuditEntry",
    "Broken",
    "ChainCheck",
    "ChainHead",
    "ChainState",
    "Damage",
    "Intact",
    "Link",
    "Stretch",
    "canonical_json",
    "export_line",
    "find_head",
    "genesis",
    "keepable",
    "link_hash",
    "list_entries",
    "open_book",
    "search_entries",
    "verify_chain",
    "verify_export",
    "verify_stretch",
    "write_entry",
]
