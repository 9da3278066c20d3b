"""SQL of the dialogue: where it stands in each thread, and what it made of each text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.features.assistant import Language
from frontdesk.features.textback.model.dialogue import Asking, Dialogue, OfferedSlot, Stage
from frontdesk.kernel.db import Transaction

OPEN_DIALOGUE = """
    insert into conv_dialogues (conversation_id, tenant_id, updated_at) values ($1, $2, $3)
    on conflict (conversation_id) do nothing
"""

LOCK_DIALOGUE = """
    select conversation_id, stage, asking, service_id, appointment_id, offers, offered_at, expires_at, last_meaning,
           asked, language, released_at
    from conv_dialogues where tenant_id = $2 and conversation_id = $1 for update
"""

SAVE_DIALOGUE = """
    update conv_dialogues
    set stage = $3, asking = $4, service_id = $5, appointment_id = $6, offers = $7::jsonb, offered_at = $8,
        expires_at = $9, last_meaning = $10, asked = $11, language = $12, released_at = $13, updated_at = $14
    where tenant_id = $2 and conversation_id = $1
"""

RELEASE = """
    update conv_dialogues
    set stage = 'idle', asking = 'nothing', offers = '[]', offered_at = null, expires_at = null, appointment_id = null,
        asked = 0, released_at = $3, updated_at = $3
    where tenant_id = $2 and conversation_id = $1
"""

BEGIN_TURN = """
    insert into conv_dialogue_turns (message_id, tenant_id, conversation_id, understood_by, meaning, outcome, heard_at)
    values ($1, $2, $3, 'rules', '', 'open', $4)
    on conflict (message_id) do nothing
    returning true
"""

LOCK_OPEN_TURN = """
    select true from conv_dialogue_turns
    where tenant_id = $1 and message_id = $2 and decided_at is null for update
"""

END_TURN = """
    update conv_dialogue_turns
    set understood_by = $3, meaning = $4, outcome = $5, send_job_id = $6, decided_at = $7
    where tenant_id = $1 and message_id = $2
"""

GET_SETTINGS = """
    select active, model_allowed, person_within_minutes from dialogue_settings where tenant_id = $1
"""

PUT_SETTINGS = """
    insert into dialogue_settings as known (tenant_id, active, model_allowed, person_within_minutes, changed_at)
    values ($1, $2, $3, $4, $5)
    on conflict (tenant_id) do update
    set active = excluded.active, model_allowed = excluded.model_allowed,
        person_within_minutes = excluded.person_within_minutes, changed_at = excluded.changed_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueSettings:
    """Whether texts are answered by the program, with a model where rules are unsure, and how long people may wait."""

    active: bool = True
    model_allowed: bool = True
    person_within_minutes: int = 60


async def lock_dialogue(tx: Transaction, *, conversation_id: UUID) -> Dialogue:
    """Take a thread's dialogue for this transaction alone, opening it if need be."""
    await tx.execute(OPEN_DIALOGUE, conversation_id, tx.tenant, tx.now)
    row = await tx.fetchrow(LOCK_DIALOGUE, conversation_id, tx.tenant)
    if row is None:
        raise LookupError(str(conversation_id))
    offers = tuple(
        OfferedSlot(UUID(one["resource_id"]), datetime.fromisoformat(one["starts_at"]))
        for one in json.loads(row["offers"])
    )
    return Dialogue(
        conversation_id=row["conversation_id"],
        stage=Stage(row["stage"]),
        asking=Asking(row["asking"]),
        service_id=row["service_id"],
        appointment_id=row["appointment_id"],
        offers=offers,
        offered_at=row["offered_at"],
        expires_at=row["expires_at"],
        last_meaning=row["last_meaning"],
        asked=row["asked"],
        language=Language(row["language"]),
        released_at=row["released_at"],
    )


async def put_dialogue(tx: Transaction, dialogue: Dialogue) -> None:
    """Write where a dialogue stands."""
    offers = [{"resource_id": str(one.resource_id), "starts_at": one.starts_at.isoformat()} for one in dialogue.offers]
    await tx.execute(
        SAVE_DIALOGUE,
        dialogue.conversation_id,
        tx.tenant,
        dialogue.stage.value,
        dialogue.asking.value,
        dialogue.service_id,
        dialogue.appointment_id,
        json.dumps(offers),
        dialogue.offered_at,
        dialogue.expires_at,
        dialogue.last_meaning,
        dialogue.asked,
        dialogue.language.value,
        dialogue.released_at,
        tx.now,
    )


async def record_release(tx: Transaction, *, conversation_id: UUID) -> None:
    """Give a thread back to the dialogue, which begins anew."""
    await tx.execute(RELEASE, conversation_id, tx.tenant, tx.now)


async def add_turn(tx: Transaction, *, message_id: UUID, conversation_id: UUID, heard_at: datetime) -> bool:
    """Take up a text; False if it has been taken up before."""
    return await tx.fetchval(BEGIN_TURN, message_id, tx.tenant, conversation_id, heard_at) is True


async def lock_open_turn(tx: Transaction, *, message_id: UUID) -> bool:
    """Take a text that waits for its answer; False if it has been decided."""
    return await tx.fetchval(LOCK_OPEN_TURN, tx.tenant, message_id) is True


async def finish_turn(
    tx: Transaction, *, message_id: UUID, understood_by: str, meaning: str, outcome: str, send_job_id: UUID | None
) -> None:
    """Write what was made of a text."""
    await tx.execute(END_TURN, tx.tenant, message_id, understood_by, meaning, outcome, send_job_id, tx.now)


async def get_settings(tx: Transaction) -> DialogueSettings:
    """Get how a business wants its texts answered; by the program, if it has not said."""
    row = await tx.fetchrow(GET_SETTINGS, tx.tenant)
    return DialogueSettings() if row is None else DialogueSettings(**dict(row))


async def put_settings(tx: Transaction, settings: DialogueSettings) -> None:
    """Write how a business wants its texts answered."""
    await tx.execute(
        PUT_SETTINGS, tx.tenant, settings.active, settings.model_allowed, settings.person_within_minutes, tx.now
    )
