"""Why a text to one of many was not sent, waits or failed, as it stands in a table: the words are those of insights."""

from __future__ import annotations

import re

from frontdesk.features.insights import why_no_text, why_not_delivered

_OF_A_CARRIER = re.compile(r"[0-9]{4,6}").fullmatch
_WHO = "the person"


def reason_words(code: str, citation: str = "") -> str:
    """Say a reason in words, with the rule it comes from where the law is one; empty for no reason."""
    if not code:
        return ""
    words = why_not_delivered(code, who=_WHO) if _OF_A_CARRIER(code) else why_no_text(code, who=_WHO)
    lawful = citation if code.startswith(("law.", "consent.")) else ""
    shown = words[:1].upper() + words[1:]
    return f"{shown} ({lawful})" if lawful else shown
