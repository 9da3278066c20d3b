"""Tables of people in number: fields, tags, segments, imports."""

from __future__ import annotations

CONTACT_LISTS: tuple[str, ...] = ()
