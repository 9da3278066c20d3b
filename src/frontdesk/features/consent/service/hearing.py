"""Hear what a person says about being texted, and write it where it cannot be lost."""

from __future__ import annotations

from frontdesk.features.consent.events import ConsentChanged
from frontdesk.features.consent.model import (
    CONFIRM_EVERY,
    HELP_EVERY,
    Heard,
    LedgerEvent,
    OptOutJournal,
    RefusalSource,
    Reply,
    RequestOutcome,
    says_yes,
)
from frontdesk.features.consent.queries import ledger, opt_ins, refusals
from frontdesk.features.consent.service.opt_ins import confirm_opt_in
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
    body: str = "",
) -> Heard:
    """Take what a person's text means for consent into force, in the transaction of its webhook.

    A STOP holds the person's lock alone, so every gate that let a text through before has committed, and every later
    one sees it. It is in the journal on disk before the transaction commits, and takes back every opt-in of theirs.
    `carrier_answers`: the carrier has told the person already. YES (`body`) never lifts a refusal, only START does; it
    confirms an opt-in while the person is being asked. START lets back in what needs no written consent; marketing
    needs a new one.
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
                tx, phone_e164=phone_e164, sender_e164="", scope="marketing", evidence=evidence, journal=journal,
                said_by=RefusalSource.UNSURE,
            )  # fmt: skip
            return Heard(reply=Reply.NOTHING, unsure=True)
        case Verdict.START:
            lifted = await _start(
                tx, phone_e164=phone_e164, sender_e164=sender_e164, evidence=evidence, journal=journal
            )
            if not lifted and await confirm_opt_in(tx, phone_e164=phone_e164, answer=body or "START", source=source):
                return Heard(reply=Reply.OPT_IN_CONFIRMATION)
            due = lifted and not carrier_answers and await _may_confirm(tx, phone_e164, LedgerEvent.START_CONFIRMED)
            return Heard(reply=Reply.START_CONFIRMATION if due else Reply.NOTHING)
        case Verdict.HELP:
            return await _help(tx, phone_e164=phone_e164, evidence=evidence, carrier_answers=carrier_answers)
        case Verdict.NONE:
            yes = says_yes(body) and await confirm_opt_in(tx, phone_e164=phone_e164, answer=body, source=source)
            return Heard(reply=Reply.OPT_IN_CONFIRMATION if yes else Reply.NOTHING)


async def _help(tx: Transaction, *, phone_e164: str, evidence: dict[str, str], carrier_answers: bool) -> Heard:
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    asked_lately = await ledger.happened_within(
        tx, phone_e164=phone_e164, event=LedgerEvent.HELP_ANSWERED, span=HELP_EVERY
    )
    if asked_lately or carrier_answers:
        return Heard(reply=Reply.NOTHING)
    await ledger.add_to_ledger(tx, event=LedgerEvent.HELP, phone_e164=phone_e164, scope="all", metadata=evidence)
    return Heard(reply=Reply.HELP)


async def _may_confirm(tx: Transaction, phone_e164: str, event: LedgerEvent) -> bool:
    return not await ledger.happened_within(tx, phone_e164=phone_e164, event=event, span=CONFIRM_EVERY)


async def _stop(
    tx: Transaction,
    *,
    phone_e164: str,
    sender_e164: str,
    scope: str,
    evidence: dict[str, str],
    journal: OptOutJournal,
    said_by: RefusalSource = RefusalSource.PERSON,
) -> bool:
    """Opt a person out; False if they were out as far already."""
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    if sender_e164:
        await refusals.refuse_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164, reason=evidence["rule"])
    entries: list[ledger.Entry] = []
    # Words that only may mean STOP hold marketing back; they take back nothing for good.
    if scope == "all":
        entries = await _take_back_opt_ins(tx, phone_e164=phone_e164, because=f"stop: {evidence['rule']}")
    refused = await refusals.refuse(tx, phone_e164=phone_e164, scope=scope, reason=evidence["rule"], source=said_by)
    if refused:
        event = LedgerEvent.STOP if scope == "all" else LedgerEvent.STOP_MARKETING
        await write_to_journal(tx, journal, event, phone_e164=phone_e164, sender_e164=sender_e164, scope=scope)
        tx.announce(ConsentChanged(phone_e164=phone_e164, event_type=event.value, scope=scope))
        entries.insert(0, ledger.Entry(event=event, phone_e164=phone_e164, scope=scope, metadata=evidence))
    if entries:
        await ledger.add_many_to_ledger(tx, entries)
    return refused


async def _take_back_opt_ins(tx: Transaction, *, phone_e164: str, because: str) -> list[ledger.Entry]:
    """Take back every consent and open question of a person; lists what the ledger is to say of it."""
    entries: list[ledger.Entry] = []
    revoked = await opt_ins.revoke_of_person(tx, phone_e164=phone_e164, because=because)
    if revoked:
        about: dict[str, object] = {"opt_ins": sorted(str(one) for one in revoked), "because": because}
        entries.append(
            ledger.Entry(event=LedgerEvent.OPT_IN_REVOKED, phone_e164=phone_e164, scope="all", metadata=about)
        )
    waiting = await opt_ins.find_open_request(tx, phone_e164=phone_e164)
    if waiting is not None:
        await opt_ins.settle_request(tx, request_id=waiting.request.id, outcome=RequestOutcome.CANCELED)
        about = {"request": str(waiting.request.id), "because": because}
        entries.append(
            ledger.Entry(event=LedgerEvent.OPT_IN_CANCELED, phone_e164=phone_e164, scope="all", metadata=about)
        )
    return entries


async def _start(
    tx: Transaction, *, phone_e164: str, sender_e164: str, evidence: dict[str, str], journal: OptOutJournal
) -> bool:
    """Opt a person in again; False if they were not out, or the business itself still lists them."""
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    of_sender = await refusals.lift_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164)
    of_tenant = await refusals.lift(tx, phone_e164=phone_e164)
    if not (of_sender or of_tenant):
        return False
    await write_to_journal(tx, journal, LedgerEvent.START, phone_e164=phone_e164, sender_e164=sender_e164, scope="all")
    tx.announce(ConsentChanged(phone_e164=phone_e164, event_type=LedgerEvent.START.value, scope="all"))
    await ledger.add_to_ledger(tx, event=LedgerEvent.START, phone_e164=phone_e164, scope="all", metadata=evidence)
    left = await refusals.find_refusal(tx, phone_e164=phone_e164)
    return left is None or left.scope != "all"


async def write_to_journal(
    tx: Transaction, journal: OptOutJournal, event: LedgerEvent, *, phone_e164: str, sender_e164: str, scope: str
) -> None:
    """Write what changed a person's refusal onto the disk, outside the database."""
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
        await ledger.lock_person_alone(tx, phone_e164=phone_e164)
        await ledger.add_to_ledger(tx, event=event, phone_e164=phone_e164, scope="all", metadata={})


