"""The SQL of a made-up past: people, calls, talk, campaigns and bookings of a business that has none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from frontdesk.kernel.db import Transaction

# Ids follow from numbers, so that statements meet without a look-up; ids of what happens sort by its time.
INSERT_PEOPLE = """
    with people as materialized (
      select number, md5($1::uuid || 'person' || number)::uuid as id,
             md5($1::uuid || 'thread' || number)::uuid as thread,
             '+1206' || lpad((2000000 + number)::text, 7, '0') as phone
      from generate_series($3::int, $4::int) as number
    ), known as (
      insert into contacts (id, tenant_id, phone_e164, name, given_name, created_at, country)
      select id, $1, phone, 'Person ' || number, 'Person', $2, 'US' from people
    )
    insert into conversations (id, tenant_id, contact_id, last_message_at, created_at)
    select thread, $1, id, $2 - number * interval '1 minute', $2 from people
"""

INSERT_CALLS = """
    with calls_made as materialized (
      select number, at, md5($1::uuid || 'person' || person)::uuid as contact,
             md5($1::uuid || 'thread' || person)::uuid as thread,
             '+1206' || lpad((2000000 + person)::text, 7, '0') as phone,
             (stamp || '7000' || '8' || substr(md5('c' || number), 1, 15))::uuid as id,
             (stamp || '7001' || '8' || substr(md5('j' || number), 1, 15))::uuid as job,
             (stamp || '7002' || '8' || substr(md5('m' || number), 1, 15))::uuid as message,
             number % 5 < 2 as missed, case when number % 997 = 0 then 9.0 else 0.004 + chance * 0.9 end as wait
      from (
        select number, at, chance, 1 + (number::bigint * 7919 % $6)::int as person,
               lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as stamp
        from (
          select number, random() as chance,
                 $2::timestamptz - $7::interval * (number::float8 / $5) * (0.9 + 0.1 * random()) as at
          from generate_series($3::int, $4::int) as number
        ) as drawn
      ) as timed
    ), called as (
      insert into calls (id, tenant_id, provider, provider_call_id, contact_id, caller_e164, called_e164, status,
                         missed_at, missed_because, answered_at, started_at, updated_at)
      select id, $1, 'twilio', 'CA' || md5($1::uuid || 'call' || number), contact, phone, $8, 'completed',
             case when missed then at + interval '21 s' end, case when missed then 'no-answer' end,
             case when not missed then at + interval '6 s' end, at, at
      from calls_made
    ), asked as (
      insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                             recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                             useful_until, posting_at, accepted_at, finished_at, correlation_id, created_at,
                             updated_at, cost_cents, provider_message_id)
      select job, $1, 'made-up-call:' || number, 'C1', 'call:' || id, 'textback', 'call', at, contact, phone, $8,
             'twilio', 'Sorry we missed your call.', 'gsm7', 1,
             case when number % 40 = 0 then 'undelivered' else 'delivered' end, at, at + interval '1 h',
             at + interval '21 s', at + interval '22 s', at + interval '25 s', id, at, at, 1.3,
             'SM' || md5($1::uuid || 'job' || number)
      from calls_made where missed
    ), posted as (
      insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, started_at, finished_at, outcome,
                                 http_status, process_id)
      select job, 1, $1, $8, at + interval '21 s', at + interval '21 s' + make_interval(secs => wait),
             at + interval '22 s', 'accepted', 201, job
      from calls_made where missed
    ), answered as (
      insert into textbacks (call_id, tenant_id, outcome, reason, send_job_id, decided_at)
      select id, $1, 'texting', 'ok', job, at + interval '21 s' from calls_made where missed
    )
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, provider,
                               send_job_id, created_at)
    select message, $1, thread, 'outbound', 'Sorry we missed your call.', $8, phone, 'twilio', job,
           at + interval '22 s'
    from calls_made where missed
