"""What the gates of marketing need to know beyond what every text is asked for, for many texts in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal

from frontdesk.features.delivery.model import BulkJob
from frontdesk.kernel.db import Transaction

READ_MARKETING_FACTS = """
    select business.country as tenant_country, business.timezone as tenant_zone,
           least(business.quiet_from, stream.quiet_from) as quiet_from,
           greatest(business.quiet_until, stream.quiet_until) as quiet_until,
           business.registrations, business.marketing_daily_cap, business.texting_countries,
           nullif(person.timezone, '') as known_zone, nullif(person.region, '') as known_region,
           person.deleted_at is not null as forgotten,
           number.number_type, number.registration_status, number.country as number_country,
           elsewhere.phone_e164 is not null as refused_everywhere,
           proof.document as proof,
           (
             select count(*) from send_jobs as earlier
             where earlier.recipient_e164 = asked.recipient and earlier.tenant_id = asked.tenant_id
               and earlier.message_class = 'C3' and earlier.posting_at > $4::timestamptz - interval '24 hours'
               and earlier.status in ('posting', 'unknown', 'accepted', 'sent', 'delivered', 'undelivered')
           )::int as marketing_last_24h,
           exists (
             select from send_jobs as earlier
             where earlier.recipient_e164 = asked.recipient and earlier.tenant_id = asked.tenant_id
               and earlier.message_class = 'C3' and earlier.status in ('posting', 'unknown')
           ) as another_unsettled,
           price.cents as price_cents
    from unnest($1::uuid[], $2::text[], $3::text[], $5::uuid[], $6::text[], $7::text[],
                $8::uuid[])
         with ordinality as asked (tenant_id, recipient, sender, contact_id, provider, country, campaign_id, position)
    join tenants as business on business.id = asked.tenant_id
    left join send_streams as stream on stream.campaign_id = asked.campaign_id and stream.tenant_id = asked.tenant_id
    left join contacts as person on person.id = asked.contact_id and person.tenant_id = asked.tenant_id
    left join sending_numbers as number on number.phone_e164 = asked.sender and number.tenant_id = asked.tenant_id
    left join global_do_not_contact as elsewhere on elsewhere.phone_e164 = asked.recipient
    left join lateral (
      select jsonb_build_object(
               'kind', given.kind, 'given_at', given.given_at, 'zone', given.zone, 'text', given.text_shown,
               'text_sha256', given.text_sha256, 'url', given.url, 'ip', given.ip, 'user_agent', given.user_agent,
               'seller', array_to_string(given.sellers, ', '),
               'condition_of_purchase', case when given.not_a_condition then false end
             ) as document
      from opt_ins as given
      where given.tenant_id = asked.tenant_id and given.phone_e164 = asked.recipient and given.scope = 'marketing'
        and given.revoked_at is null
      order by cardinality(given.missing), given.given_at desc limit 1
    ) as proof on true
    left join lateral (
      select known.cents from segment_prices as known
      where known.provider = asked.provider and known.country in (asked.country, '') and known.since <= $4::date
      order by known.country = '', known.since desc limit 1
    ) as price on true
    order by asked.position
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketingFacts:
    """What the database holds about one marketing text; a business's and a consent's documents as JSON."""

    tenant_country: str
    tenant_zone: str
    quiet_from: time
    quiet_until: time
    registrations: str
    marketing_daily_cap: int
    texting_countries: list[str]
    known_zone: str | None
    known_region: str | None
    forgotten: bool | None
    number_type: str | None
    registration_status: str | None
    number_country: str | None
    refused_everywhere: bool
    proof: str | None
    marketing_last_24h: int
    another_unsettled: bool
    price_cents: Decimal | None


async def read_marketing_facts(
    tx: Transaction, jobs: Sequence[BulkJob], *, countries: Sequence[str]
) -> list[MarketingFacts]:
    """Read the facts of each text, in order; `countries` are the recipients', for the price of a segment."""
    rows = await tx.fetch(
        READ_MARKETING_FACTS,
        [one.job.tenant_id for one in jobs],
        [one.job.recipient_e164 for one in jobs],
        [one.job.sender_e164 for one in jobs],
        tx.now,
        [one.contact_id for one in jobs],
        [one.job.provider for one in jobs],
        list(countries),
        [one.campaign_id for one in jobs],
    )
    return [MarketingFacts(**dict(row)) for row in rows]
