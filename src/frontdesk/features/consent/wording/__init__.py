"""What an inbound text means for consent: STOP, HELP, START, or an ordinary message."""

from frontdesk.features.consent.wording.reading import (
    WORDING_VERSION,
    Evidence,
    Scope,
    Verdict,
    Wording,
    understand,
)

__all__ = ["WORDING_VERSION", "Evidence", "Scope", "Verdict", "Wording", "understand"]
