"""What is there before a world with campaigns begins: people, consents, numbers, budgets, approved campaigns."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import asyncpg

from frontdesk.features import campaigns
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from tests.simulation.market import BUSINESS_ZONE, SECOND_NUMBER, TELNYX_NUMBER, CampaignPlan, Market
from tests.simulation.story import Businesses
from tests.support.actors import ADA_ACTS

EVERYBODY = json.dumps({"filter": {"where": "all", "of": []}})
TEXAS = json.dumps({"us-tx-302": {"number": "0123", "valid_until": "2028-01-01"}})
ADD_NUMBERS = """
    insert into sending_numbers (id, tenant_id, phone_e164, provider, created_at)
    select gen_random_uuid(), $1, phone, provider, $2
    from (values ($3, 'twilio'), ($4, 'telnyx')) as given (phone, provider)
"""
SET_NUMBERS = """
    update sending_numbers as number
    set registration_status = case when given.registered then 'approved' else 'pending' end,
        registration_id = 'C0FFEE', segments_per_second = given.rate, burst = given.burst,
        daily_limit = given.daily_limit, warmup = given.warmup::jsonb
    from unnest($1::text[], $2::bool[], $3::numeric[], $4::int[], $5::int[], $6::text[])
         as given (phone, registered, rate, burst, daily_limit, warmup)
    where number.phone_e164 = given.phone
"""
SET_BUSINESSES = """
    update tenants as business
    set daily_budget_cents = given.daily, monthly_budget_cents = given.monthly, registrations = $4::jsonb,
        marketing_daily_cap = $5, texting_countries = $6
    from unnest($1::uuid[], $2::numeric[], $3::numeric[]) as given (id, daily, monthly)
    where business.id = given.id
"""
ADD_PEOPLE = """
    insert into contacts (id, tenant_id, phone_e164, name, created_at, timezone, region)
    select id, tenant_id, phone, 'Carol', $1, zone, coalesce(region, '')
    from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
         as given (id, tenant_id, phone, zone, region)
"""
ADD_CONSENTS = """
    insert into opt_ins (id, tenant_id, phone_e164, kind, scope, text_shown, text_sha256, url, given_at, zone, ip,
                         user_agent, sellers, not_a_condition, source, missing, recorded_at, recorded_by, revoked_at)
    select given.id, given.tenant_id, phone, case when agreed = 'by word' then 'oral' else 'written' end, 'marketing',
           'I agree to texts.', encode(sha256('I agree to texts.'), 'hex'),
           case when agreed = 'unproven' then '' else 'https://business.example/offers' end,
           $1::timestamptz - interval '30 days', 'America/New_York', '203.0.113.7', 'Mozilla/5.0', '{Business}', true,
           'web form', case when agreed = 'unproven' then '{url}' else '{}' end::text[],
           $1::timestamptz - interval '30 days', 'system:tests',
           case when agreed = 'taken back' then $1::timestamptz - interval '1 day' end
    from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) as given (id, tenant_id, phone, agreed)
    where agreed <> 'not at all'
"""
REFUSE_EVERYWHERE = """
    insert into global_do_not_contact (phone_e164, scope, reason, listed_by, since)
    select phone, 'marketing', 'asked the platform', 'system:tests', $1 from unnest($2::text[]) as given (phone)
"""
SET_SHARE = "insert into provider_shares (provider, weight, changed_at) values ($1, $2, $3)"
ADD_REHEARSAL = """
    insert into rehearsals (id, tenant_id, campaign_id, content_hash, status, starts_at, ends_at, created_by,
                            created_at, done_at)
    values ($1, $2, $3, $4, 'done', $5, $5, 'system:tests', $5, $5)
