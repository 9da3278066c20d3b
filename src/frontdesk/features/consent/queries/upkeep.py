"""What checks of consent ask and its remedies change; across tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.kernel.db import Transaction

# A refusal in another form than E.164 is read by no gate. Who writes rows by hand did it lately: the newest are enough.
LIST_NEWEST_MISWRITTEN = """
    select business.id as tenant_id, business.country, newest.phone_e164
    from tenants as business
    cross join lateral (
      select phone_e164 from do_not_contact where tenant_id = business.id order by since desc limit 200
    ) as newest
    where newest.phone_e164 !~ '^\\+[1-9][0-9]{6,14}$'
    order by business.id, newest.phone_e164
"""

LIST_MISWRITTEN = """
    select business.id as tenant_id, business.country, refusal.phone_e164
    from do_not_contact as refusal join tenants as business on business.id = refusal.tenant_id
    where refusal.phone_e164 !~ '^\\+[1-9][0-9]{6,14}$'
    order by business.id, refusal.phone_e164
"""

RENAME = """
    update do_not_contact set phone_e164 = $3
    where tenant_id = $1 and phone_e164 = $2
      and not exists (select from do_not_contact as known where known.tenant_id = $1 and known.phone_e164 = $3)
    returning true
"""

# Both stand for one person: the wider refusal and the earlier moment hold.
MERGE = """
    with gone as (
      delete from do_not_contact where tenant_id = $1 and phone_e164 = $2 returning scope, since
    )
    update do_not_contact as known
    set scope = case when gone.scope = 'all' then 'all' else known.scope end, since = least(known.since, gone.since)
    from gone where known.tenant_id = $1 and known.phone_e164 = $3
"""

# The last word of the ledger on people of its newest entries, where it is a refusal that the list does not have.
LIST_DROPPED = """
    select business.id as tenant_id, said.phone_e164, said.event_type, said.scope, said.created_at as since
    from tenants as business
    cross join lateral (
      select distinct on (newest.phone_e164)
             newest.phone_e164, newest.event_type, newest.scope, newest.created_at
      from (
        select phone_e164, event_type, scope, seq, created_at from compliance_events
        where tenant_id = business.id order by seq desc limit 500
      ) as newest
      where newest.event_type in ('stop', 'stop_marketing', 'start', 'do_not_contact_listed', 'do_not_contact_unlisted')
      order by newest.phone_e164, newest.seq desc
    ) as said
    where said.event_type in ('stop', 'stop_marketing', 'do_not_contact_listed')
      and not exists (
        select from do_not_contact as refusal
        where refusal.tenant_id = business.id and refusal.phone_e164 = said.phone_e164)
    order by business.id, said.phone_e164
"""

PUT_BACK = """
    insert into do_not_contact (tenant_id, phone_e164, scope, reason, source, since, listed_scope, listed_reason,
                                listed_at, listed_by)
    select $1, $2, $3, 'ledger', case when said.listed then 'business' else 'person' end, $4,
           case when said.listed then $3 end, case when said.listed then 'ledger' end,
           case when said.listed then $4::timestamptz end, case when said.listed then $6::text end
    from (select $5::boolean as listed) as said
    on conflict (tenant_id, phone_e164) do nothing
    returning true
"""

ADD_LOCALLY = """
    insert into do_not_contact (tenant_id, phone_e164, scope, reason, source, since)
    select id, $1, 'all', 'typed by hand', 'business', $2 from tenants order by created_at, id limit 1
"""

FORGET_NEWEST = """
    delete from do_not_contact
    where (tenant_id, phone_e164) in (
      select tenant_id, phone_e164 from do_not_contact where source = 'person' order by since desc limit 1)
"""


@dataclass(frozen=True, slots=True)
class Miswritten:
    """A refusal whose number is not in E.164, and the country of the business that has it."""

    tenant_id: UUID
    country: str
    phone_e164: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A refusal that the ledger has and the list has not."""

    tenant_id: UUID
    phone_e164: str
    event_type: str
    scope: str
    since: datetime


async def list_newest_miswritten(tx: Transaction) -> list[Miswritten]:
    """List refusals whose number is not in E.164, of the 200 newest of each business."""
    return [Miswritten(**dict(row)) for row in await tx.fetch(LIST_NEWEST_MISWRITTEN)]


async def list_miswritten(tx: Transaction) -> list[Miswritten]:
    """List all refusals whose number is not in E.164; reads the whole list."""
    return [Miswritten(**dict(row)) for row in await tx.fetch(LIST_MISWRITTEN)]


async def rename_refusal(tx: Transaction, one: Miswritten, *, phone_e164: str) -> None:
    """Write a refusal under the right number; where that is refused too, the wider of the two holds."""
    if await tx.fetchval(RENAME, one.tenant_id, one.phone_e164, phone_e164) is not True:
        await tx.execute(MERGE, one.tenant_id, one.phone_e164, phone_e164)


async def list_dropped(tx: Transaction) -> list[Dropped]:
    """List refusals that the ledger has and the list has not, by the newest 500 entries of each business."""
    return [Dropped(**dict(row)) for row in await tx.fetch(LIST_DROPPED)]


async def put_back(tx: Transaction, one: Dropped, *, by: str) -> bool:
    """Write a refusal that the ledger has back into the list; False if it is there."""
    listed = one.event_type == "do_not_contact_listed"
    written = await tx.fetchval(PUT_BACK, one.tenant_id, one.phone_e164, one.scope, one.since, listed, by)
    return written is True


async def add_locally(tx: Transaction, *, phone: str) -> None:
    """Write a refusal as somebody types it who does not know of E.164."""
    await tx.execute(ADD_LOCALLY, phone, tx.now)


async def forget_newest(tx: Transaction) -> None:
    """Delete the newest refusal of a person behind the ledger's back."""
    await tx.execute(FORGET_NEWEST)
