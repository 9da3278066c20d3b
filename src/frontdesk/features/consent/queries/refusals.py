"""Who must not be texted: by a business, from a number, by anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from frontdesk.features.consent.model import (
    GlobalRefusal,
    InvalidRow,
    ListImport,
    Refusal,
    RefusalScope,
    RefusalSource,
    SenderRefusal,
)
from frontdesk.kernel.db import Transaction, affected

FIND_REFUSAL = """
    select phone_e164, scope, reason, source, since from do_not_contact where tenant_id = $1 and phone_e164 = $2
"""

LIST_REFUSALS = """
    select phone_e164, scope, reason, source, since from do_not_contact
    where tenant_id = $1 and ($2::timestamptz is null or (since, phone_e164) < ($2, $3::text))
      and ($4::text is null or scope = $4) and ($5::text is null or source = $5)
      and ($6::text is null or phone_e164 = $6)
    order by since desc, phone_e164 desc limit $7
"""

# A person's own word replaces what was only suspected or listed, and a wider refusal a narrower one; never back.
REFUSE = """
    insert into do_not_contact (tenant_id, phone_e164, scope, reason, source, since) values ($1, $2, $3, $4, $5, $6)
    on conflict (tenant_id, phone_e164) do update
    set scope = case when do_not_contact.scope = 'all' then 'all' else excluded.scope end,
        reason = excluded.reason, since = excluded.since,
        source = case when do_not_contact.source in ('person', 'carrier') then do_not_contact.source
                      else excluded.source end
    where (do_not_contact.scope = 'marketing' and excluded.scope = 'all')
       or (do_not_contact.source in ('unsure', 'business') and excluded.source in ('person', 'carrier'))
    returning true
"""

LIST_ON = """
    insert into do_not_contact (tenant_id, phone_e164, scope, reason, source, since, listed_scope, listed_reason,
                                listed_at, listed_by, import_id)
    select $1, asked.phone, $3, $4, 'business', $5, $3, $4, $5, $6, $7
    from unnest($2::text[]) as asked (phone)
    on conflict (tenant_id, phone_e164) do update
    set scope = case when do_not_contact.scope = 'all' then 'all' else excluded.scope end,
        reason = case when do_not_contact.source = 'business' then excluded.reason else do_not_contact.reason end,
        listed_scope = case when do_not_contact.listed_scope = 'all' then 'all' else excluded.listed_scope end,
        listed_reason = excluded.listed_reason, listed_at = excluded.listed_at, listed_by = excluded.listed_by,
        import_id = excluded.import_id
    where do_not_contact.listed_at is null or (do_not_contact.listed_scope = 'marketing' and excluded.scope = 'all')
    returning phone_e164
"""

# Said again: the latest word is what a START must be later than.
REFUSE_AGAIN = """
    update do_not_contact set since = $3
    where tenant_id = $1 and phone_e164 = $2 and source in ('person', 'carrier') and since < $3
"""

LIFT = """
    delete from do_not_contact
    where tenant_id = $1 and phone_e164 = $2 and listed_at is null and since < $3
    returning true
"""

LIFT_TO_LISTED = """
    update do_not_contact
    set scope = listed_scope, reason = listed_reason, since = listed_at, source = 'business'
    where tenant_id = $1 and phone_e164 = $2 and listed_at is not null and source <> 'business' and since < $3
    returning true
"""

UNLIST = """
    delete from do_not_contact where tenant_id = $1 and phone_e164 = $2 and source = 'business' returning true
"""

REFUSE_SENDER = """
    insert into sender_opt_outs (sender_e164, phone_e164, since, reason) values ($1, $2, $3, $4) on conflict do nothing
"""

LIFT_SENDER = """
    delete from sender_opt_outs where sender_e164 = $1 and phone_e164 = $2 and since < $3 returning true
"""

LIST_SENDER_REFUSALS = """
    select stop.sender_e164, stop.phone_e164, stop.reason, stop.since
    from sender_opt_outs as stop
    join sending_numbers as number on number.phone_e164 = stop.sender_e164
    where number.tenant_id = $1 and stop.phone_e164 = $2
    order by stop.since desc, stop.sender_e164
