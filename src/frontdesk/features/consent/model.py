"""Consent in records: what a person said, what follows, and what the ledger keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

# At most one confirmation of a STOP a day, whatever a person or a script sends (47 CFR 64.1200(a)(12): one per STOP).
CONFIRM_EVERY = timedelta(hours=24)
HELP_EVERY = timedelta(minutes=10)
# How long a person may take to answer the text that asks whether they really want texts.
REQUEST_OPEN_FOR = timedelta(hours=72)
# Who agreed longer ago signed up elsewhere, or was told then: a consent put on record later welcomes nobody.
WELCOME_WITHIN = timedelta(hours=24)


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
    OPT_IN = "opt_in"
    OPT_IN_REQUESTED = "opt_in_requested"
    OPT_IN_CONFIRMED = "opt_in_confirmed"
    OPT_IN_EXPIRED = "opt_in_expired"
    OPT_IN_CANCELED = "opt_in_canceled"
    OPT_IN_REVOKED = "opt_in_revoked"
    LISTED = "do_not_contact_listed"
    UNLISTED = "do_not_contact_unlisted"


class Reply(StrEnum):
    """What a compliance text must answer, if anything."""

    NOTHING = "nothing"
    STOP_CONFIRMATION = "stop_confirmation"
    START_CONFIRMATION = "start_confirmation"
    HELP = "help"
    OPT_IN_CONFIRMATION = "opt_in_confirmation"


class ConsentKind(StrEnum):
    """How consent was given; marketing takes written consent alone (47 CFR 64.1200(f)(9))."""

    WRITTEN = "written"
    ORAL = "oral"
    IMPLIED = "implied"


class ConsentScope(StrEnum):
    """What consent was given to."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


class RefusalScope(StrEnum):
    """What a person must not be sent."""

    ALL = "all"
    MARKETING = "marketing"


class RefusalSource(StrEnum):
    """Who put a person on the do-not-contact list, which decides who may take them off it."""

    PERSON = "person"  # only their own new consent lifts it
    CARRIER = "carrier"  # the same
    UNSURE = "unsure"  # words of theirs that may have meant it: whoever has read them may lift it
    BUSINESS = "business"  # by hand or from a list


class RequestOutcome(StrEnum):
    """What became of a consent that the person was asked to confirm."""

    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a text changed: the reply it calls for, and whether a person should look at it."""

    reply: Reply
    unsure: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A person who must not be texted; `source` is who said so: person, carrier, unsure or business."""

    phone_e164: str
    scope: str
    reason: str
    source: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalRefusal:
    """A person whom no business on this platform may text."""

    phone_e164: str
    scope: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRefusal:
    """A person who said STOP to one of our numbers, whoever used it then."""

    sender_e164: str
    phone_e164: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn:
    """A consent as it was given, with the evidence that the law asks for; what is not known is empty.

    `zone` is where the clock of `given_at` stood, `sellers` are who may text by it, and `not_a_condition` says that
    the person was told that they need not agree in order to buy (47 CFR 64.1200(f)(9)).
    """

    phone_e164: str
    kind: ConsentKind = ConsentKind.WRITTEN
    scope: ConsentScope = ConsentScope.MARKETING
    text_shown: str = ""
    url: str = ""
    given_at: datetime | None = None
    zone: str = ""
    ip: str = ""
    user_agent: str = ""
    sellers: tuple[str, ...] = ()
    not_a_condition: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptInRecord:
    """A consent on record: every field of the evidence, and in `missing` what it lacks to permit marketing."""

    id: UUID
    phone_e164: str
    kind: ConsentKind
    scope: ConsentScope
    text_shown: str
    text_sha256: str
    url: str
    given_at: datetime | None
    zone: str
    ip: str
    user_agent: str
    sellers: tuple[str, ...]
    not_a_condition: bool
    source: str
    recorded_at: datetime
    recorded_by: str
    confirmed_at: datetime | None
    revoked_at: datetime | None
    revoked_because: str
    missing: tuple[str, ...]

    @property
    def permits_marketing(self) -> bool:
        """Whether this alone permits marketing: written, complete, for marketing, not taken back."""
        return not self.missing and self.revoked_at is None and self.scope is ConsentScope.MARKETING


