"""Tables of outgoing webhooks: who is told of what, and every try."""

from __future__ import annotations

OUTGOING_HOOKS: tuple[str, ...] = ()
