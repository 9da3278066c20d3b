"""Answering texts: each is understood and answered once, unless a person has the thread or nothing may leave."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import assistant, consent, conversations, delivery, scheduling, tenants
from frontdesk.features.conversations.events import TextReceived
from frontdesk.features.textback.dialogue.acting import MOST_SERVICES, SUBJECTS, Answer, Scene, act, hand_over
from frontdesk.features.textback.model.dialogue import (
    Asking,
    Dialogue,
    Offer,
    Silent,
    Stage,
    Step,
    counted,
    decide,
    is_silenced,
)
from frontdesk.features.textback.queries import dialogues as queries
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.jobs import start_run

ASK_MODEL = "textback.ask_model.v1"
ANSWERS_WITHIN = timedelta(minutes=15)  # CTIA: a reply belongs to its exchange; the gates drop it later
REMEMBERS = timedelta(hours=1)
LOOKS_BACK = 8
MANY_DAYS = 2  # a time without a day is read as any of the next days
MONTH_FIRST = frozenset({"US"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the dialogue works with: who sends, whether a model is there, and where deposits are paid (None: not)."""

    lane: delivery.InlineLane
    has_model: bool = False
    deposit_base_url: str | None = None


async def answer_text(tx: Transaction, event: TextReceived, *, means: Means) -> None:
    """Answer a person's text once; nothing where consent has answered, nothing can be booked, or a person has it.

    What rules leave unsure is asked of the model in a run of its own, where there is one and the business allows it.
    """
    if event.wording == consent.Verdict.NONE:
        await answer_message(tx, message_id=event.message_id, means=means, answered=event.answered)


async def answer_message(tx: Transaction, *, message_id: UUID, means: Means, answered: bool = False) -> None:
    """Answer a text that is no opt-out, once; one that consent has `answered` is only written down as such."""
    settings = await queries.get_settings(tx)
    services = tuple(await scheduling.list_services(tx)) if settings.active else ()
    inbound = await conversations.find_inbound(tx, message_id=message_id)
    if not services or inbound is None:
        return
    await delivery.lock_person(tx, phone_e164=inbound.person_e164)
    dialogue = await queries.lock_dialogue(tx, conversation_id=inbound.conversation_id)
    if not await queries.add_turn(
        tx, message_id=inbound.id, conversation_id=inbound.conversation_id, heard_at=inbound.created_at
    ):
        return
    scene = await _scene(tx, inbound, services, dialogue, means)
    silent = "answered_by_consent" if answered else await _why_silent(tx, scene, dialogue)
    if silent:
        await _finish(tx, scene, Answer("", dialogue, silent), meaning="", by="rules", means=means)
        return
    dialogue = _fresh(tx, dialogue)
    reading = assistant.understand(inbound.body, _context(tx, scene, dialogue))
    if isinstance(reading.meaning, assistant.Unsure) and means.has_model and settings.model_allowed:
        await start_run(tx, ASK_MODEL, {"message_id": str(inbound.id)}, key=str(inbound.id))
        return
    await _answer(tx, scene, dialogue, reading, by="rules", means=means)


async def question_for_model(tx: Transaction, *, message_id: UUID) -> tuple[str, assistant.Context] | None:
    """Give the text that a model is to read and what it may know of it; None if it was decided meanwhile."""
    inbound = await conversations.find_inbound(tx, message_id=message_id)
    if inbound is None:
        return None
    services = tuple(await scheduling.list_services(tx))
    if not services:
        return None
    dialogue = await queries.lock_dialogue(tx, conversation_id=inbound.conversation_id)
    scene = await _scene(tx, inbound, services, dialogue, None)
    return inbound.body, _context(tx, scene, _fresh(tx, dialogue))


async def answer_with_model(
    tx: Transaction, *, message_id: UUID, chosen: assistant.ToolCall | None, means: Means
) -> None:
    """Answer a text that a model has read, once; by the rules alone if the model had no usable answer.

    What the model chose is read against the offers that are on the table now, and never books by itself: a choice of
    its own is put to the person first.
    """
    inbound = await conversations.find_inbound(tx, message_id=message_id)
    if inbound is None:
        return
    await delivery.lock_person(tx, phone_e164=inbound.person_e164)
    dialogue = await queries.lock_dialogue(tx, conversation_id=inbound.conversation_id)
    if not await queries.lock_open_turn(tx, message_id=message_id):
        return
    services = tuple(await scheduling.list_services(tx))
    scene = await _scene(tx, inbound, services, dialogue, means)
    silent = await _why_silent(tx, scene, dialogue)
    if silent or not services:
        await _finish(tx, scene, Answer("", dialogue, silent or "no_services"), meaning="", by="model", means=means)
        return
    dialogue = _fresh(tx, dialogue)
    context = _context(tx, scene, dialogue)
    reading = assistant.understand(inbound.body, context)
    read = None if chosen is None else assistant.read_tool_call(chosen, context)
    if read is None:
        await _answer(tx, scene, dialogue, reading, by="rules", means=means)
        return
    await _answer(tx, scene, dialogue, replace(reading, meaning=read), by="model", means=means)


