"""The law on texts as data, and its judge: whether a text may go to a person at a moment."""

from frontdesk.features.consent.law.book import RULES, RULESET_SHA256, RULESET_VERSION
from frontdesk.features.consent.law.judging import judge, next_window, window_end
from frontdesk.features.consent.law.places import possible_zones
from frontdesk.features.consent.law.question import (
    WIDEN_UNKNOWN,
    AppliedRule,
    ConsentProof,
    Question,
    Registration,
    Ruling,
    Verdict,
    read_registrations,
)
from frontdesk.features.consent.law.states import TEXAS_REGISTRATION

__all__ = [
    "RULES",
    "RULESET_SHA256",
    "RULESET_VERSION",
    "TEXAS_REGISTRATION",
    "WIDEN_UNKNOWN",
    "AppliedRule",
    "ConsentProof",
    "Question",
    "Registration",
    "Ruling",
    "Verdict",
    "judge",
    "next_window",
    "possible_zones",
    "read_registrations",
    "window_end",
]
