"""Consent in writing: record it with its evidence, have it confirmed by the person, take it back, show it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from ipaddress import ip_address
from uuid import UUID

import msgspec

from frontdesk.features.consent.events import ConsentChanged, OptInRequested, PersonSignedUp
from frontdesk.features.consent.law import ConsentProof
from frontdesk.features.consent.model import (
    REQUEST_OPEN_FOR,
    WELCOME_WITHIN,
    ConsentScope,
    LedgerEvent,
    OptIn,
    OptInRecord,
    OptInRequest,
    RequestOutcome,
    missing_of,
    read_record,
    sha256_of,
)
from frontdesk.features.consent.queries import ledger, opt_ins, refusals
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.zones import zone_names

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
_OFFSET = re.compile(r"(?:UTC)?[+-][0-9]{2}:[0-9]{2}|UTC|Z")


async def record_opt_in(
    tx: Transaction,
    opt_in: OptIn,
    *,
    by: Actor,
    source_key: str | None = None,
    text_sha256: str = "",
    welcome: bool = True,
    frequency: str = "",
) -> OptInRecord:
    """Put a consent on record with its evidence, once per `source_key`; an incomplete one permits no marketing.

    Who signs up for marketing with it is welcomed by text, unless `welcome` says that they were told already;
    `frequency` is told in it. It lifts no refusal. Refuses a `text_sha256` that is not the text's
    (`consent.text_differs`), a moment that is still to come (`consent.time_to_come`), an unknown zone
    (`consent.zone_unknown`) and an address that is none (`consent.ip_invalid`).
    """
    checked = checked_opt_in(tx, opt_in, text_sha256)
    await ledger.lock_person_alone(tx, phone_e164=checked.phone_e164)
    new = opt_ins.NewOptIn(
        id=new_id(),
        opt_in=checked,
        text_sha256=sha256_of(checked.text_shown),
        missing=missing_of(checked),
        source_key=source_key,
        recorded_by=by.id,
    )
    if not await opt_ins.add_opt_in(tx, new):
        found = await opt_ins.find_by_key(tx, source_key=source_key or "")
        return _same(found, checked)
    record = await _announce_new(tx, new, event=LedgerEvent.OPT_IN)
    if welcome and await _signs_up(tx, record):
        tx.announce(PersonSignedUp(opt_in_id=record.id, phone_e164=record.phone_e164, frequency=frequency))
    return record


async def _signs_up(tx: Transaction, record: OptInRecord) -> bool:
    """Tell whether a person agrees to marketing just now who had not, and who refuses nothing."""
    if not record.permits_marketing or record.given_at is None or tx.now - record.given_at > WELCOME_WITHIN:
        return False
    phone = record.phone_e164
    if await refusals.find_refusal(tx, phone_e164=phone) or await refusals.find_global(tx, phone_e164=phone):
        return False
    earlier = await opt_ins.list_opt_ins(
        tx,
        before=record.id,
        phone_e164=phone,
        scope=ConsentScope.MARKETING,
        in_force=True,
        complete=True,
        limit=1,
    )
    return not earlier


async def ask_to_confirm(
    tx: Transaction,
    opt_in: OptIn,
    *,
    by: Actor,
    frequency: str = "",
    text_sha256: str = "",
) -> OptInRequest:
    """Have a consent confirmed by the person's own YES before it counts (double opt-in), within 72 hours.

    A later question replaces one that is open. `frequency` is told in the text, such as "Up to 4 msgs/month". Refuses
    as `record_opt_in` does.
    """
    checked = checked_opt_in(tx, opt_in, text_sha256)
    await ledger.lock_person_alone(tx, phone_e164=checked.phone_e164)
    await _cancel_open(tx, phone_e164=checked.phone_e164, because="asked anew")
    request_id = new_id()
    await opt_ins.add_request(
        tx,
        request_id=request_id,
        opt_in=checked,
        frequency=frequency,
        by=by.id,
        expires_at=tx.now + REQUEST_OPEN_FOR,
    )
    await ledger.add_to_ledger(
        tx,
        event=LedgerEvent.OPT_IN_REQUESTED,
        phone_e164=checked.phone_e164,
        scope=checked.scope.value,
        metadata={"request": str(request_id), "opt_in": evidence_of(checked)},
    )
    tx.announce(OptInRequested(request_id=request_id, phone_e164=checked.phone_e164, frequency=frequency))
    return await get_request(tx, request_id=request_id)


async def confirm_opt_in(tx: Transaction, *, phone_e164: str, answer: str, source: str) -> bool:
    """Take a person's yes to an open question as their consent; False if none is open, or they refuse texts.

    `source` names the text with the answer. A refusal stands until the person says START: a yes never lifts it.
    """
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    waiting = await opt_ins.find_open_request(tx, phone_e164=phone_e164)
    if waiting is None:
        return False
    if waiting.request.expires_at <= tx.now:
        await _expire(tx, waiting.request.id, phone_e164=phone_e164)
        return False
    if await refusals.find_refusal(tx, phone_e164=phone_e164) is not None:
        return False
    await opt_ins.settle_request(tx, request_id=waiting.request.id, outcome=RequestOutcome.CONFIRMED)
    new = opt_ins.NewOptIn(
        id=new_id(),
        opt_in=waiting.opt_in,
        text_sha256=sha256_of(waiting.opt_in.text_shown),
        missing=missing_of(waiting.opt_in),
        source_key=None,
        recorded_by=waiting.requested_by,
        request_id=waiting.request.id,
        confirmed_at=tx.now,
    )
    if await opt_ins.add_opt_in(tx, new):
        about = {"request": str(waiting.request.id), "answer": answer[:64], "source": source}
        await _announce_new(tx, new, event=LedgerEvent.OPT_IN_CONFIRMED, about=about)
    return True


async def expire_requests(tx: Transaction, *, limit: int = 500) -> int:
    """Close questions that were not answered within their 72 hours; returns how many."""
    overdue = await opt_ins.list_overdue_requests(tx, limit=limit)
    await ledger.lock_persons_alone(tx, [phone_e164 for _, phone_e164 in overdue])
    for request_id, phone_e164 in overdue:
        await _expire(tx, request_id, phone_e164=phone_e164)
    return len(overdue)


async def revoke_opt_in(tx: Transaction, *, opt_in_id: UUID, reason: str, by: Actor) -> OptInRecord:
    """Take a consent back in a person's name; it stays on record.

    Refuses one the tenant does not have (`consent.opt_in_not_found`) and one that is taken back already
    (`consent.opt_in_revoked`).
    """
    found = await get_opt_in(tx, opt_in_id=opt_in_id)
    await ledger.lock_person_alone(tx, phone_e164=found.phone_e164)
    because = f"by {by.shown}: {reason}"
    if not await opt_ins.revoke_one(tx, opt_in_id=opt_in_id, because=because):
        raise Refused("consent.opt_in_revoked", "this consent has been taken back already", status=409)
    about = {"opt_ins": [str(opt_in_id)], "because": reason, "by": by.id}
    await ledger.add_to_ledger(
        tx, event=LedgerEvent.OPT_IN_REVOKED, phone_e164=found.phone_e164, scope=found.scope.value, metadata=about
    )
    event = LedgerEvent.OPT_IN_REVOKED.value
    tx.announce(ConsentChanged(phone_e164=found.phone_e164, event_type=event, scope=found.scope.value))
    await audit.write_entry(
        tx, actor=by, action="consent.opt_in_revoked", subject=f"opt_in:{opt_in_id}", details={"reason": reason}
    )
    return replace(found, revoked_at=tx.now, revoked_because=because)


async def get_opt_in(tx: Transaction, *, opt_in_id: UUID) -> OptInRecord:
    """Get a consent; refuses one the tenant does not have (`consent.opt_in_not_found`)."""
    found = await opt_ins.find_opt_in(tx, opt_in_id=opt_in_id)
    if found is None:
        raise Refused("consent.opt_in_not_found", "no such consent", status=404)
    return found


async def list_opt_ins(
    tx: Transaction,
    *,
    before: UUID | None = None,
    phone_e164: str | None = None,
    scope: ConsentScope | None = None,
    in_force: bool | None = None,
    complete: bool | None = None,
    limit: int = 50,
) -> list[OptInRecord]:
    """List consents, latest first; pass the last id as `before` for the next page."""
    return await opt_ins.list_opt_ins(
        tx, before=before, phone_e164=phone_e164, scope=scope, in_force=in_force, complete=complete, limit=limit
    )


async def list_requests(
    tx: Transaction, *, before: UUID | None = None, is_open: bool | None = None, limit: int = 50
) -> list[OptInRequest]:
    """List the questions whether people really consent, latest first."""
    return await opt_ins.list_requests(tx, before=before, is_open=is_open, limit=limit)


async def get_request(tx: Transaction, *, request_id: UUID) -> OptInRequest:
    """Get a question; refuses one the tenant does not have (`consent.request_not_found`)."""
    found = await opt_ins.find_request(tx, request_id=request_id)
    if found is None:
        raise Refused("consent.request_not_found", "no such question", status=404)
    return found.request


async def find_open_request(tx: Transaction, *, request_id: UUID) -> OptInRequest | None:
    """Find a question that is still open and not overdue."""
    found = await opt_ins.find_request(tx, request_id=request_id)
    if found is None or found.request.outcome is not None or found.request.expires_at <= tx.now:
        return None
    return found.request


async def find_written_consent(tx: Transaction, *, phone_e164: str) -> ConsentProof | None:
    """Find a person's best consent to marketing that is in force, complete or not: the law judges what it lacks."""
    return (await list_written_consents(tx, [phone_e164])).get(phone_e164)


