"""The one place where parts are put together."""

from frontdesk.wiring.parts import (
    CALENDAR_TOPIC,
    FEED_TOPIC,
    SEND_TOPIC,
    Frontdesk,
    assemble,
    catalogue,
    twilio_account,
)
from frontdesk.wiring.running import EXIT_AGAIN, EXIT_BROKEN, EXIT_STOPPED, run_part, sign_of_life

__all__ = [
    "CALENDAR_TOPIC",
    "EXIT_AGAIN",
    "EXIT_BROKEN",
    "EXIT_STOPPED",
    "FEED_TOPIC",
    "SEND_TOPIC",
    "Frontdesk",
    "assemble",
    "catalogue",
    "run_part",
    "sign_of_life",
    "twilio_account",
]