async def give_back(tx: Transaction, *, conversation_id: UUID) -> None:
    """Give a thread back to the dialogue, because a person has dealt with it."""
    # Opened if need be: whoever wrote by hand before there was a dialogue gives the thread back, too.
    await queries.lock_dialogue(tx, conversation_id=conversation_id)
    await queries.record_release(tx, conversation_id=conversation_id)
    await conversations.nobody_waits(tx, conversation_id=conversation_id)


async def get_settings(tx: Transaction) -> queries.DialogueSettings:
    """Get how a business wants its texts answered."""
    return await queries.get_settings(tx)


async def change_settings(tx: Transaction, settings: queries.DialogueSettings) -> None:
    """Set how a business wants its texts answered."""
    await queries.put_settings(tx, settings)


async def _scene(
    tx: Transaction,
    inbound: conversations.InboundText,
    services: tuple[scheduling.Service, ...],
    dialogue: Dialogue,
    means: Means | None,
) -> Scene:
    return Scene(
        inbound=inbound,
        business=await tenants.get_tenant(tx),
        services=services,
        resources=tuple(await scheduling.list_resources(tx)),
        upcoming=tuple(await scheduling.find_upcoming(tx, contact_id=inbound.contact_id)),
        language=dialogue.language,
        deposit_base_url=None if means is None else means.deposit_base_url,
    )


async def _why_silent(tx: Transaction, scene: Scene, dialogue: Dialogue) -> str:
    """Tell why a text gets no automatic answer, "" if it does; whoever would wait in vain becomes a task."""
    refusal = await consent.find_refusal(tx, phone_e164=scene.inbound.person_e164)
    by_hand = await conversations.find_last_by_hand(tx, conversation_id=scene.inbound.conversation_id)
    if is_silenced(dialogue, last_by_hand=by_hand, now=tx.now):
        await conversations.ask_for_person(tx, conversation_id=scene.inbound.conversation_id)
        return "with_person"
    because = ""
    if refusal is not None and refusal.scope == consent.RefusalScope.ALL:
        because = "opted_out"
    elif tx.now - scene.inbound.created_at > ANSWERS_WITHIN:
        because = "too_late"
    if because:
        await conversations.raise_task(
            tx,
            conversation_id=scene.inbound.conversation_id,
            kind=f"dialogue_{because}",
            subject=SUBJECTS[because],
            source_key=f"dialogue:{scene.inbound.id}",
        )
        await conversations.ask_for_person(tx, conversation_id=scene.inbound.conversation_id)
    return because


def _fresh(tx: Transaction, dialogue: Dialogue) -> Dialogue:
    """Forget what was asked or offered too long ago, and slots that have begun."""
    if dialogue.stage is Stage.IDLE or (dialogue.expires_at is not None and dialogue.expires_at > tx.now):
        return dialogue
    return replace(dialogue, stage=Stage.IDLE, asking=Asking.NOTHING, offers=(), expires_at=None, asked=0)


def _context(tx: Transaction, scene: Scene, dialogue: Dialogue) -> assistant.Context:
    table = dialogue.on_table(tx.now)
    asked = dialogue.stage is Stage.ASKING and dialogue.asking in {Asking.BOOK, Asking.MOVE, Asking.CALL_OFF}
    return assistant.Context(
        now=tx.now,
        zone=scene.zone,
        hours=_hours(scene),
        offers=tuple(one.starts_at for one in table),
        services=tuple(one.name for one in scene.services),
        has_appointment=bool(scene.upcoming),
        yes_or_no=asked or len(table) == 1,
        language=dialogue.language,
        month_first=scene.business.country in MONTH_FIRST,
    )


def _hours(scene: Scene) -> assistant.WeeklyHours:
    """Say when people can come: the weeks of whoever gives a service, the business's own where one has none."""
    documents = {scene.business.hours if one.hours is None else one.hours for one in scene.resources}
    weeks = [
        tenants.from_document(_with_week(json.loads(one)), zone=scene.zone).weekly
        for one in documents or {scene.business.hours}
    ]
    return tuple(tuple(sorted({(span.opens, span.closes) for week in weeks for span in week[day]})) for day in range(7))


def _with_week(document: dict[str, object]) -> dict[str, object]:
    """Bring a resource's bare week into the form of a business's hours."""
    return document if "weekly" in document else {"weekly": document}


async def _answer(
    tx: Transaction, scene: Scene, dialogue: Dialogue, reading: assistant.Reading, *, by: str, means: Means
) -> None:
    scene = replace(scene, language=reading.language)
    dialogue = replace(dialogue, language=reading.language, last_meaning=type(reading.meaning).__name__)
    meaning = await _hour_settled(tx, scene, dialogue, reading.meaning)
    step = await _service_chosen(tx, scene, dialogue, meaning)
    if step is None:
        step = decide(dialogue, meaning, has_appointment=bool(scene.upcoming), now=tx.now)
    answer = await act(tx, scene, counted(dialogue, step), step)
    if isinstance(step, Silent) and dialogue.stage is Stage.WITH_PERSON:
        answer = await hand_over(tx, scene, dialogue, "asked")
    await _finish(tx, scene, answer, meaning=dialogue.last_meaning, by=by, means=means)


