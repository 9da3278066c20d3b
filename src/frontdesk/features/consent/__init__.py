"""May we text this person now? STOP, START, HELP, and the ledger of it all."""

from frontdesk.features.consent.model import Heard, OptOutJournal, Refusal, Reply, confirmation_text
from frontdesk.features.consent.service import (
    find_refusal,
    hear,
    note_carrier_opt_out,
    note_reply,
    note_stop_to_unknown_number,
)
from frontdesk.features.consent.wording import Verdict, Wording, understand

__all__ = [
    "Heard",
    "OptOutJournal",
    "Refusal",
    "Reply",
    "Verdict",
    "Wording",
    "confirmation_text",
    "find_refusal",
    "hear",
    "note_carrier_opt_out",
    "note_reply",
    "note_stop_to_unknown_number",
    "understand",
]
