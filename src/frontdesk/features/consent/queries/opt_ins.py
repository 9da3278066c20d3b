"""Consents on record, and those that wait for the person's own yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from frontdesk.features.consent.model import (
    ConsentScope,
    OptIn,
    OptInRecord,
    OptInRequest,
    RequestOutcome,
    judged,
)
from frontdesk.kernel.db import Transaction

ADD_OPT_IN = """
    insert into opt_ins (id, tenant_id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip,
                         user_agent, sellers, not_a_condition, source, missing, source_key, recorded_at, recorded_by,
                         request_id, confirmed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
    on conflict (tenant_id, source_key) where source_key is not null do nothing
    returning true
"""

ADD_OPT_INS = """
    insert into opt_ins (id, tenant_id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip,
                         user_agent, sellers, not_a_condition, source, missing, source_key, recorded_at, recorded_by)
    select given.id, $1, given.phone_e164, given.kind, given.scope, given.text_shown, given.text_sha256, given.url,
           given.given_at, given.zone, given.ip, given.user_agent, given.sellers, given.not_a_condition, given.source,
           given.missing, given.source_key, $2, $3
    from jsonb_to_recordset($4::jsonb)
         as given (id uuid, phone_e164 text, kind text, scope text, text_shown text, text_sha256 text, url text,
                   given_at timestamptz, zone text, ip text, user_agent text, sellers text[], not_a_condition boolean,
                   source text, missing text[], source_key text)
    on conflict (tenant_id, source_key) where source_key is not null do nothing
    returning id
"""

FIND_OPT_IN = """
    select id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip, user_agent, sellers,
           not_a_condition, source, recorded_at, recorded_by, confirmed_at, revoked_at, revoked_because, missing
    from opt_ins where tenant_id = $1 and id = $2
"""

FIND_BY_KEY = """
    select id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip, user_agent, sellers,
           not_a_condition, source, recorded_at, recorded_by, confirmed_at, revoked_at, revoked_because, missing
    from opt_ins where tenant_id = $1 and source_key = $2
"""

LIST_OPT_INS = """
    select id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip, user_agent, sellers,
           not_a_condition, source, recorded_at, recorded_by, confirmed_at, revoked_at, revoked_because, missing
    from opt_ins
    where tenant_id = $1 and ($2::uuid is null or id < $2) and ($3::text is null or phone_e164 = $3)
      and ($4::text is null or scope = $4) and ($5::boolean is null or (revoked_at is null) = $5)
      and ($6::boolean is null or (cardinality(missing) = 0) = $6)
    order by id desc limit $7
"""

# A complete consent counts before an incomplete one, then the latest.
LIST_BEST = """
    select best.id, asked.phone as phone_e164, best.kind, best.scope, best.text_shown, best.text_sha256, best.url,
           best.given_at, best.zone, best.ip, best.user_agent, best.sellers, best.not_a_condition, best.source,
           best.recorded_at, best.recorded_by, best.confirmed_at, best.revoked_at, best.revoked_because, best.missing
    from unnest($2::text[]) as asked (phone)
    cross join lateral (
      select given.id, given.kind, given.scope, given.text_shown, given.text_sha256, given.url, given.given_at,
             given.zone, given.ip, given.user_agent, given.sellers, given.not_a_condition, given.source,
             given.recorded_at, given.recorded_by, given.confirmed_at, given.revoked_at, given.revoked_because,
             given.missing
      from opt_ins as given
      where given.tenant_id = $1 and given.phone_e164 = asked.phone and given.scope = 'marketing'
        and given.revoked_at is null
      order by cardinality(given.missing), given.given_at desc nulls last, given.id desc
      limit 1
    ) as best
"""

REVOKE_OF_PERSON = """
    update opt_ins set revoked_at = $3, revoked_because = $4
    where tenant_id = $1 and phone_e164 = $2 and revoked_at is null
    returning id
"""

REVOKE_ONE = """
    update opt_ins set revoked_at = $3, revoked_because = $4
    where tenant_id = $1 and id = $2 and revoked_at is null
    returning true
"""

ADD_REQUEST = """
    insert into opt_in_requests (id, tenant_id, phone_e164, opt_in, frequency, requested_at, requested_by, expires_at)
    values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8)
