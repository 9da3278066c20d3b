"""The verbs of consent: hear what a person says, and write it where it cannot be lost."""

from __future__ import annotations

from frontdesk.features.consent import queries
from frontdesk.features.consent.events import ConsentChanged
from frontdesk.features.consent.model import (
    CONFIRM_EVERY,
    HELP_EVERY,
    Heard,
    LedgerEvent,
    OptOutJournal,
    Refusal,
    Reply,
)
from frontdesk.features.consent.wording import Verdict, Wording
from frontdesk.kernel.db import Transaction


async def hear(
    tx: Transaction,
    wording: Wording,
    *,
    phone_e164: str,
    sender_e164: str,
    source: str,
    carrier_answers: bool,
    journal: OptOutJournal,
) -> Heard:
    """Take what a person's text means for consent into force, in the transaction of its webhook.

    A STOP holds the person's lock alone, so every gate that let a text through before has committed, and every later
    one sees it. It is in the journal on disk before the transaction commits. `carrier_answers`: the carrier has told
    the person already. YES never lifts a refusal; only START does.
    """
    evidence = {"rule": wording.evidence.rule, "version": wording.evidence.version, "source": source}
    match wording.verdict:
        case Verdict.STOP:
            stopped = await _stop(
                tx, phone_e164=phone_e164, sender_e164=sender_e164, scope="all", evidence=evidence, journal=journal
            )
            due = stopped and not carrier_answers and await _may_confirm(tx, phone_e164, LedgerEvent.STOP_CONFIRMED)
            return Heard(reply=Reply.STOP_CONFIRMATION if due else Reply.NOTHING, stopped=True)
        case Verdict.UNSURE_STOP:
            await _stop(
                tx, phone_e164=phone_e164, sender_e164="", scope="marketing", evidence=evidence, journal=journal
            )
            return Heard(reply=Reply.NOTHING, unsure=True)
        case Verdict.START:
            lifted = await _start(
                tx, phone_e164=phone_e164, sender_e164=sender_e164, evidence=evidence, journal=journal
            )
            due = lifted and not carrier_answers and await _may_confirm(tx, phone_e164, LedgerEvent.START_CONFIRMED)
            return Heard(reply=Reply.START_CONFIRMATION if due else Reply.NOTHING)
        case Verdict.HELP:
            await queries.lock_person_alone(tx, phone_e164=phone_e164)
            asked_lately = await queries.happened_within(
                tx, phone_e164=phone_e164, event=LedgerEvent.HELP_ANSWERED, span=HELP_EVERY
            )
            if asked_lately or carrier_answers:
                return Heard(reply=Reply.NOTHING)
            await queries.add_to_ledger(
                tx, event=LedgerEvent.HELP, phone_e164=phone_e164, scope="all", metadata=evidence
            )
            return Heard(reply=Reply.HELP)
        case Verdict.NONE:
            return Heard(reply=Reply.NOTHING)


async def _may_confirm(tx: Transaction, phone_e164: str, event: LedgerEvent) -> bool:
    return not await queries.happened_within(tx, phone_e164=phone_e164, event=event, span=CONFIRM_EVERY)


async def _stop(
    tx: Transaction,
    *,
    phone_e164: str,
    sender_e164: str,
    scope: str,
    evidence: dict[str, str],
    journal: OptOutJournal,
) -> bool:
    """Opt a person out; False if they were out as far already."""
    await queries.lock_person_alone(tx, phone_e164=phone_e164)
    if sender_e164:
        await queries.refuse_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164, reason=evidence["rule"])
    if not await queries.refuse(tx, phone_e164=phone_e164, scope=scope, reason=evidence["rule"]):
        return False
    event = LedgerEvent.STOP if scope == "all" else LedgerEvent.STOP_MARKETING
    await _journal(tx, journal, event, phone_e164=phone_e164, sender_e164=sender_e164, scope=scope)
    tx.announce(ConsentChanged(phone_e164=phone_e164, event_type=event.value, scope=scope))
    await queries.add_to_ledger(tx, event=event, phone_e164=phone_e164, scope=scope, metadata=evidence)
    return True