"""

FIND_GLOBAL = "select phone_e164, scope, reason, since from global_do_not_contact where phone_e164 = $1"

LIST_GLOBAL = """
    select phone_e164, scope, reason, since from global_do_not_contact
    where ($1::timestamptz is null or (since, phone_e164) < ($1, $2::text))
    order by since desc, phone_e164 desc limit $3
"""

LIST_ON_EVERYWHERE = """
    insert into global_do_not_contact (phone_e164, scope, reason, listed_by, import_id, since)
    select asked.phone, $2, $3, $4, $5, $6 from unnest($1::text[]) as asked (phone)
    on conflict (phone_e164) do update
    set scope = excluded.scope, reason = excluded.reason, listed_by = excluded.listed_by,
        import_id = excluded.import_id, since = excluded.since
    where global_do_not_contact.scope = 'marketing' and excluded.scope = 'all'
    returning phone_e164
"""

UNLIST_EVERYWHERE = "delete from global_do_not_contact where phone_e164 = $1"

ADD_IMPORT = """
    insert into suppression_imports (id, tenant_id, name, scope, reason, imported_by, started_at)
    values ($1, $2, $3, $4, $5, $6, $7)
"""

RECORD_IMPORT = """
    update suppression_imports
    set rows_read = $3, added = $4, known = $5, invalid = $6, invalid_rows = $7::jsonb, finished_at = $8
    where id = $2 and (tenant_id = $1::uuid or (tenant_id is null and $1::uuid is null))
"""

LIST_IMPORTS = """
    select id, name, scope, started_at, finished_at, imported_by, rows_read, added, known, invalid,
           invalid_rows::text as invalid_rows
    from suppression_imports
    where tenant_id = $1 and ($2::uuid is null or id < $2)
    order by id desc limit $3
"""


async def find_refusal(tx: Transaction, *, phone_e164: str) -> Refusal | None:
    """Find out whether a person must not be texted."""
    row = await tx.fetchrow(FIND_REFUSAL, tx.tenant, phone_e164)
    return None if row is None else Refusal(**dict(row))


async def list_refusals(
    tx: Transaction,
    *,
    before: tuple[datetime, str] | None,
    scope: RefusalScope | None,
    source: RefusalSource | None,
    phone_e164: str | None,
    limit: int,
) -> list[Refusal]:
    """List who must not be texted, latest first, from before a moment and the number refused then."""
    since, last = before or (None, None)
    rows = await tx.fetch(LIST_REFUSALS, tx.tenant, since, last, scope, source, phone_e164, limit)
    return [Refusal(**dict(row)) for row in rows]


async def refuse(
    tx: Transaction, *, phone_e164: str, scope: str, reason: str, source: RefusalSource = RefusalSource.PERSON
) -> bool:
    """Write that a person must not be texted; a wider refusal replaces a narrower one, never the other way.

    False if nothing is new but the moment: a person's own word counts from when it was received last.
    """
    if await tx.fetchval(REFUSE, tx.tenant, phone_e164, scope, reason, source.value, tx.now) is True:
        return True
    if source in (RefusalSource.PERSON, RefusalSource.CARRIER):
        await tx.execute(REFUSE_AGAIN, tx.tenant, phone_e164, tx.now)
    return False


async def put_on_list(
    tx: Transaction, phones: Sequence[str], *, scope: RefusalScope, reason: str, by: str, import_id: UUID | None
) -> list[str]:
    """Write that the business will not text these people; lists those who were not on its list as far before."""
    rows = await tx.fetch(LIST_ON, tx.tenant, list(phones), scope.value, reason, tx.now, by, import_id)
    return [row["phone_e164"] for row in rows]


async def lift(tx: Transaction, *, phone_e164: str) -> bool:
    """Take back what a person refused before this moment; what the business has listed itself stays.

    False if nothing was refused, or not before: of a STOP and a START received at once the STOP stands.
    """
    if await tx.fetchval(LIFT, tx.tenant, phone_e164, tx.now) is True:
        return True
    return await tx.fetchval(LIFT_TO_LISTED, tx.tenant, phone_e164, tx.now) is True


async def delete_listing(tx: Transaction, *, phone_e164: str) -> bool:
    """Take a person off the business's own list; False if they are not on it, or refuse by themselves."""
    return await tx.fetchval(UNLIST, tx.tenant, phone_e164) is True