"""

FIND_OPEN_REQUEST = """
    select id, phone_e164, frequency, requested_at, expires_at, outcome, answered_at, requested_by,
           opt_in::text as opt_in
    from opt_in_requests where tenant_id = $1 and phone_e164 = $2 and outcome is null
"""

FIND_REQUEST = """
    select id, phone_e164, frequency, requested_at, expires_at, outcome, answered_at, requested_by,
           opt_in::text as opt_in
    from opt_in_requests where tenant_id = $1 and id = $2
"""

LIST_REQUESTS = """
    select id, phone_e164, frequency, requested_at, expires_at, outcome, answered_at
    from opt_in_requests
    where tenant_id = $1 and ($2::uuid is null or id < $2) and ($3::boolean is null or (outcome is null) = $3)
    order by id desc limit $4
"""

SETTLE_REQUEST = """
    update opt_in_requests set outcome = $3, answered_at = $4
    where tenant_id = $1 and id = $2 and outcome is null
    returning true
"""

LIST_OVERDUE = """
    select id, phone_e164 from opt_in_requests
    where tenant_id = $1 and outcome is null and expires_at <= $2
    order by phone_e164 limit $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """A consent that waits for a yes, with all that it will be recorded with."""

    request: OptInRequest
    opt_in: OptIn
    requested_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOptIn:
    """A consent on its way onto the record."""

    id: UUID
    opt_in: OptIn
    text_sha256: str
    missing: tuple[str, ...]
    source_key: str | None
    recorded_by: str
    request_id: UUID | None = None
    confirmed_at: datetime | None = None


async def add_opt_in(tx: Transaction, new: NewOptIn) -> bool:
    """Write a consent; False if its source has brought it before."""
    given = new.opt_in
    written = await tx.fetchval(
        ADD_OPT_IN,
        new.id,
        tx.tenant,
        given.phone_e164,
        given.kind.value,
        given.scope.value,
        given.text_shown,
        new.text_sha256,
        given.url,
        given.given_at,
        given.zone,
        given.ip,
        given.user_agent,
        list(given.sellers),
        given.not_a_condition,
        given.source,
        list(new.missing),
        new.source_key,
        tx.now,
        new.recorded_by,
        new.request_id,
        new.confirmed_at,
    )
    return written is True


async def add_opt_ins(tx: Transaction, new: Sequence[NewOptIn], *, by: str) -> set[UUID]:
    """Write consents in one statement; returns the ids of those that their source had not brought before."""
    rows = [
        {
            **msgspec.to_builtins(one.opt_in),
            "id": one.id,
            "text_sha256": one.text_sha256,
            "missing": one.missing,
            "source_key": one.source_key,
        }
        for one in new
    ]
    document = msgspec.json.encode(rows).decode()
    return {row["id"] for row in await tx.fetch(ADD_OPT_INS, tx.tenant, tx.now, by, document)}


async def find_opt_in(tx: Transaction, *, opt_in_id: UUID) -> OptInRecord | None:
    """Find a consent by id."""
    row = await tx.fetchrow(FIND_OPT_IN, tx.tenant, opt_in_id)
    return None if row is None else _record(row)


async def find_by_key(tx: Transaction, *, source_key: str) -> OptInRecord | None:
    """Find the consent that a source has brought under a key."""
    row = await tx.fetchrow(FIND_BY_KEY, tx.tenant, source_key)
    return None if row is None else _record(row)


