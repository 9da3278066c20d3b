"""Consent in records: what a person said, what follows, and what the ledger keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

# At most one confirmation of a STOP a day, whatever a person or a script sends (47 CFR 64.1200(a)(12): one per STOP).
CONFIRM_EVERY = timedelta(hours=24)
HELP_EVERY = timedelta(minutes=10)


class LedgerEvent(StrEnum):
    """What the consent ledger knows of."""

    STOP = "stop"
    STOP_MARKETING = "stop_marketing"
    START = "start"
    HELP = "help"
    STOP_CONFIRMED = "stop_confirmed"
    START_CONFIRMED = "start_confirmed"
    HELP_ANSWERED = "help_answered"
    CARRIER_STOP = "carrier_stop"


class Reply(StrEnum):
    """What a compliance text must answer, if anything."""

    NOTHING = "nothing"
    STOP_CONFIRMATION = "stop_confirmation"
    START_CONFIRMATION = "start_confirmation"
    HELP = "help"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a text changed: the reply it calls for, and whether a person should look at it."""

    reply: Reply
    unsure: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A person who must not be texted."""

    phone_e164: str
    scope: str
    reason: str
    since: datetime


class OptOutJournal(Protocol):
    """The journal of opt-outs outside the database; an entry is on disk when `append` returns."""

    async def append(self, entry: Mapping[str, object], *, at: datetime) -> object:
        """Write one entry durably; raises if it cannot."""
        ...


def confirmation_text(reply: Reply, *, business: str, phone: str) -> str:
    """Write the answer to a STOP, START or HELP: sender named, no promotion, the way back or out (CTIA handbook)."""
    match reply:
        case Reply.STOP_CONFIRMATION:
            return f"{business}: You are opted out and will get no more texts from us. Reply START to get texts again."
        case Reply.START_CONFIRMATION:
            return (
                f"{business}: You will get texts about your calls again. Msg frequency varies. "
                "Msg & data rates may apply. Reply HELP for help, STOP to opt out."
            )
        case Reply.HELP:
            contact = f" Call {phone}." if phone else ""
            return (
                f"{business}: We text you when we miss your call.{contact} Msg frequency varies. "
                "Msg & data rates may apply. Reply STOP to opt out."
            )
        case Reply.NOTHING:
            return ""
