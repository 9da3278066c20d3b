"""What a regulator is shown of one person: read from consent's, delivery's and conversations' tables as it stands."""

from __future__ import annotations

from uuid import UUID

from frontdesk.kernel.db import Transaction

Row = dict[str, object]

IS_KNOWN = """
    select exists (select from compliance_events where tenant_id = $1 and phone_e164 = $2)
        or exists (select from do_not_contact where tenant_id = $1 and phone_e164 = $2)
        or exists (select from opt_ins where tenant_id = $1 and phone_e164 = $2)
        or exists (select from contacts where tenant_id = $1 and phone_e164 = $2)
        or exists (select from send_jobs where tenant_id = $1 and recipient_e164 = $2)
"""

LIST_EVENTS = """
    select seq, created_at, event_type, channel, phone_e164, scope, metadata::text as metadata, person_no, body,
           canonical, encode(prev_hash, 'hex') as prev_hash, encode(hash, 'hex') as hash
    from compliance_events
    where tenant_id = $1 and phone_e164 = $2 and seq <= $3
    order by seq
"""

# A link from before version 2 names its person: another's is shown by its hash alone.
LIST_LINKS = """
    select seq, case when body is not null or phone_e164 = $2 then canonical end as canonical,
           encode(prev_hash, 'hex') as prev_hash, encode(hash, 'hex') as hash
    from compliance_events
    where tenant_id = $1 and seq > $3 and seq <= $4
    order by seq limit $5
"""

LIST_OPT_INS = """
    select id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip, user_agent, sellers,
           not_a_condition, source, missing, recorded_at, recorded_by, request_id, confirmed_at, revoked_at,
           revoked_because
    from opt_ins where tenant_id = $1 and phone_e164 = $2 order by id
"""

LIST_REQUESTS = """
    select id, phone_e164, opt_in::text as opt_in, frequency, requested_at, requested_by, expires_at, outcome,
           answered_at
    from opt_in_requests where tenant_id = $1 and phone_e164 = $2 order by id
"""

LIST_REFUSALS = """
    select 'business' as list, refusal.scope, refusal.source, refusal.reason, refusal.since, '' as sender_e164,
           refusal.listed_at, refusal.listed_reason
    from do_not_contact as refusal where refusal.tenant_id = $1 and refusal.phone_e164 = $2
    union all
    select 'number', 'all', 'person', stop.reason, stop.since, stop.sender_e164, null, null
    from sender_opt_outs as stop join sending_numbers as number on number.phone_e164 = stop.sender_e164
    where number.tenant_id = $1 and stop.phone_e164 = $2
    union all
    select 'platform', everywhere.scope, 'platform', everywhere.reason, everywhere.since, '', null, null
    from global_do_not_contact as everywhere where everywhere.phone_e164 = $2
    order by 5, 1, 6
"""

LIST_JOB_IDS = "select id from send_jobs where tenant_id = $1 and recipient_e164 = $2 order by id"

LIST_RECEIPTS = """
    select provider, dedupe_key, received_at, encode(body, 'base64') as body_base64
    from webhook_events where tenant_id = $1 and dedupe_key = any($2) order by received_at, dedupe_key
"""

LIST_TEXTS = """
    select message.id, message.created_at, message.direction, message.sender_e164, message.recipient_e164,
           message.body, message.author, message.wording, message.provider, message.provider_message_id,
           message.send_job_id
    from conv_messages as message
    join conversations as thread on thread.id = message.conversation_id and thread.tenant_id = message.tenant_id
    join contacts as person on person.id = thread.contact_id and person.tenant_id = message.tenant_id
    where message.tenant_id = $1 and person.phone_e164 = $2
    order by message.created_at, message.id
"""


async def is_known(tx: Transaction, *, phone_e164: str) -> bool:
    """Tell whether the tenant has anything on record about a number."""
    return await tx.fetchval(IS_KNOWN, tx.tenant, phone_e164) is True


async def list_events(tx: Transaction, *, phone_e164: str, until: int) -> list[Row]:
    """List a person's events in the consent ledger up to a number, with what was chained of each."""
    return [dict(row) for row in await tx.fetch(LIST_EVENTS, tx.tenant, phone_e164, until)]


async def list_links(tx: Transaction, *, phone_e164: str, after: int, until: int, limit: int) -> list[Row]:
    """List links of the consent chain after a number up to another, in order, naming nobody but the person."""
    return [dict(row) for row in await tx.fetch(LIST_LINKS, tx.tenant, phone_e164, after, until, limit)]


async def list_opt_ins(tx: Transaction, *, phone_e164: str) -> list[Row]:
    """List a person's consents, oldest first."""
    return [dict(row) for row in await tx.fetch(LIST_OPT_INS, tx.tenant, phone_e164)]


async def list_requests(tx: Transaction, *, phone_e164: str) -> list[Row]:
    """List the questions whether a person really consents, oldest first."""
    return [dict(row) for row in await tx.fetch(LIST_REQUESTS, tx.tenant, phone_e164)]


async def list_refusals(tx: Transaction, *, phone_e164: str) -> list[Row]:
    """List what keeps a person from being texted: by the business, from its numbers, on the platform."""
    return [dict(row) for row in await tx.fetch(LIST_REFUSALS, tx.tenant, phone_e164)]


async def list_job_ids(tx: Transaction, *, phone_e164: str) -> list[UUID]:
    """List the send jobs to a number, oldest first."""
    return [row["id"] for row in await tx.fetch(LIST_JOB_IDS, tx.tenant, phone_e164)]


async def list_receipts(tx: Transaction, *, keys: list[str]) -> list[Row]:
    """List archived receipts by their keys, as they came."""
    return [dict(row) for row in await tx.fetch(LIST_RECEIPTS, tx.tenant, keys)]


async def list_texts(tx: Transaction, *, phone_e164: str) -> list[Row]:
    """List the texts to and from a person that are still kept, oldest first."""
    return [dict(row) for row in await tx.fetch(LIST_TEXTS, tx.tenant, phone_e164)]