async def list_written_consents(tx: Transaction, phones: Sequence[str]) -> Mapping[str, ConsentProof]:
    """Map people to their best consent to marketing that is in force; who has none is left out."""
    return {phone: _proof(record) for phone, record in (await opt_ins.list_best(tx, phones)).items()}


def read_proof(document: str) -> ConsentProof:
    """Read what the law asks of a consent from its row as JSON (`to_jsonb` of `opt_ins`), in microseconds."""
    return _proof(read_record(document))


def _proof(record: OptInRecord) -> ConsentProof:
    """Show a record as the law looks at it; words that are not those that were hashed prove nothing."""
    kept = "text_sha256" not in record.missing
    return ConsentProof(
        kind=record.kind.value,
        given_at=record.given_at,
        zone=record.zone,
        text=record.text_shown if kept else "",
        text_sha256=record.text_sha256 if record.text_shown and kept else "",
        url=record.url,
        ip=record.ip,
        user_agent=record.user_agent,
        seller=", ".join(record.sellers),
        condition_of_purchase=False if record.not_a_condition else None,
        revoked_at=record.revoked_at,
    )


def checked_opt_in(tx: Transaction, opt_in: OptIn, text_sha256: str) -> OptIn:
    """Refuse what contradicts itself; what is only missing is kept and named."""
    if text_sha256 and text_sha256.lower() != sha256_of(opt_in.text_shown):
        raise Refused("consent.text_differs", "text_sha256 is not the SHA-256 of text_shown in UTF-8", status=422)
    if opt_in.given_at is not None and opt_in.given_at > tx.now + CLOCKS_MAY_DIFFER:
        raise Refused("consent.time_to_come", "given_at is still to come", status=422)
    if opt_in.zone and opt_in.zone not in zone_names() and _OFFSET.fullmatch(opt_in.zone) is None:
        raise Refused("consent.zone_unknown", "zone is no time zone: write America/New_York or -05:00", status=422)
    # In UTC as the database gives it back; the person's own clock is told by `zone`.
    kept = replace(opt_in, given_at=None if opt_in.given_at is None else opt_in.given_at.astimezone(UTC))
    if not kept.ip:
        return kept
    try:
        return replace(kept, ip=str(ip_address(kept.ip)))
    except ValueError:
        raise Refused("consent.ip_invalid", "ip is no IP address", status=422) from None


