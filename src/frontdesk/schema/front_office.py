"""Tables of the front office: businesses, their numbers, people, consent, calls and conversations."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

TENANTS: tuple[str, ...] = (
    """
    create table tenants (
      id uuid primary key,
      slug text not null unique,
      name text not null,
      timezone text not null,
      country text not null default 'US',
      hours jsonb not null,
      forwarding_e164 text,
      ring_seconds smallint not null default 20 check (ring_seconds between 5 and 60),
      textback_enabled boolean not null default true,
      textback_open_template text not null,
      textback_closed_template text not null,
      textback_cooldown_seconds integer not null default 600 check (textback_cooldown_seconds between 0 and 86400),
      voicemail_enabled boolean not null default true,
      recording_announcement text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )
    """,
    "comment on table tenants is 'Businesses'",
    *tenant_table("tenants", tenant_column="id", app_rights="select, update"),
    "grant insert, delete on tenants to frontdesk_system",
    """
    create table sending_numbers (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      phone_e164 text not null unique,
      provider text not null,
      messaging_service text not null default '',
      texting_allowed boolean not null default true,
      texting_blocked_reason text not null default '',
      created_at timestamptz not null
    )
    """,
    "comment on table sending_numbers is 'Our numbers: which business each answers for'",
    "create index sending_numbers_of_tenant on sending_numbers (tenant_id)",
    *tenant_table("sending_numbers"),
    """
    create table contacts (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      phone_e164 text not null,
      name text not null default '',
      created_at timestamptz not null,
      unique (tenant_id, phone_e164)
    )
    """,
    "comment on table contacts is 'People a business knows; one per number'",
    *tenant_table("contacts"),
)

CONSENT: tuple[str, ...] = (
    """
    create table compliance_events (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      channel text not null,
      event_type text not null,
      phone_e164 text not null,
      scope text not null,
      metadata jsonb not null default '{}',
      canonical text not null,
      seq bigint not null,
      prev_hash bytea not null,
      hash bytea not null,
      created_at timestamptz not null,
      unique (tenant_id, seq)
    )
    """,
    "comment on table compliance_events is 'The consent ledger: hash-chained per tenant, never edited, never expires'",
    "create index compliance_events_of_person on compliance_events (tenant_id, phone_e164, created_at)",
    *tenant_table("compliance_events", app_rights="select, insert"),
    """
    create table do_not_contact (
      tenant_id uuid not null references tenants,
      phone_e164 text not null,
      scope text not null check (scope in ('all', 'marketing')),
      reason text not null,
      since timestamptz not null,
      primary key (tenant_id, phone_e164)
    )
    """,
    "comment on table do_not_contact is 'Who must not be texted now; lifted only by the person saying START'",
    *tenant_table("do_not_contact"),
    """
    create table sender_opt_outs (
      sender_e164 text not null,
      phone_e164 text not null,
      since timestamptz not null,
      reason text not null,
      primary key (sender_e164, phone_e164)
    )
    """,
    """
    comment on table sender_opt_outs
      is 'Opt-outs told to one of our numbers whoever uses it, also before it had a business'
    """,
    "grant select, insert, delete on sender_opt_outs to frontdesk_app, frontdesk_system",
)

CALLS: tuple[str, ...] = (
    """
    create table calls (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      provider text not null,
      provider_call_id text not null,
      contact_id uuid references contacts,
      caller_e164 text not null default '',
      called_e164 text not null,
      status text not null,
      status_rank smallint not null default 0,
      dial_status text,
      dial_seconds integer,
      duration_seconds integer,
      missed_at timestamptz,
      missed_because text,
      answered_at timestamptz,
      ended_at timestamptz,
      started_at timestamptz not null,
      updated_at timestamptz not null,
      unique (provider, provider_call_id)
    )
    """,
    "comment on table calls is 'Calls to a business; missed_at is set once and never cleared'",
    "create index calls_of_tenant on calls (tenant_id, id desc)",
    *tenant_table("calls"),
    """
    create table voicemails (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      call_id uuid not null references calls on delete cascade,
      provider text not null,
      provider_recording_id text not null,
      url text not null,
      duration_seconds integer not null,
      stored_as text,
      content_type text,
      received_at timestamptz not null,
      unique (provider, provider_recording_id)
    )
    """,
    "comment on table voicemails is 'Messages that callers left, linked to their call'",
    "create index voicemails_of_call on voicemails (call_id)",
    *tenant_table("voicemails"),
)

CONVERSATIONS: tuple[str, ...] = (
    """
    create table conversations (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      contact_id uuid not null references contacts,
      last_message_at timestamptz not null,
      last_inbound_at timestamptz,
      unread integer not null default 0,
      created_at timestamptz not null,
      unique (tenant_id, contact_id)
    )
    """,
    "comment on table conversations is 'One thread per person'",
    "create index conversations_of_tenant on conversations (tenant_id, last_message_at desc)",
    *tenant_table("conversations"),
    """
    create table conv_messages (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      conversation_id uuid not null references conversations on delete cascade,
      direction text not null check (direction in ('inbound', 'outbound')),
      channel text not null default 'sms',
      body text not null,
      media jsonb not null default '[]',
      sender_e164 text not null,
      recipient_e164 text not null,
      author text not null default '',
      wording text,
      provider text,
      provider_message_id text,
      send_job_id uuid references send_jobs,
      created_at timestamptz not null
    )
    """,
    "comment on table conv_messages is 'Texts in and out, per thread; kept 180 days'",
    "create index conv_messages_of_thread on conv_messages (conversation_id, id desc)",
    "create index conv_messages_of_tenant on conv_messages (tenant_id, created_at)",
    "create index conv_messages_of_job on conv_messages (send_job_id) where send_job_id is not null",
    """
    create unique index conv_messages_at_provider on conv_messages (provider, provider_message_id)
      where provider_message_id is not null
    """,
    *tenant_table("conv_messages"),
    """
    create table tasks (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      conversation_id uuid references conversations on delete cascade,
      kind text not null,
      subject text not null,
      source_key text not null,
      created_at timestamptz not null,
      done_at timestamptz,
      done_by text,
      unique (tenant_id, source_key)
    )
    """,
    "comment on table tasks is 'What a person must look at, raised by the program'",
    "create index tasks_of_thread on tasks (conversation_id)",
    *tenant_table("tasks"),
)

TEXTBACK: tuple[str, ...] = (
    """
    create table textback_cooldowns (
      tenant_id uuid not null references tenants,
      caller_e164 text not null,
      texted_at timestamptz not null,
      call_id uuid not null references calls on delete cascade,
      primary key (tenant_id, caller_e164)
    )
    """,
    "comment on table textback_cooldowns is 'When each caller last got a text for a missed call'",
    "create index textback_cooldowns_of_call on textback_cooldowns (call_id)",
    *tenant_table("textback_cooldowns"),
    """
    create table textbacks (
      call_id uuid primary key references calls on delete cascade,
      tenant_id uuid not null references tenants,
      outcome text not null check (outcome in ('texting', 'skipped')),
      reason text not null,
      send_job_id uuid references send_jobs,
      decided_at timestamptz not null
    )
    """,
    "comment on table textbacks is 'What became of each missed call: one row, one reason'",
    *tenant_table("textbacks"),
)
