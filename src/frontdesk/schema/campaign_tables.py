"""Tables of campaigns: what is said to whom and when, and what became of it."""

from __future__ import annotations

CAMPAIGNS: tuple[str, ...] = ()