async def _service_chosen(tx: Transaction, scene: Scene, dialogue: Dialogue, meaning: assistant.Meaning) -> Step | None:
    """Read the answer to "for which service?": its number or its name; the time that was named before still counts."""
    if dialogue.asking is not Asking.SERVICE:
        if dialogue.asking is Asking.CHANGE_OR_CALL_OFF and isinstance(meaning, assistant.Declines):
            return Offer(moving=True)
        return None
    shown = scene.services[:MOST_SERVICES]
    text = scene.inbound.body.strip().strip("#.)")
    named = ""
    if text.isdecimal() and len(text) == 1 and 1 <= int(text) <= len(shown):
        named = shown[int(text) - 1].name
    elif isinstance(meaning, assistant.WantsAppointment | assistant.AsksTime) and meaning.service:
        named = meaning.service
    if not named:
        return None
    windows = meaning.windows if isinstance(meaning, assistant.AsksTime) else ()
    if not windows or text.isdecimal():
        windows = await _named_before(tx, scene, dialogue)
    return Offer(windows, named)


async def _hour_settled(
    tx: Transaction, scene: Scene, dialogue: Dialogue, meaning: assistant.Meaning
) -> assistant.Meaning:
    """Read the answer to "3:00 AM or 3:00 PM?": a bare time of day means the day that was named before it."""
    if not dialogue.asked or not isinstance(meaning, assistant.AsksTime) or len(meaning.windows) < MANY_DAYS:
        return meaning
    unclear = await _unclear_before(tx, scene, dialogue)
    zone = ZoneInfo(scene.zone)
    meant = [one for one in unclear if any(_same_time(one.windows[0], said, zone) for said in meaning.windows)]
    return replace(meaning, windows=meant[0].windows, service=meaning.service or meant[0].service) if meant else meaning


async def _unclear_before(tx: Transaction, scene: Scene, dialogue: Dialogue) -> list[assistant.AsksTime]:
    """List what the person's text before this one may have meant, if only its hour was unclear."""
    earlier = await conversations.list_messages(
        tx, conversation_id=scene.inbound.conversation_id, before=scene.inbound.id, limit=LOOKS_BACK
    )
    message = next((one for one in earlier if one.direction == "inbound"), None)
    if message is None or tx.now - message.created_at > REMEMBERS:
        return []
    read = assistant.understand(message.body, _context(tx, scene, dialogue)).meaning
    candidates = read.candidates if isinstance(read, assistant.Unsure) else ()
    times = [one for one in candidates if isinstance(one, assistant.AsksTime) and one.windows]
    return times if len(times) > 1 else []


def _same_time(unclear: assistant.TimeWindow, said: assistant.TimeWindow, zone: ZoneInfo) -> bool:
    """Tell whether a window begins within the time of day that was said."""
    first, last = said.starts_at.astimezone(zone), said.ends_at.astimezone(zone)
    local = unclear.starts_at.astimezone(zone)
    begins = local.replace(hour=first.hour, minute=first.minute)
    return begins <= local < begins + (last - first)


async def _named_before(tx: Transaction, scene: Scene, dialogue: Dialogue) -> tuple[assistant.TimeWindow, ...]:
    earlier = await conversations.list_messages(
        tx, conversation_id=scene.inbound.conversation_id, before=scene.inbound.id, limit=LOOKS_BACK
    )
    for message in earlier:
        if message.direction != "inbound" or tx.now - message.created_at > REMEMBERS:
            continue
        meaning = assistant.understand(message.body, _context(tx, scene, dialogue)).meaning
        if isinstance(meaning, assistant.AsksTime):
            return meaning.windows
    return ()


async def _finish(tx: Transaction, scene: Scene, answer: Answer, *, meaning: str, by: str, means: Means) -> None:
    """Say the answer, if there is one, and write down where the dialogue stands."""
    job_id: UUID | None = None
    if answer.body:
        requested = await conversations.reply_to(
            tx,
            scene.inbound,
            conversations.Words(
                key=f"dialogue:{scene.inbound.id}",
                message_class=delivery.MessageClass.REPLY,
                cause=f"text:{scene.inbound.id}",
                template=f"dialogue.{answer.outcome}",
                basis="answers the person's own text",
                basis_at=scene.inbound.created_at,
                body=answer.body,
                useful_until=scene.inbound.created_at + ANSWERS_WITHIN,
            ),
            lane=means.lane,
        )
        job_id = requested.job_id
    await queries.put_dialogue(tx, answer.dialogue)
    await queries.finish_turn(
        tx,
        message_id=scene.inbound.id,
        understood_by=by,
        meaning=meaning,
        outcome=answer.outcome,
        send_job_id=job_id,
    )
