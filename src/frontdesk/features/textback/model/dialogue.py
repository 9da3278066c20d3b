"""Where a dialogue stands, and what comes next: decided from what was understood, without a clock or a database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from frontdesk.features import assistant

OFFERS_LAST = timedelta(hours=12)  # what was offered is looked up anew after that; the booking itself always is
ASKED_AT_MOST = 2  # who is not understood twice in a row gets a person
HUMAN_KEEPS = timedelta(hours=24)  # after a person has written, the dialogue leaves the thread to them for so long


class Stage(StrEnum):
    """Where a dialogue stands; with a person it is silent."""

    IDLE = "idle"
    OFFERING = "offering"
    ASKING = "asking"
    WITH_PERSON = "with_person"


class Asking(StrEnum):
    """What a yes would do, or what else was asked."""

    NOTHING = "nothing"
    BOOK = "book"
    MOVE = "move"
    CALL_OFF = "call_off"
    SERVICE = "service"
    CHANGE_OR_CALL_OFF = "change_or_call_off"


@dataclass(frozen=True, slots=True)
class OfferedSlot:
    """A slot that was free when it was shown."""

    resource_id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The dialogue of a thread; `asked` counts replies in a row that were not understood.

    `appointment_id` is the one to be moved or called off, `offers` the slots on the table in the order shown.
    """

    conversation_id: UUID
    stage: Stage = Stage.IDLE
    asking: Asking = Asking.NOTHING
    service_id: UUID | None = None
    appointment_id: UUID | None = None
    offers: tuple[OfferedSlot, ...] = ()
    offered_at: datetime | None = None
    expires_at: datetime | None = None
    last_meaning: str = ""
    asked: int = 0
    language: assistant.Language = assistant.Language.ENGLISH
    released_at: datetime | None = None

    def on_table(self, now: datetime) -> tuple[OfferedSlot, ...]:
        """List what may still be taken: nothing once the offers are old, and no slot that has begun."""
        if self.expires_at is None or self.expires_at <= now:
            return ()
        return self.offers if all(one.starts_at > now for one in self.offers) else ()


@dataclass(frozen=True, slots=True)
class Offer:
    """Offer free slots in `windows`, or the next ones; `moving`: for the appointment that the person has."""

    windows: tuple[assistant.TimeWindow, ...] = ()
    service: str = ""
    moving: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """Book the slot, or move the appointment there."""

    slot: OfferedSlot


@dataclass(frozen=True, slots=True)
class AskWhether:
    """Ask whether this slot is meant; a yes takes it."""

    slot: OfferedSlot


@dataclass(frozen=True, slots=True)
class AskWhichHour:
    """Ask which of two readings of a time is meant."""

    first: assistant.TimeWindow
    second: assistant.TimeWindow


class Ask(StrEnum):
    """Questions that need no slot."""

    WHICH_OFFER = "which_offer"
    WHICH_TIME = "which_time"
    WHAT = "what"
    CALL_OFF = "call_off"
    CHANGE_OR_CALL_OFF = "change_or_call_off"


