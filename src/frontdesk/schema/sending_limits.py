"""What bounds sending at scale: prices, budgets, paces, and the columns of send jobs that serve them."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

JOB_COLUMNS: tuple[str, ...] = (
    """
    alter table send_jobs
      add column campaign_id uuid,
      add column variant text not null default '',
      add column cost_cents numeric(12, 4) not null default 0
    """,
    # A campaign's texts are picked per campaign and number: one that is paused is not even looked at.
    """
    create index send_jobs_bulk_due on send_jobs (campaign_id, sender_e164, available_at, id)
      where status = 'queued' and message_class = 'C3'
    """,
    """
    create index send_jobs_marketing_of_person on send_jobs (recipient_e164, posting_at)
      where message_class = 'C3' and posting_at is not null
    """,
    "create index send_jobs_of_campaign on send_jobs (campaign_id, posting_at) where campaign_id is not null",
    """
    create index send_jobs_to_refund on send_jobs (tenant_id, id)
      where cost_cents > 0 and status in ('failed', 'blocked', 'dropped') and provider_message_id is null
    """,
    # Texts that a person waits for never queue behind a campaign: their index does not hold it.
    "drop index send_jobs_due",
    """
    create index send_jobs_due on send_jobs (available_at, id)
      where status = 'queued' and message_class <> 'C3'
    """,
    "alter table delivery_switches drop constraint delivery_switches_scope_check",
    """
    alter table delivery_switches add constraint delivery_switches_scope_check
      check (scope in ('global', 'tenant', 'channel', 'campaign'))
    """,
)

MONEY: tuple[str, ...] = (
    """
    create table segment_prices (
      provider text not null,
      country text not null,
      since date not null,
      cents numeric(10, 4) not null check (cents >= 0),
      source text not null,
      primary key (provider, country, since)
    )
    """,
    """
    comment on table segment_prices
      is 'What one segment costs, by provider and country ('''' = any other), from a day on; in cents'
    """,
    "grant select on segment_prices to frontdesk_app, frontdesk_system",
    "grant insert, update, delete on segment_prices to frontdesk_system",
    # Rather too high than too low: a budget that is reserved too early stops, one reserved too late overspends.
    """
    insert into segment_prices (provider, country, since, cents, source)
    select provider, country, date '2026-01-01', cents, 'list price with a usual carrier surcharge; put in your own'
    from (values
      ('twilio', 'US', 1.3), ('twilio', 'CA', 1.5), ('twilio', 'GB', 5.2), ('twilio', 'AU', 5.2), ('twilio', '', 25),
      ('telnyx', 'US', 0.9), ('telnyx', 'CA', 1.2), ('telnyx', 'GB', 4.6), ('telnyx', 'AU', 4.2), ('telnyx', '', 25)
    ) as listed (provider, country, cents)
    """,
    """
    create table budgets (
      tenant_id uuid primary key references tenants,
      day date not null,
      month date not null,
      daily_spent_cents numeric(14, 4) not null default 0 check (daily_spent_cents >= 0),
      monthly_spent_cents numeric(14, 4) not null default 0 check (monthly_spent_cents >= 0),
      updated_at timestamptz not null
    )
    """,
    """
    comment on table budgets
      is 'What each business has reserved for texts today and this month, in its own zone; the limits are in tenants'
    """,
    *tenant_table("budgets", app_rights="select, insert, update"),
    """
    insert into budgets (tenant_id, day, month, updated_at)
    select id, current_date, date_trunc('month', current_date), now() from tenants
    """,
)

PACE: tuple[str, ...] = (
    """
    create table number_paces (
      sender_e164 text primary key,
      next_at timestamptz not null default 'epoch',
      served_at timestamptz not null default 'epoch',
      day date not null default 'epoch',
      sent_today integer not null default 0
    )
    """,
    """
    comment on table number_paces
      is 'When each number may send its next marketing segment (GCRA), and how many texts it sent today'
    """,
    "grant select, insert, update on number_paces to frontdesk_app, frontdesk_system",
    """
    create table send_streams (
      campaign_id uuid primary key,
      tenant_id uuid not null references tenants,
      per_minute numeric(10, 2) check (per_minute > 0),
      quiet_from time,
      quiet_until time,
      senders text[] not null default '{}',
      next_at timestamptz not null default 'epoch',
      opened_at timestamptz not null,
      closed_at timestamptz
    )
    """,
    "comment on table send_streams is 'Campaigns whose texts may be picked, each with its throttle in texts a minute'",
    "create index send_streams_open on send_streams (tenant_id) where closed_at is null",
    *tenant_table("send_streams"),
    """
    create table provider_shares (
      provider text primary key,
      weight smallint not null default 100 check (weight between 0 and 100),
      receipts_p90_seconds numeric(10, 2),
      failed_share numeric(5, 4),
      changed_at timestamptz not null
    )
    """,
    """
    comment on table provider_shares
      is 'How much of the marketing each provider gets, in percent: less at once in trouble, more step by step'
    """,
    "grant select, insert, update on provider_shares to frontdesk_app, frontdesk_system",
)

SENDING_LIMITS: tuple[str, ...] = (*JOB_COLUMNS, *MONEY, *PACE)
