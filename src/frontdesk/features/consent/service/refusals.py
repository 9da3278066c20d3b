"""Do-not-contact lists: put people on, take them off, say why somebody may not be texted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features.consent.events import ConsentChanged
from frontdesk.features.consent.model import (
    ConsentKind,
    GlobalRefusal,
    LedgerEvent,
    ListImport,
    OptInRecord,
    OptOutJournal,
    Refusal,
    RefusalScope,
    RefusalSource,
    Standing,
)
from frontdesk.features.consent.queries import ledger, opt_ins, refusals
from frontdesk.features.consent.service.hearing import write_to_journal
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused

OWN_WORD = frozenset({RefusalSource.PERSON.value, RefusalSource.CARRIER.value})


async def find_refusal(tx: Transaction, *, phone_e164: str) -> Refusal | None:
    """Find out whether a person must not be texted by this business."""
    return await refusals.find_refusal(tx, phone_e164=phone_e164)


async def list_refusals(
    tx: Transaction,
    *,
    before: tuple[datetime, str] | None = None,
    scope: RefusalScope | None = None,
    source: RefusalSource | None = None,
    phone_e164: str | None = None,
    limit: int = 100,
) -> list[Refusal]:
    """List who must not be texted, latest first; pass the last one's moment and number as `before` to go on."""
    return await refusals.list_refusals(
        tx, before=before, scope=scope, source=source, phone_e164=phone_e164, limit=limit
    )


async def put_on_list(
    tx: Transaction, *, phone_e164: str, scope: RefusalScope, reason: str, by: Actor, journal: OptOutJournal
) -> bool:
    """Never text a person again from now on; False if the business had listed them as far already."""
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    listed = await refusals.put_on_list(tx, [phone_e164], scope=scope, reason=reason, by=by.id, import_id=None)
    if not listed:
        return False
    await write_to_journal(tx, journal, LedgerEvent.LISTED, phone_e164=phone_e164, sender_e164="", scope=scope.value)
    event = LedgerEvent.LISTED
    tx.announce(ConsentChanged(phone_e164=phone_e164, event_type=event.value, scope=scope.value))
    await ledger.add_to_ledger(
        tx, event=event, phone_e164=phone_e164, scope=scope.value, metadata={"reason": reason, "by": by.id}
    )
    await _audit(tx, by, "consent.dnc_added", phone_e164, {"scope": scope.value, "reason": reason})
    return True


async def take_off_list(
    tx: Transaction,
    *,
    phone_e164: str,
    reason: str,
    by: Actor,
    journal: OptOutJournal,
    opt_in_id: UUID | None = None,
) -> None:
    """Let a person be texted again, with a reason.

    What the business listed itself it may take off, and what a person's unclear words held back, once somebody has
    read them. What the person said, or their carrier for them, is lifted only by their own START or by `opt_in_id`: a
    complete written consent that they gave after it, put on record by somebody else than who lifts. Refuses
    `consent.not_refused` (404), `consent.own_refusal` (409) and `consent.proof_too_weak` (409).
    """
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    found = await refusals.find_refusal(tx, phone_e164=phone_e164)
    if found is None:
        raise Refused("consent.not_refused", "this number is not on the do-not-contact list", status=404)
    if found.source in OWN_WORD:
        await _require_own_consent(tx, found, opt_in_id, by)
        await refusals.lift(tx, phone_e164=phone_e164)
    elif found.source == RefusalSource.UNSURE.value:
        await refusals.lift(tx, phone_e164=phone_e164)
    else:
        await refusals.delete_listing(tx, phone_e164=phone_e164)
    await write_to_journal(tx, journal, LedgerEvent.UNLISTED, phone_e164=phone_e164, sender_e164="", scope=found.scope)
    event = LedgerEvent.UNLISTED
    tx.announce(ConsentChanged(phone_e164=phone_e164, event_type=event.value, scope=found.scope))
    about = {"reason": reason, "by": by.id, "was": found.source, "opt_in": str(opt_in_id) if opt_in_id else ""}
    await ledger.add_to_ledger(tx, event=event, phone_e164=phone_e164, scope=found.scope, metadata=about)
    await _audit(tx, by, "consent.dnc_removed", phone_e164, {"reason": reason, "was": found.source})


