"""Tables of consent in writing: opt-in records, double opt-in, lists of people who must not be contacted."""

from __future__ import annotations

CONSENT_RECORDS: tuple[str, ...] = ()