@dataclass(frozen=True, slots=True)
class CallOff:
    """Call the appointment off: the person has said so twice."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave the appointment as it is, and say so."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Leave the thread to a person at the business; `because` is asked, question, unsure, urgent or no_appointment."""

    because: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Say nothing, with the reason."""

    because: str


Step = Offer | Take | AskWhether | AskWhichHour | Ask | CallOff | Keep | HandOver | Silent


def decide(  # noqa: C901, PLR0911 - one branch per meaning
    dialogue: Dialogue, meaning: assistant.Meaning, *, has_appointment: bool, now: datetime
) -> Step:
    """Say what the dialogue does about a reply.

    Only a plain choice among the offers, or a yes to one named slot, takes a slot; only a yes to being asked calls an
    appointment off. Whatever else could do either is asked about, and asked twice in vain it goes to a person.
    """
    table = dialogue.on_table(now)
    match meaning:
        case assistant.WantsPerson(urgent):
            return HandOver("urgent" if urgent else "asked")
        case assistant.AsksQuestion():
            return HandOver("question")
        case assistant.Thanks():
            return Silent("thanks")
        case assistant.Confirms():
            return _confirmed(dialogue, table)
        case assistant.Declines():
            return _declined(dialogue)
        case assistant.ChoosesOffer(index):
            return Take(table[index]) if index < len(table) else _unsure(dialogue, Ask.WHICH_TIME)
        case assistant.AsksTime(windows, service):
            moving = has_appointment and (dialogue.asking is Asking.MOVE or dialogue.appointment_id is not None)
            return Offer(windows, service, moving=moving)
        case assistant.WantsAppointment(service):
            return Offer((), service)
        case assistant.WantsChange(windows):
            return Offer(windows, moving=True) if has_appointment else Offer(windows)
        case assistant.WantsCancel():
            if not has_appointment:
                return HandOver("no_appointment")
            return CallOff() if dialogue.asking is Asking.CALL_OFF else Ask.CALL_OFF
        case assistant.Unsure(candidates):
            return _candidates(dialogue, candidates, table, has_appointment=has_appointment)


def _confirmed(dialogue: Dialogue, table: tuple[OfferedSlot, ...]) -> Step:
    if dialogue.asking is Asking.CALL_OFF:
        return CallOff()
    if len(table) == 1:
        return Take(table[0])
    if table:
        return _unsure(dialogue, Ask.WHICH_OFFER)
    return Silent("nothing asked") if dialogue.stage is Stage.IDLE else _unsure(dialogue, Ask.WHICH_TIME)


def _declined(dialogue: Dialogue) -> Step:
    if dialogue.asking is Asking.CALL_OFF:
        return Keep()
    if dialogue.stage is Stage.IDLE:
        return Silent("nothing asked")
    return _unsure(dialogue, Ask.WHICH_TIME)


def _candidates(
    dialogue: Dialogue,
    candidates: tuple[assistant.Sure, ...],
    table: tuple[OfferedSlot, ...],
    *,
    has_appointment: bool,
) -> Step:
    chosen = [one.index for one in candidates if isinstance(one, assistant.ChoosesOffer) and one.index < len(table)]
    if len(chosen) == 1:
        return _unsure(dialogue, AskWhether(table[chosen[0]]))
    if chosen:
        return _unsure(dialogue, Ask.WHICH_OFFER)
    times = [one for one in candidates if isinstance(one, assistant.AsksTime | assistant.WantsChange) and one.windows]
    if len(times) > 1:
        return _unsure(dialogue, AskWhichHour(times[0].windows[0], times[1].windows[0]))
    kinds = {type(one) for one in candidates}
    if has_appointment and assistant.WantsCancel in kinds:
        asked = Ask.CHANGE_OR_CALL_OFF if assistant.WantsChange in kinds else Ask.CALL_OFF
        return _unsure(dialogue, asked)
    if dialogue.asking is Asking.CALL_OFF:
        return _unsure(dialogue, Ask.CALL_OFF)
    return _unsure(dialogue, Ask.WHICH_OFFER if table else Ask.WHAT)


def _unsure(dialogue: Dialogue, ask: Ask | AskWhether | AskWhichHour) -> Step:
    return ask if dialogue.asked + 1 < ASKED_AT_MOST else HandOver("unsure")


def counted(dialogue: Dialogue, step: Step) -> Dialogue:
    """Count replies in a row that were not understood; whatever moves on starts the count anew."""
    if isinstance(step, AskWhether | AskWhichHour) or step in (Ask.WHICH_OFFER, Ask.WHICH_TIME, Ask.WHAT):
        return replace(dialogue, asked=dialogue.asked + 1)
    return replace(dialogue, asked=0)


def is_silenced(dialogue: Dialogue, *, last_by_hand: datetime | None, now: datetime) -> bool:
    """Tell whether a person has the thread: it was handed over, or somebody wrote in it within a day.

    A person who settles the thread gives it back.
    """
    if dialogue.stage is Stage.WITH_PERSON:
        return True
    if last_by_hand is None or now - last_by_hand > HUMAN_KEEPS:
        return False
    return dialogue.released_at is None or last_by_hand > dialogue.released_at