"""

INSERT_TALK = """
    with talk as materialized (
      select number, at, chance, md5($1::uuid || 'person' || person)::uuid as contact,
             md5($1::uuid || 'thread' || person)::uuid as thread,
             '+1206' || lpad((2000000 + person)::text, 7, '0') as phone,
             (stamp || '7003' || '8' || substr(md5('i' || number), 1, 15))::uuid as heard,
             (later || '7004' || '8' || substr(md5('k' || number), 1, 15))::uuid as job,
             (later || '7005' || '8' || substr(md5('o' || number), 1, 15))::uuid as said,
             at + wait as answered_at
      from (
        select number, at, chance, wait, 1 + (number::bigint * 7919 % $6)::int as person,
               lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as stamp,
               lpad(to_hex((extract(epoch from at + wait) * 1000)::bigint), 12, '0') as later
        from (
          select number, random() as chance, make_interval(secs => 20 + 3000 * power(random(), 4)) as wait,
                 $2::timestamptz - interval '1 hour' - $7::interval * (number::float8 / $5) * (0.9 + 0.1 * random())
                   as at
          from generate_series($3::int, $4::int) as number
        ) as drawn
      ) as timed
    ), asked as (
      insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                             recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                             useful_until, posting_at, accepted_at, finished_at, correlation_id, created_at,
                             updated_at, cost_cents, provider_message_id)
      select job, $1, 'made-up-talk:' || number, 'C2', 'person:made-up', 'reply', 'thread', at, contact, phone, $8,
             'twilio', 'Yes, we can come tomorrow at five.', 'gsm7', 1,
             case when number % 60 = 0 then 'undelivered' else 'delivered' end, answered_at,
             answered_at + interval '1 h', answered_at, answered_at, answered_at, job, answered_at, answered_at, 1.3,
             'SM' || md5($1::uuid || 'talk' || number)
      from talk
    ), posted as (
      insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, started_at, finished_at, outcome,
                                 http_status, process_id)
      select job, 1, $1, $8, answered_at, answered_at, answered_at, 'accepted', 201, job from talk
    ), heard as (
      insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164,
                                 provider, created_at)
      select heard, $1, thread, 'inbound', 'Can you come and look at the heater?', phone, $8, 'twilio', at from talk
    )
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, author,
                               provider, send_job_id, created_at)
    select said, $1, thread, 'outbound', 'Yes, we can come tomorrow at five.', $8, phone,
           case when number % 3 = 0 then 'Ada' when number % 3 = 1 then 'Ben' else 'Dora' end, 'twilio', job,
           answered_at
    from talk
"""

INSERT_CAMPAIGN = """
    insert into campaigns (id, tenant_id, name, status, audience, variants, senders, schedule, ends_at, content_hash,
                           created_by, created_at, updated_at, started_at, ended_at, recipients)
    values ($2, $1, $3, 'completed', '{"filter": {"where": "all", "of": []}}',
            '[{"name": "A", "body": "Winter check for $49 until Friday.", "weight": 1}]', array[$4],
            '{"mode": "at_once", "at": null, "local_at": null}', $5::timestamptz + interval '2 days', '', 'made up',
            $5, $5, $5, $5::timestamptz + interval '1 day', $6)
"""

INSERT_CAMPAIGN_TEXTS = """
    with texts as materialized (
      select number, at, md5($1::uuid || 'person' || person)::uuid as contact,
             md5($1::uuid || 'thread' || person)::uuid as thread,
             '+1206' || lpad((2000000 + person)::text, 7, '0') as phone,
             (stamp || '7006' || '8' || substr(md5($5::uuid || 'j' || number), 1, 15))::uuid as job,
             (stamp || '7007' || '8' || substr(md5($5::uuid || 'm' || number), 1, 15))::uuid as message
      from (
        select number, at, 1 + (number::bigint * 104729 % $6)::int as person,
               lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as stamp
        from (
          select number, $2::timestamptz + number * interval '30 milliseconds' as at
          from generate_series($3::int, $4::int) as number
        ) as drawn
      ) as timed
    ), asked as (
      insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                             recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                             useful_until, posting_at, accepted_at, finished_at, correlation_id, created_at,
                             updated_at, cost_cents, campaign_id, variant, provider_message_id)
      select job, $1, 'made-up-campaign:' || $5::uuid || ':' || number, 'C3', 'campaign:' || $5::uuid, 'campaign',
             'consent', at, contact, phone, $7, 'twilio', 'Winter check for $49 until Friday.', 'gsm7', 1,
             case when number % 30 = 0 then 'undelivered' else 'delivered' end, at, at + interval '1 day', at, at, at,
             job, at, at, 1.3, $5, 'A', 'SM' || md5($5::uuid || 'sent' || number)
      from texts
    ), posted as (
      insert into send_attempts (job_id, fence, tenant_id, sender_e164, posting_at, started_at, finished_at, outcome,
                                 http_status, process_id)
      select job, 1, $1, $7, at, at, at, 'accepted', 201, job from texts
    )
    insert into conv_messages (id, tenant_id, conversation_id, direction, body, sender_e164, recipient_e164, provider,
                               send_job_id, created_at)
    select message, $1, thread, 'outbound', 'Winter check for $49 until Friday.', $7, phone, 'twilio', job, at
    from texts