@dataclass(frozen=True, slots=True, kw_only=True)
class OptInRequest:
    """A consent that waits for the person's own YES by text."""

    id: UUID
    phone_e164: str
    frequency: str
    requested_at: datetime
    expires_at: datetime
    outcome: RequestOutcome | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a person may be texted now and why not: `transactional` and `marketing` are '' or a code."""

    phone_e164: str
    transactional: str
    marketing: str
    refusal: Refusal | None
    everywhere: GlobalRefusal | None
    senders: tuple[SenderRefusal, ...]
    written_consent: OptInRecord | None
    request: OptInRequest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidRow:
    """A row of a list that names no phone number: its line in the file (the first is 1), and why."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListImport:
    """An import of a do-not-contact list; what it has read so far is in force, also if it never finished."""

    id: UUID
    name: str
    scope: str
    started_at: datetime
    finished_at: datetime | None
    imported_by: str
    rows_read: int
    added: int
    known: int
    invalid: int
    invalid_rows: tuple[InvalidRow, ...]


class OptOutJournal(Protocol):
    """The journal of opt-outs outside the database; an entry is on disk when `append` returns."""

    async def append(self, entry: Mapping[str, object], *, at: datetime) -> object:
        """Write one entry durably; raises if it cannot."""
        ...


def sha256_of(text: str) -> str:
    """Compute the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def missing_of(opt_in: OptIn | OptInRecord) -> tuple[str, ...]:
    """Name what a consent lacks to be written consent to marketing (47 CFR 64.1200(f)(9)); empty if nothing."""
    fields = {
        "written": opt_in.kind is ConsentKind.WRITTEN,
        "text_shown": bool(opt_in.text_shown.strip()),
        "url": bool(opt_in.url.strip()),
        "given_at": opt_in.given_at is not None,
        "zone": bool(opt_in.zone.strip()),
        "ip": bool(opt_in.ip.strip()),
        "user_agent": bool(opt_in.user_agent.strip()),
        "sellers": any(seller.strip() for seller in opt_in.sellers),
        "not_a_condition": opt_in.not_a_condition,
        "source": bool(opt_in.source.strip()),
    }
    return tuple(name for name, given in fields.items() if not given)


def judged(record: OptInRecord) -> OptInRecord:
    """Judge a consent on record anew: by its fields as they are now, and whether its text is still the one hashed."""
    missing = missing_of(record)
    if sha256_of(record.text_shown) != record.text_sha256:
        missing = (*missing, "text_sha256")
    return record if missing == record.missing else replace(record, missing=missing)


def read_record(document: str) -> OptInRecord:
    """Read a consent from its row as JSON (`to_jsonb` of `opt_ins`); what it lacks is judged anew, not believed."""
    return judged(msgspec.json.decode(document, type=OptInRecord))


_YES = frozenset(
    {"yes", "y", "yes please", "yes i agree", "i agree", "agree", "confirm", "yep", "yeah", "si", "sí", "oui", "ok yes"}
)


def says_yes(body: str) -> bool:
    """Tell whether a text is nothing but a yes; it counts only while the person is being asked."""
    kept = "".join(letter if letter.isalpha() else " " for letter in body[:64].casefold())
    return len(body) <= 64 and " ".join(kept.split()) in _YES  # noqa: PLR2004 - longer is no plain yes


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
        case Reply.OPT_IN_CONFIRMATION:
            return welcome_text(business=business, frequency="")
        case Reply.NOTHING:
            return ""


def welcome_text(*, business: str, frequency: str) -> str:
    """Write the text that confirms a consent: brand, frequency, rates, HELP and STOP (CTIA handbook, R10)."""
    return (
        f"{business}: You are signed up for our texts. {frequency or 'Msg frequency varies'}. "
        "Msg & data rates may apply. Reply HELP for help, STOP to opt out."
    )


def request_text(*, business: str, frequency: str) -> str:
    """Write the text that asks a person to confirm their consent: brand, frequency, rates, HELP and STOP (CTIA)."""
    return (
        f"{business}: Reply YES to get our marketing texts. {frequency or 'Msg frequency varies'}. "
        "Msg & data rates may apply. Reply HELP for help, STOP to opt out."
    )