async def note_carrier_opt_out(
    tx: Transaction, *, phone_e164: str, sender_e164: str, provider: str, journal: OptOutJournal
) -> None:
    """Mirror an opt-out that a carrier knows of and we did not."""
    evidence = {"rule": f"carrier {provider}", "version": "", "source": "carrier"}
    await _stop(
        tx,
        phone_e164=phone_e164,
        sender_e164=sender_e164,
        scope="all",
        evidence=evidence,
        journal=journal,
        said_by=RefusalSource.CARRIER,
    )


async def note_stop_to_unknown_number(
    tx: Transaction, wording: Wording, *, phone_e164: str, sender_e164: str, journal: OptOutJournal
) -> None:
    """Keep a STOP (or START) told to a number that no business has: it binds whoever gets that number."""
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    if wording.verdict is Verdict.STOP:
        await write_to_journal(
            tx, journal, LedgerEvent.STOP, phone_e164=phone_e164, sender_e164=sender_e164, scope="all"
        )
        await refusals.refuse_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164, reason=wording.evidence.rule)
    elif wording.verdict is Verdict.START:
        await write_to_journal(
            tx, journal, LedgerEvent.START, phone_e164=phone_e164, sender_e164=sender_e164, scope="all"
        )
        await refusals.lift_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164)


async def list_ledger(
    tx: Transaction, *, phone_e164: str | None = None, before: int | None = None, limit: int = 100
) -> list[dict[str, object]]:
    """List the consent ledger, latest first, of one person or of all; pass the last `seq` as `before` to go on."""
    return await ledger.list_ledger(tx, phone_e164=phone_e164, before=before, limit=limit)