"""

INSERT_BOOKINGS = """
    insert into sched_appointments (id, tenant_id, status, service_id, resource_id, contact_id, seat, starts_at,
                                    ends_at, created_at, updated_at)
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7008' || '8'
              || substr(md5($1::uuid || 'b' || number), 1, 15))::uuid,
           $1, case when number % 12 = 0 then 'cancelled' when at < $2::timestamptz - interval '4 days' then 'completed'
                    else 'booked' end,
           $5, ($6::uuid[])[1 + number % cardinality($6::uuid[])],
           md5($1::uuid || 'person' || (1 + number::bigint * 5 * 7919 % $7))::uuid, 1,
           date_trunc('hour', at) + interval '3 days', date_trunc('hour', at) + interval '3 days 1 hour', at, at
    from (
      select number, $2::timestamptz - $8::interval * (number::float8 / $4) * 0.72 as at
      from generate_series(1, $3::int) as number
    ) as drawn
"""

PRICE_SERVICE = """
    insert into sched_showings (service_id, tenant_id, price_cents, updated_at) values ($2, $1, $3, $4)
    on conflict (service_id) do update set price_cents = excluded.price_cents
"""


async def insert_people(tx: Transaction, *, first: int, last: int) -> None:
    """Add people with a thread each, by their numbers from 1."""
    await tx.execute(INSERT_PEOPLE, tx.tenant, tx.now, first, last)


async def insert_calls(
    tx: Transaction, *, first: int, last: int, of: int, people: int, length: timedelta, to_e164: str
) -> None:
    """Add calls, two of five missed and texted back, spread over a stretch that ends now."""
    await tx.execute(INSERT_CALLS, tx.tenant, tx.now, first, last, of, people, length, to_e164)


async def insert_talk(
    tx: Transaction, *, first: int, last: int, of: int, people: int, length: timedelta, to_e164: str
) -> None:
    """Add texts of people, each answered by somebody at the business."""
    await tx.execute(INSERT_TALK, tx.tenant, tx.now, first, last, of, people, length, to_e164)


async def insert_campaign(
    tx: Transaction, *, campaign_id: UUID, name: str, ago: timedelta, texts: int, from_e164: str
) -> None:
    """Add a campaign that is over."""
    await tx.execute(INSERT_CAMPAIGN, tx.tenant, campaign_id, name, from_e164, tx.now - ago, texts)


async def insert_campaign_texts(
    tx: Transaction, *, campaign_id: UUID, ago: timedelta, first: int, last: int, people: int, from_e164: str
) -> None:
    """Add texts of a campaign by their numbers from 1."""
    await tx.execute(INSERT_CAMPAIGN_TEXTS, tx.tenant, tx.now - ago, first, last, campaign_id, people, from_e164)


async def insert_bookings(
    tx: Transaction,
    *,
    bookings: int,
    service_id: UUID,
    resource_ids: Sequence[UUID],
    people: int,
    length: timedelta,
    cents: int,
) -> None:
    """Add bookings of a service, which gets a price, with each of those who give it in turn."""
    await tx.execute(PRICE_SERVICE, tx.tenant, service_id, cents, tx.now)
    await tx.execute(
        INSERT_BOOKINGS, tx.tenant, tx.now, bookings, float(bookings), service_id, list(resource_ids), people, length
    )
