"""Doing what the dialogue decided: offers, bookings, changes, and the hand-over to a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from frontdesk.features import assistant, conversations, scheduling, tenants
from frontdesk.features.assistant import Language
from frontdesk.features.textback.dialogue import words
from frontdesk.features.textback.dialogue.slots import find_slots
from frontdesk.features.textback.model.dialogue import (
    OFFERS_LAST,
    Ask,
    Asking,
    AskWhether,
    AskWhichHour,
    CallOff,
    Dialogue,
    HandOver,
    Keep,
    Offer,
    OfferedSlot,
    Silent,
    Stage,
    Step,
    Take,
)
from frontdesk.kernel import actor
from frontdesk.kernel.db import Transaction

SOURCE = "dialogue"
US = actor.system("dialogue")
MOST_SERVICES = 4
HANDED_OVER = "dialogue_handed_over"
SUBJECTS = {
    "asked": "Somebody asks to talk to a person. Answer in the thread or call back.",
    "urgent": "Somebody writes that it is urgent. Call back now.",
    "question": "Somebody has a question or news that only a person can answer.",
    "unsure": "The program did not understand somebody twice. Answer in the thread.",
    "no_appointment": "Somebody wants to call off an appointment that is not on record.",
    "no_slots": "Somebody wants an appointment and no time is free. Call back.",
    "too_late": "A text was not answered in time. Answer in the thread.",
    "opted_out": "Somebody who has opted out of texts writes to you. Call back if they want that.",
    "no_payments": "Somebody wants a time that takes a deposit, and no payments are set up. Call back.",
    "refused": "A booking by text could not be made. Answer in the thread.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What an answer is made from: the text, its business, what can be booked, and what the person has booked."""

    inbound: conversations.InboundText
    business: tenants.Tenant
    services: tuple[scheduling.Service, ...]
    resources: tuple[scheduling.Resource, ...]
    upcoming: tuple[scheduling.Appointment, ...]
    language: Language
    deposit_base_url: str | None

    @property
    def zone(self) -> str:
        """Whose clock times are said on."""
        return self.business.timezone


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say ("" is nothing), how the dialogue stands then, and a code of what was done."""

    body: str
    dialogue: Dialogue
    outcome: str


async def act(  # noqa: PLR0911 - one per step
    tx: Transaction, scene: Scene, dialogue: Dialogue, step: Step
) -> Answer:
    """Do what was decided and find the words for it."""
    match step:
        case Offer():
            return await _offer(tx, scene, dialogue, step)
        case Take(slot):
            return await _take(tx, scene, dialogue, slot)
        case AskWhether(slot):
            when = words.say_when(slot.starts_at, zone=scene.zone, language=scene.language)
            asking = Asking.MOVE if dialogue.asking is Asking.MOVE else Asking.BOOK
            return Answer(
                words.whether(when=when, language=scene.language),
                _tabled(tx, replace(dialogue, stage=Stage.ASKING, asking=asking), (slot,)),
                "asked",
            )
        case AskWhichHour(first, second):
            said = [_hour(scene, one) for one in (first, second)]
            return Answer(words.which_hour(first=said[0], second=said[1], language=scene.language), dialogue, "asked")
        case Ask():
            return _ask(tx, scene, dialogue, step)
        case CallOff():
            return await _call_off(tx, scene, dialogue)
        case Keep():
            return Answer(words.kept(when=_when(scene, scene.upcoming[0]), language=scene.language)
                          if scene.upcoming else "", _cleared(dialogue), "kept")  # fmt: skip
        case HandOver(because):
            return await hand_over(tx, scene, dialogue, because)
        case Silent(because):
            return Answer("", dialogue, because)
        case _:
            assert_never(step)


async def hand_over(tx: Transaction, scene: Scene, dialogue: Dialogue, because: str) -> Answer:
    """Leave the thread to a person: a task is raised, the person is told, and the dialogue is silent from here on."""
    await conversations.raise_task(
        tx,
        conversation_id=scene.inbound.conversation_id,
        kind=HANDED_OVER,
        subject=SUBJECTS[because],
        source_key=f"{HANDED_OVER}:{scene.inbound.id}",
    )
    await conversations.ask_for_person(tx, conversation_id=scene.inbound.conversation_id)
    body = words.handed_over(business=scene.business.name, urgent=because == "urgent", language=scene.language)
    return Answer(body, replace(_cleared(dialogue), stage=Stage.WITH_PERSON), f"handed_over_{because}")


def _hour(scene: Scene, window: assistant.TimeWindow) -> str:
    said = words.say_when(window.starts_at, zone=scene.zone, language=Language.ENGLISH)
    return said.rpartition(" at ")[2]


def _when(scene: Scene, appointment: scheduling.Appointment) -> str:
    return words.say_when(appointment.starts_at, zone=scene.zone, language=scene.language)


def _cleared(dialogue: Dialogue) -> Dialogue:
    return replace(
        dialogue,
        stage=Stage.IDLE,
        asking=Asking.NOTHING,
        offers=(),
        offered_at=None,
        expires_at=None,
        appointment_id=None,
        asked=0,
    )


def _tabled(tx: Transaction, dialogue: Dialogue, slots: tuple[OfferedSlot, ...]) -> Dialogue:
    return replace(dialogue, offers=slots, offered_at=tx.now, expires_at=tx.now + OFFERS_LAST)


def _ask(tx: Transaction, scene: Scene, dialogue: Dialogue, which: Ask) -> Answer:
    upcoming = scene.upcoming[0] if scene.upcoming else None
    what = "" if upcoming is None else f"{upcoming.service_name}, {_when(scene, upcoming)}"
    letters = words.labels_for([one.starts_at for one in dialogue.offers], zone=scene.zone)[:1] == ("A",)
    english = "letter" if letters else "number"
    labelled = {"letter": "letra", "number": "n\u00famero"}[english] if scene.language is Language.SPANISH else english
    body = words.ask(which, what=what, labelled=labelled, language=scene.language)
    if which in {Ask.CALL_OFF, Ask.CHANGE_OR_CALL_OFF} and upcoming is not None:
        asking = Asking.CALL_OFF if which is Ask.CALL_OFF else Asking.CHANGE_OR_CALL_OFF
        cleared = replace(
            _cleared(dialogue), stage=Stage.ASKING, asking=asking, appointment_id=upcoming.id, asked=dialogue.asked
        )
        return Answer(body, _tabled(tx, cleared, ()), "asked")
    return Answer(body, dialogue, "asked")


def _service_of(scene: Scene, dialogue: Dialogue, named: str, *, moving: bool) -> scheduling.Service | None:
    """Settle which service is meant; None if it must be asked."""
    if moving and scene.upcoming:
        held = next((one for one in scene.services if one.id == scene.upcoming[0].service_id), None)
        if held is not None:
            return held
    by_name = next((one for one in scene.services if one.name == named), None)
    if by_name is not None:
        return by_name
    if len(scene.services) == 1:
        return scene.services[0]
    return next((one for one in scene.services if one.id == dialogue.service_id), None)


async def _offer(tx: Transaction, scene: Scene, dialogue: Dialogue, step: Offer) -> Answer:
    moving = step.moving and bool(scene.upcoming)
    service = _service_of(scene, dialogue, step.service, moving=moving)
    if service is None:
        names = [one.name for one in scene.services[:MOST_SERVICES]]
        asking = replace(_cleared(dialogue), stage=Stage.ASKING, asking=Asking.SERVICE)
        body = words.which_service(names=names, language=scene.language)
        return Answer(body, _tabled(tx, asking, ()), "asked_service")
    return await _offer_of(tx, scene, dialogue, service, windows=step.windows, moving=moving, preface="")


async def _offer_of(
    tx: Transaction,
    scene: Scene,
    dialogue: Dialogue,
    service: scheduling.Service,
    *,
    windows: tuple[assistant.TimeWindow, ...],
    moving: bool,
    preface: str,
) -> Answer:
    held = frozenset({scene.upcoming[0].starts_at}) if moving else frozenset()
    found = await find_slots(tx, service_id=service.id, windows=windows, zone=scene.zone, but=held)
    if not found.slots:
        return await hand_over(tx, scene, dialogue, "no_slots")
    if not preface and not found.as_wished:
        preface = words.not_free(language=scene.language)
    body = words.offers(
        business=scene.business.name,
        starts=[one.starts_at for one in found.slots],
        zone=scene.zone,
        language=scene.language,
        preface=preface,
        moving=moving,
    )
    offering = replace(
        dialogue,
        stage=Stage.OFFERING,
        asking=Asking.MOVE if moving else Asking.BOOK,
        service_id=service.id,
        appointment_id=scene.upcoming[0].id if moving else None,
    )
    return Answer(body, _tabled(tx, offering, found.slots), "offered")


async def _take(tx: Transaction, scene: Scene, dialogue: Dialogue, slot: OfferedSlot) -> Answer:
    service = next((one for one in scene.services if one.id == dialogue.service_id), None)
    if service is None:
        return await hand_over(tx, scene, dialogue, "refused")
    when = words.say_when(slot.starts_at, zone=scene.zone, language=scene.language)
    if dialogue.asking is Asking.MOVE and dialogue.appointment_id is not None:
        return await _move(tx, scene, dialogue, service, slot)
    if service.deposit_cents:
        return await _ask_deposit(tx, scene, dialogue, service, slot)
    held = await scheduling.hold_slot(
        tx,
        service_id=service.id,
        resource_id=slot.resource_id,
        starts_at=slot.starts_at,
        contact_id=scene.inbound.contact_id,
        source=SOURCE,
    )
    if isinstance(held, scheduling.SlotTaken):
        return await _others(tx, scene, dialogue, service, slot)
    made = await scheduling.confirm_hold(tx, hold_id=held.hold.id, contact_id=scene.inbound.contact_id, source=SOURCE)
    if isinstance(made, scheduling.SlotTaken):
        return await _others(tx, scene, dialogue, service, slot)
    body = words.booked(business=scene.business.name, service=service.name, when=when, language=scene.language)
    return Answer(body, _cleared(dialogue), "booked")


async def _others(
    tx: Transaction, scene: Scene, dialogue: Dialogue, service: scheduling.Service, lost: OfferedSlot
) -> Answer:
    """Offer other slots after the chosen one was lost, nearest to it."""
    around = assistant.TimeWindow(lost.starts_at, lost.starts_at, assistant.Grain.MOMENT)
    return await _offer_of(
        tx,
        scene,
        dialogue,
        service,
        windows=(around,),
        moving=dialogue.asking is Asking.MOVE,
        preface=words.just_gone(language=scene.language),
    )


async def _move(
    tx: Transaction, scene: Scene, dialogue: Dialogue, service: scheduling.Service, slot: OfferedSlot
) -> Answer:
    appointment = next((one for one in scene.upcoming if one.id == dialogue.appointment_id), None)
    if appointment is None:
        return await hand_over(tx, scene, dialogue, "no_appointment")
    moved = await scheduling.reschedule_appointment(
        tx, appointment_id=appointment.id, starts_at=slot.starts_at, source=SOURCE, by=US, resource_id=slot.resource_id
    )
    if isinstance(moved, scheduling.SlotTaken):
        return await _others(tx, scene, dialogue, service, slot)
    when = words.say_when(slot.starts_at, zone=scene.zone, language=scene.language)
    body = words.moved(business=scene.business.name, service=service.name, when=when, language=scene.language)
    return Answer(body, _cleared(dialogue), "moved")


async def _ask_deposit(
    tx: Transaction, scene: Scene, dialogue: Dialogue, service: scheduling.Service, slot: OfferedSlot
) -> Answer:
    """Keep the slot until its deposit is paid; the payment books it, and scheduling tells the person then."""
    if scene.deposit_base_url is None:
        return await hand_over(tx, scene, dialogue, "no_payments")
    held = await scheduling.hold_slot(
        tx,
        service_id=service.id,
        resource_id=slot.resource_id,
        starts_at=slot.starts_at,
        contact_id=scene.inbound.contact_id,
        source=SOURCE,
    )
    if isinstance(held, scheduling.SlotTaken):
        return await _others(tx, scene, dialogue, service, slot)
    due = await scheduling.ask_deposit(
        tx, hold_id=held.hold.id, contact_id=scene.inbound.contact_id, base_url=scene.deposit_base_url
    )
    when = words.say_when(slot.starts_at, zone=scene.zone, language=scene.language)
    amount = scheduling.say_amount(due.amount_cents, due.currency)
    terms = words.deposit_terms((await scheduling.get_page(tx)).refund_hours, language=scene.language)
    body = words.pay(when=when, amount=amount, url=due.url, terms=terms, language=scene.language)
    return Answer(body, _cleared(dialogue), "deposit_asked")


async def _call_off(tx: Transaction, scene: Scene, dialogue: Dialogue) -> Answer:
    wanted: UUID | None = dialogue.appointment_id
    appointment = next((one for one in scene.upcoming if one.id == wanted), None)
    if appointment is None:
        return await hand_over(tx, scene, dialogue, "no_appointment")
    await scheduling.cancel_appointment(
        tx, appointment_id=appointment.id, because="the person asked for it by text", source=SOURCE, by=US
    )
    body = words.called_off(service=appointment.service_name, when=_when(scene, appointment), language=scene.language)
    asked = await scheduling.find_terms(tx, appointment_id=appointment.id)
    if asked is not None:
        body = f"{body} {words.deposit_ends(given_back=asked.given_back_at is not None, language=scene.language)}"
    return Answer(body, _cleared(dialogue), "called_off")
