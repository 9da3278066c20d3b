"""Tables of the message path: what comes in, what is announced, what leaves."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

INTAKE: tuple[str, ...] = (
    """
    create table webhook_events (
      id uuid primary key,
      tenant_id uuid,
      provider text not null,
      kind text not null,
      dedupe_key text not null,
      content_type text not null default '',
      body bytea not null,
      headers jsonb not null default '{}',
      correlation_id uuid not null,
      received_at timestamptz not null,
      unique (provider, dedupe_key)
    )
    """,
    "comment on table webhook_events is 'Every verified webhook as it came, once; kept 90 days'",
    "create index webhook_events_received_at on webhook_events (received_at)",
    *tenant_table("webhook_events", app_rights="select, insert"),
    "grant delete on webhook_events to frontdesk_system",
)

OUTBOX: tuple[str, ...] = (
    """
    create table outbox_events (
      id uuid primary key,
      tenant_id uuid,
      name text not null,
      payload jsonb not null,
      correlation_id uuid not null,
      causation_id uuid,
      created_at timestamptz not null,
      available_at timestamptz not null,
      dispatched_at timestamptz,
      attempts integer not null default 0,
      claims integer not null default 0,
      claimed_by uuid,
      claimed_at timestamptz,
      handled text[] not null default '{}',
      last_error text
    )
    """,
    """
    comment on table outbox_events
      is 'Facts announced by the transactions that made them; kept 30 days after dispatch'
    """,
    "create index outbox_events_due on outbox_events (available_at, id) where dispatched_at is null",
    "create index outbox_events_of_tenant on outbox_events (tenant_id, created_at, id)",
    "create index outbox_events_dispatched_at on outbox_events (dispatched_at) where dispatched_at is not null",
    *tenant_table("outbox_events", app_rights="select, insert"),
    "grant update (handled) on outbox_events to frontdesk_app",
    "grant update, delete on outbox_events to frontdesk_system",
    """
    create table outbox_events_errors (
      id uuid primary key,
      tenant_id uuid,
      name text not null,
      payload jsonb not null,
      correlation_id uuid not null,
      causation_id uuid,
      created_at timestamptz not null,
      attempts integer not null,
      claims integer not null,
      handled text[] not null,
      last_error text not null,
      failed_at timestamptz not null
    )
    """,
    "comment on table outbox_events_errors is 'Events that could not be handled; each still fits the event catalogue'",
    *tenant_table("outbox_events_errors", app_rights="select"),
    "grant insert, update, delete on outbox_events_errors to frontdesk_system",
)

LIVENESS: tuple[str, ...] = (
    """
    create table live_processes (
      id uuid primary key,
      kind text not null,
      lock_key bigint not null unique,
      started_at timestamptz not null,
      lease_until timestamptz not null,
      ended_at timestamptz
    )
    """,
    "comment on table live_processes is 'Each running process; alive while it holds its session lock or its lease'",
    "grant select, insert, update, delete on live_processes to frontdesk_system",
    "grant select on live_processes to frontdesk_app",
)

DELIVERY: tuple[str, ...] = (
    """
    create function send_status_rank(status text) returns smallint language sql immutable parallel safe as $$
      select case status
        when 'queued' then 0 when 'posting' then 0 when 'unknown' then 0
        when 'accepted' then 1 when 'sent' then 2 when 'undelivered' then 3 when 'failed' then 3 when 'delivered' then 4
        else 9 end::smallint
    $$
    """,
    """
    comment on function send_status_rank
      is 'A message only ever moves to a higher rank, whatever order receipts come in'
    """,
    """
    create table send_jobs (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      intent_key text not null,
      message_class text not null check (message_class in ('C1', 'C2', 'C3', 'C4')),
      channel text not null default 'sms' check (channel in ('sms')),
      cause text not null,
      template text not null,
      basis text not null,
      basis_at timestamptz not null,
      contact_id uuid not null references contacts,
      recipient_e164 text not null,
      sender_e164 text not null,
      provider text not null,
      body text not null,
      encoding text not null,
      segments smallint not null,
      status text not null check (status in ('queued', 'posting', 'unknown', 'accepted', 'sent', 'delivered',
        'undelivered', 'failed', 'blocked', 'dropped')),
      fence bigint not null default 0,
      lease_owner uuid,
      attempts smallint not null default 0,
      looks smallint not null default 0,
      available_at timestamptz not null,
      useful_until timestamptz not null,
      posting_at timestamptz,
      accepted_at timestamptz,
      finished_at timestamptz,
      late_at timestamptz,
      provider_message_id text,
      failure_code text,
      failure_reason text,
      last_error text,
      correlation_id uuid not null,
      causation_id uuid,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (tenant_id, intent_key)
    ) with (fillfactor = 70)
    """,
    "comment on table send_jobs is 'One row per intended message: exactly one carrier POST each'",
    "create index send_jobs_due on send_jobs (available_at, id) where status = 'queued'",
    "create index send_jobs_in_doubt on send_jobs (available_at) where status in ('posting', 'unknown')",
    """
    create index send_jobs_unsettled on send_jobs (recipient_e164, id)
      where status in ('queued', 'posting', 'unknown')
    """,
    """
    create unique index send_jobs_at_provider on send_jobs (provider, provider_message_id)
      where provider_message_id is not null
    """,
    "create index send_jobs_of_tenant on send_jobs (tenant_id, id desc)",
    *tenant_table("send_jobs"),
    """
    create table send_attempts (
      job_id uuid not null references send_jobs on delete cascade,
      fence bigint not null,
      tenant_id uuid not null,
      sender_e164 text not null,
      posting_at timestamptz not null,
      started_at timestamptz,
      finished_at timestamptz,
      outcome text,
      http_status smallint,
      provider_code text,
      provider_message_id text,
      process_id uuid not null,
      primary key (job_id, fence)
    )
    """,
    "comment on table send_attempts is 'Every POST that was ever permitted to start, with how it ended'",
    "create index send_attempts_started on send_attempts (tenant_id, started_at desc) where started_at is not null",
    *tenant_table("send_attempts"),
    """
    create table send_decisions (
      id uuid primary key,
      tenant_id uuid not null,
      job_id uuid not null references send_jobs on delete cascade,
      decided_at timestamptz not null,
      verdict text not null check (verdict in ('send', 'hold', 'bar', 'drop')),
      code text not null,
      gates jsonb not null,
      facts jsonb not null,
      rules_version text not null
    )
    """,
    """
    comment on table send_decisions
      is 'Why each message left or did not: every gate with its verdict, citation and facts'
    """,
    "create index send_decisions_of_job on send_decisions (job_id, decided_at)",
    *tenant_table("send_decisions", app_rights="select, insert"),
    """
    create table parked_receipts (
      provider text not null,
      provider_message_id text not null,
      status text not null,
      error_code text not null default '',
      received_at timestamptz not null,
      primary key (provider, provider_message_id, status)
    )
    """,
    """
    comment on table parked_receipts
      is 'Receipts for messages that we do not know yet; joined when the message turns up'
    """,
    "grant select, insert, delete on parked_receipts to frontdesk_app, frontdesk_system",
    """
    create table delivery_switches (
      scope text not null check (scope in ('global', 'tenant', 'channel')),
      key text not null,
      paused_at timestamptz,
      paused_by text not null default '',
      reason text not null default '',
      changed_at timestamptz not null,
      primary key (scope, key)
    )
    """,
    "comment on table delivery_switches is 'Kill switches: a row with paused_at set stops what it names'",
    "grant select, insert, update on delivery_switches to frontdesk_app, frontdesk_system",
    """
    create table breakers (
      provider text not null,
      sender_e164 text not null,
      failures_in_row integer not null default 0,
      recent_total integer not null default 0,
      recent_failed integer not null default 0,
      opened_at timestamptz,
      hold_until timestamptz,
      next_pause_seconds integer not null default 10,
      hold_reason text not null default '',
      updated_at timestamptz not null,
      primary key (provider, sender_e164)
    )
    """,
    "comment on table breakers is 'Health of each number at its provider; hold_until keeps new sends back'",
    "grant select, insert, update on breakers to frontdesk_app, frontdesk_system",
)