"""
NOTE_REHEARSAL = "update campaigns set rehearsal_id = $2 where id = $1"
DAY_BEFORE = "select (($1::timestamptz at time zone $2)::date - 1)::text"


async def found(connection: asyncpg.Connection, market: Market, businesses: Businesses) -> tuple[UUID, ...]:
    """Prepare an emptied database for a world's campaigns; returns their ids, each approved and ready to start."""
    before = market.beginning - timedelta(hours=1)
    async with connection.transaction():
        await connection.execute(ADD_NUMBERS, businesses.ids[0], before, SECOND_NUMBER, TELNYX_NUMBER)
        await _set_limits(connection, market, businesses)
        await _add_people(connection, market, businesses)
        ids = [await _approve(connection, plan, market, businesses) for plan in market.campaigns]
    return tuple(ids)


async def _set_limits(connection: asyncpg.Connection, market: Market, businesses: Businesses) -> None:
    first_day = await connection.fetchval(DAY_BEFORE, market.beginning, BUSINESS_ZONE)
    lines = market.numbers
    plans = [
        json.dumps({"started_on": first_day, "daily": list(line.warmup)}) if line.warmup else None for line in lines
    ]
    await connection.execute(
        SET_NUMBERS,
        [line.phone for line in lines],
        [line.registered for line in lines],
        [line.rate for line in lines],
        [line.burst for line in lines],
        [line.daily_limit for line in lines],
        plans,
    )
    registrations = TEXAS if market.texas else "{}"
    await connection.execute(
        SET_BUSINESSES,
        list(businesses.ids),
        list(market.daily_cents),
        list(market.monthly_cents),
        registrations,
        market.daily_cap,
        ["AU", "CA", "GB"] if market.abroad else [],
    )
    for provider, weight in market.shares:
        await connection.execute(SET_SHARE, provider, weight, market.beginning - timedelta(minutes=5))


async def _add_people(connection: asyncpg.Connection, market: Market, businesses: Businesses) -> None:
    people = market.people
    owners = [businesses.ids[one.business] for one in people]
    phones = [one.resident.phone for one in people]
    await connection.execute(
        ADD_PEOPLE,
        market.beginning - timedelta(days=30),
        [new_id() for _ in people],
        owners,
        phones,
        [one.resident.zone for one in people],
        [one.resident.region for one in people],
    )
    await connection.execute(
        ADD_CONSENTS,
        market.beginning,
        [new_id() for _ in people],
        owners,
        phones,
        [one.agreed.value for one in people],
    )
    await connection.execute(REFUSE_EVERYWHERE, market.beginning, list(market.refused_everywhere))


async def _approve(connection: asyncpg.Connection, plan: CampaignPlan, market: Market, businesses: Businesses) -> UUID:
    """Draft a campaign and approve it, as its owner did an hour ago, after a rehearsal that is only noted here."""
    tenant_id, now = businesses.ids[plan.business], market.beginning - timedelta(hours=1)
    tx = Transaction(connection, tenant_id=tenant_id, now=now, correlation_id=new_id(), causation_id=None, inline=False)
    draft = campaigns.Draft(
        name="Winter check",
        audience=EVERYBODY,
        variants=(campaigns.Variant(name="A", body=plan.body),),
        senders=plan.senders,
        schedule=campaigns.Schedule(mode=campaigns.ScheduleMode.AT_ONCE),
        ends_at=market.beginning + timedelta(seconds=plan.lasts),
        per_minute=plan.per_minute,
        quiet_from=None if plan.quiet is None else plan.quiet[0],
        quiet_until=None if plan.quiet is None else plan.quiet[1],
    )
    campaign = await campaigns.create_campaign(tx, draft, by=ADA_ACTS)
    rehearsal_id = new_id()
    await connection.execute(ADD_REHEARSAL, rehearsal_id, tenant_id, campaign.id, campaign.content_hash, now)
    await connection.execute(NOTE_REHEARSAL, campaign.id, rehearsal_id)
    await campaigns.approve_campaign(tx, campaign_id=campaign.id, content_hash=campaign.content_hash, by=ADA_ACTS)
    return campaign.id
