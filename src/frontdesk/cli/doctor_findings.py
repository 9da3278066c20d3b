"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: fine, wrong, or not applicable (None); what was found, and what to do."""

    check: str
    ok: bool | None
    found: str
    remedy: str = ""