async def _start(
    tx: Transaction, *, phone_e164: str, sender_e164: str, evidence: dict[str, str], journal: OptOutJournal
) -> bool:
    """Opt a person in again; False if they were not out."""
    await queries.lock_person_alone(tx, phone_e164=phone_e164)
    of_sender = await queries.lift_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164)
    of_tenant = await queries.lift(tx, phone_e164=phone_e164)
    if not (of_sender or of_tenant):
        return False
    await _journal(tx, journal, LedgerEvent.START, phone_e164=phone_e164, sender_e164=sender_e164, scope="all")
    tx.announce(ConsentChanged(phone_e164=phone_e164, event_type=LedgerEvent.START.value, scope="all"))
    await queries.add_to_ledger(tx, event=LedgerEvent.START, phone_e164=phone_e164, scope="all", metadata=evidence)
    return True


async def _journal(
    tx: Transaction, journal: OptOutJournal, event: LedgerEvent, *, phone_e164: str, sender_e164: str, scope: str
) -> None:
    await journal.append(
        {
            "tenant_id": None if tx.tenant_id is None else str(tx.tenant_id),
            "event_type": event.value,
            "phone_e164": phone_e164,
            "sender_e164": sender_e164,
            "scope": scope,
        },
        at=tx.now,
    )


async def note_reply(tx: Transaction, reply: Reply, *, phone_e164: str) -> None:
    """Write into the ledger that a compliance text is on its way."""
    events = {
        Reply.STOP_CONFIRMATION: LedgerEvent.STOP_CONFIRMED,
        Reply.START_CONFIRMATION: LedgerEvent.START_CONFIRMED,
        Reply.HELP: LedgerEvent.HELP_ANSWERED,
    }
    event = events.get(reply)
    if event is not None:
        await queries.add_to_ledger(tx, event=event, phone_e164=phone_e164, scope="all", metadata={})


async def note_carrier_opt_out(
    tx: Transaction, *, phone_e164: str, sender_e164: str, provider: str, journal: OptOutJournal
) -> None:
    """Mirror an opt-out that a carrier knows of and we did not."""
    evidence = {"rule": f"carrier {provider}", "version": "", "source": "carrier"}
    await _stop(tx, phone_e164=phone_e164, sender_e164=sender_e164, scope="all", evidence=evidence, journal=journal)


async def note_stop_to_unknown_number(
    tx: Transaction, wording: Wording, *, phone_e164: str, sender_e164: str, journal: OptOutJournal
) -> None:
    """Keep a STOP (or START) told to a number that no business has: it binds whoever gets that number."""
    await queries.lock_person_alone(tx, phone_e164=phone_e164)
    if wording.verdict is Verdict.STOP:
        await _journal(tx, journal, LedgerEvent.STOP, phone_e164=phone_e164, sender_e164=sender_e164, scope="all")
        await queries.refuse_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164, reason=wording.evidence.rule)
    elif wording.verdict is Verdict.START:
        await _journal(tx, journal, LedgerEvent.START, phone_e164=phone_e164, sender_e164=sender_e164, scope="all")
        await queries.lift_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164)


async def find_refusal(tx: Transaction, *, phone_e164: str) -> Refusal | None:
    """Find out whether a person must not be texted by this business."""
    return await queries.find_refusal(tx, phone_e164=phone_e164)


async def list_refusals(tx: Transaction, *, limit: int = 100) -> list[Refusal]:
    """List who must not be texted, latest first."""
    return await queries.list_refusals(tx, limit=limit)


async def list_ledger(tx: Transaction, *, phone_e164: str | None = None, limit: int = 100) -> list[dict[str, object]]:
    """List the consent ledger, latest first, of one person or of all."""
    return await queries.list_ledger(tx, phone_e164=phone_e164, limit=limit)