async def list_opt_ins(
    tx: Transaction,
    *,
    before: UUID | None,
    phone_e164: str | None,
    scope: ConsentScope | None,
    in_force: bool | None,
    complete: bool | None,
    limit: int,
) -> list[OptInRecord]:
    """List consents, latest first, of one person or all."""
    rows = await tx.fetch(LIST_OPT_INS, tx.tenant, before, phone_e164, scope, in_force, complete, limit)
    return [_record(row) for row in rows]


async def list_best(tx: Transaction, phones: Sequence[str]) -> dict[str, OptInRecord]:
    """Map people to their best consent to marketing that is in force; who has none is left out."""
    return {row["phone_e164"]: _record(row) for row in await tx.fetch(LIST_BEST, tx.tenant, list(phones))}


async def revoke_of_person(tx: Transaction, *, phone_e164: str, because: str) -> list[UUID]:
    """Take back every consent of a person; lists which."""
    return [row["id"] for row in await tx.fetch(REVOKE_OF_PERSON, tx.tenant, phone_e164, tx.now, because)]


async def revoke_one(tx: Transaction, *, opt_in_id: UUID, because: str) -> bool:
    """Take one consent back; False if it is not in force."""
    return await tx.fetchval(REVOKE_ONE, tx.tenant, opt_in_id, tx.now, because) is True


async def add_request(
    tx: Transaction,
    *,
    request_id: UUID,
    opt_in: OptIn,
    frequency: str,
    by: str,
    expires_at: datetime,
) -> None:
    """Write that a person is asked whether they really consent; none may be open."""
    document = msgspec.json.encode(opt_in).decode()
    await tx.execute(
        ADD_REQUEST,
        request_id,
        tx.tenant,
        opt_in.phone_e164,
        document,
        frequency,
        tx.now,
        by,
        expires_at,
    )


async def find_open_request(tx: Transaction, *, phone_e164: str) -> StoredRequest | None:
    """Find the question that a person has not answered yet, overdue or not."""
    row = await tx.fetchrow(FIND_OPEN_REQUEST, tx.tenant, phone_e164)
    return None if row is None else _stored(row)


async def find_request(tx: Transaction, *, request_id: UUID) -> StoredRequest | None:
    """Find a question by id."""
    row = await tx.fetchrow(FIND_REQUEST, tx.tenant, request_id)
    return None if row is None else _stored(row)


async def list_requests(
    tx: Transaction, *, before: UUID | None, is_open: bool | None, limit: int
) -> list[OptInRequest]:
    """List questions, latest first."""
    return [_request(row) for row in await tx.fetch(LIST_REQUESTS, tx.tenant, before, is_open, limit)]


async def settle_request(tx: Transaction, *, request_id: UUID, outcome: RequestOutcome) -> bool:
    """Write what became of a question; False if that is known already."""
    return await tx.fetchval(SETTLE_REQUEST, tx.tenant, request_id, outcome.value, tx.now) is True


async def list_overdue_requests(tx: Transaction, *, limit: int) -> list[tuple[UUID, str]]:
    """List open questions whose time is over, with the person's number."""
    return [(row["id"], row["phone_e164"]) for row in await tx.fetch(LIST_OVERDUE, tx.tenant, tx.now, limit)]


def _record(row: asyncpg.Record) -> OptInRecord:
    return judged(msgspec.convert(dict(row), OptInRecord))


def _request(row: asyncpg.Record) -> OptInRequest:
    return OptInRequest(
        id=row["id"],
        phone_e164=row["phone_e164"],
        frequency=row["frequency"],
        requested_at=row["requested_at"],
        expires_at=row["expires_at"],
        outcome=None if row["outcome"] is None else RequestOutcome(row["outcome"]),
        answered_at=row["answered_at"],
    )


def _stored(row: asyncpg.Record) -> StoredRequest:
    return StoredRequest(
        request=_request(row),
        opt_in=msgspec.json.decode(row["opt_in"], type=OptIn),
        requested_by=row["requested_by"],
    )