async def refuse_sender(tx: Transaction, *, sender_e164: str, phone_e164: str, reason: str) -> None:
    """Write that a person must not be texted from one number, whoever uses it; said again, the later moment counts."""
    await tx.execute(LIFT_SENDER, sender_e164, phone_e164, tx.now)
    await tx.execute(REFUSE_SENDER, sender_e164, phone_e164, tx.now, reason)


async def lift_sender(tx: Transaction, *, sender_e164: str, phone_e164: str) -> bool:
    """Let a person be texted from one number again that they refused before this moment."""
    return await tx.fetchval(LIFT_SENDER, sender_e164, phone_e164, tx.now) is True


async def list_sender_refusals(tx: Transaction, *, phone_e164: str) -> list[SenderRefusal]:
    """List the numbers of the tenant that a person has said STOP to, latest first."""
    return [SenderRefusal(**dict(row)) for row in await tx.fetch(LIST_SENDER_REFUSALS, tx.tenant, phone_e164)]


async def find_global(tx: Transaction, *, phone_e164: str) -> GlobalRefusal | None:
    """Find out whether nobody may text a person."""
    row = await tx.fetchrow(FIND_GLOBAL, phone_e164)
    return None if row is None else GlobalRefusal(**dict(row))


async def list_global(tx: Transaction, *, before: tuple[datetime, str] | None, limit: int) -> list[GlobalRefusal]:
    """List whom nobody may text, latest first."""
    since, last = before or (None, None)
    return [GlobalRefusal(**dict(row)) for row in await tx.fetch(LIST_GLOBAL, since, last, limit)]


async def put_on_global_list(
    tx: Transaction, phones: Sequence[str], *, scope: RefusalScope, reason: str, by: str, import_id: UUID | None
) -> list[str]:
    """Write that nobody may text these people; lists those who were not on the list as far before."""
    rows = await tx.fetch(LIST_ON_EVERYWHERE, list(phones), scope.value, reason, by, import_id, tx.now)
    return [row["phone_e164"] for row in rows]


async def delete_global(tx: Transaction, *, phone_e164: str) -> bool:
    """Take a person off the list of those whom nobody may text; False if they are not on it."""
    return affected(await tx.execute(UNLIST_EVERYWHERE, phone_e164)) == 1


async def add_import(tx: Transaction, *, import_id: UUID, name: str, scope: RefusalScope, reason: str, by: str) -> None:
    """Write that an import has begun, of the transaction's tenant or (none) the platform."""
    await tx.execute(ADD_IMPORT, import_id, tx.tenant_id, name, scope.value, reason, by, tx.now)


async def record_import(tx: Transaction, report: ListImport) -> None:
    """Write how far an import is."""
    await tx.execute(
        RECORD_IMPORT,
        tx.tenant_id,
        report.id,
        report.rows_read,
        report.added,
        report.known,
        report.invalid,
        msgspec.json.encode(report.invalid_rows).decode(),
        report.finished_at,
    )


async def list_imports(tx: Transaction, *, before: UUID | None, limit: int) -> list[ListImport]:
    """List the tenant's imports, latest first."""
    return [_import(row) for row in await tx.fetch(LIST_IMPORTS, tx.tenant, before, limit)]


def _import(row: asyncpg.Record) -> ListImport:
    fields = dict(row)
    invalid = msgspec.json.decode(fields.pop("invalid_rows"), type=tuple[InvalidRow, ...])
    return ListImport(**fields, invalid_rows=invalid)