def _same(found: OptInRecord | None, asked: OptIn) -> OptInRecord:
    """Give the record that an earlier request of the same key made; refuses another consent under that key."""
    if found is None or (found.phone_e164, found.text_shown, found.scope, found.given_at) != (
        asked.phone_e164,
        asked.text_shown,
        asked.scope,
        asked.given_at,
    ):
        raise Refused("consent.key_reused", "this key stands for another consent", status=409)
    return found


async def _announce_new(
    tx: Transaction, new: opt_ins.NewOptIn, *, event: LedgerEvent, about: Mapping[str, object] | None = None
) -> OptInRecord:
    scope = new.opt_in.scope.value
    metadata = {**(about or {}), "id": str(new.id), "opt_in": evidence_of(new.opt_in), "missing": list(new.missing)}
    await ledger.add_to_ledger(tx, event=event, phone_e164=new.opt_in.phone_e164, scope=scope, metadata=metadata)
    tx.announce(ConsentChanged(phone_e164=new.opt_in.phone_e164, event_type=event.value, scope=scope))
    return await get_opt_in(tx, opt_in_id=new.id)


def evidence_of(opt_in: OptIn) -> dict[str, object]:
    """Write the whole evidence into the ledger, so that a record which was edited later shows it."""
    document: dict[str, object] = msgspec.to_builtins(opt_in)
    return {**document, "text_sha256": sha256_of(opt_in.text_shown)}


async def _cancel_open(tx: Transaction, *, phone_e164: str, because: str) -> None:
    waiting = await opt_ins.find_open_request(tx, phone_e164=phone_e164)
    if waiting is None:
        return
    await opt_ins.settle_request(tx, request_id=waiting.request.id, outcome=RequestOutcome.CANCELED)
    await ledger.add_to_ledger(
        tx,
        event=LedgerEvent.OPT_IN_CANCELED,
        phone_e164=phone_e164,
        scope="all",
        metadata={"request": str(waiting.request.id), "because": because},
    )


async def _expire(tx: Transaction, request_id: UUID, *, phone_e164: str) -> None:
    if await opt_ins.settle_request(tx, request_id=request_id, outcome=RequestOutcome.EXPIRED):
        await ledger.add_to_ledger(
            tx,
            event=LedgerEvent.OPT_IN_EXPIRED,
            phone_e164=phone_e164,
            scope="all",
            metadata={"request": str(request_id)},
        )