async def _require_own_consent(tx: Transaction, found: Refusal, opt_in_id: UUID | None, by: Actor) -> None:
    if opt_in_id is None:
        raise Refused(
            "consent.own_refusal",
            "the person opted out: only their own START, or a new written consent of theirs (opt_in_id), lifts it",
            status=409,
        )
    given = await opt_ins.find_opt_in(tx, opt_in_id=opt_in_id)
    if given is None or not _outweighs(given, found, by):
        raise Refused(
            "consent.proof_too_weak",
            "it takes a complete written consent, given after the opt-out and put on record by somebody else than you",
            status=409,
        )


def _outweighs(given: OptInRecord, found: Refusal, by: Actor) -> bool:
    return (
        given.phone_e164 == found.phone_e164
        and given.kind is ConsentKind.WRITTEN
        and given.permits_marketing
        and given.recorded_by != by.id
        and given.given_at is not None
        and given.given_at > found.since
    )


async def check_person(tx: Transaction, *, phone_e164: str) -> Standing:
    """Tell whether a person may be texted by this business, and every reason why not."""
    refusal = await refusals.find_refusal(tx, phone_e164=phone_e164)
    everywhere = await refusals.find_global(tx, phone_e164=phone_e164)
    senders = await refusals.list_sender_refusals(tx, phone_e164=phone_e164)
    best = (await opt_ins.list_best(tx, [phone_e164])).get(phone_e164)
    waiting = await opt_ins.find_open_request(tx, phone_e164=phone_e164)
    transactional = "consent.opted_out" if refusal is not None and refusal.scope == RefusalScope.ALL else ""
    # As the gates see it: the platform's list binds every text where its scope is all.
    if not transactional and everywhere is not None and everywhere.scope == RefusalScope.ALL:
        transactional = "consent.refused_everywhere"
    marketing = transactional
    if not marketing and refusal is not None:
        marketing = "consent.opted_out_of_marketing"
    if not marketing and everywhere is not None:
        marketing = "consent.refused_everywhere"
    if not marketing and best is None:
        marketing = "law.no_written_consent"
    if not marketing and best is not None and not best.permits_marketing:
        marketing = "law.consent_unverifiable"
    return Standing(
        phone_e164=phone_e164,
        transactional=transactional,
        marketing=marketing,
        refusal=refusal,
        everywhere=everywhere,
        senders=tuple(senders),
        written_consent=best,
        request=None if waiting is None else waiting.request,
    )


async def list_global(
    tx: Transaction, *, before: tuple[datetime, str] | None = None, limit: int = 100
) -> list[GlobalRefusal]:
    """List whom no business on this platform may text, latest first."""
    return await refusals.list_global(tx, before=before, limit=limit)


async def put_on_global_list(
    tx: Transaction, *, phone_e164: str, scope: RefusalScope, reason: str, by: Actor, journal: OptOutJournal
) -> bool:
    """Let no business on this platform text a person; False if they were listed as far already."""
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    if not await refusals.put_on_global_list(tx, [phone_e164], scope=scope, reason=reason, by=by.id, import_id=None):
        return False
    await write_to_journal(tx, journal, LedgerEvent.LISTED, phone_e164=phone_e164, sender_e164="", scope=scope.value)
    await _audit(tx, by, "consent.global_dnc_added", phone_e164, {"scope": scope.value, "reason": reason})
    return True


async def take_off_global_list(
    tx: Transaction, *, phone_e164: str, reason: str, by: Actor, journal: OptOutJournal
) -> None:
    """Take a person off the platform's list; what they told businesses stays. Refuses `consent.not_refused` (404)."""
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    if not await refusals.delete_global(tx, phone_e164=phone_e164):
        raise Refused("consent.not_refused", "this number is not on the platform's list", status=404)
    await write_to_journal(tx, journal, LedgerEvent.UNLISTED, phone_e164=phone_e164, sender_e164="", scope="all")
    await _audit(tx, by, "consent.global_dnc_removed", phone_e164, {"reason": reason})


async def list_imports(tx: Transaction, *, before: UUID | None = None, limit: int = 50) -> list[ListImport]:
    """List imports of do-not-contact lists, latest first."""
    return await refusals.list_imports(tx, before=before, limit=limit)


async def _audit(tx: Transaction, by: Actor, action: str, phone_e164: str, details: dict[str, object]) -> None:
    await audit.write_entry(tx, actor=by, action=action, subject=f"phone:{phone_e164}", details=details)
