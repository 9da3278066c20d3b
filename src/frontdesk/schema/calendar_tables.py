"""Tables of calendars kept elsewhere: who let us in, which calendar counts for whom, and what we wrote there."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

CONNECTIONS: tuple[str, ...] = (
    """
    create table calendar_connections (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      provider text not null check (provider in ('google', 'caldav', 'jobber')),
      provider_account_id text not null check (length(provider_account_id) between 1 and 1000),
      account_name text not null check (length(account_name) between 1 and 300),
      sealed_login bytea not null,
      state text not null check (state in ('active', 'revoked')),
      revoked_at timestamptz,
      revoked_because text not null default '',
      due_at timestamptz not null,
      leased_until timestamptz,
      fence bigint not null default 0,
      failures integer not null default 0,
      errors bigint not null default 0,
      last_error text not null default '',
      last_error_at timestamptz,
      connected_by text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (tenant_id, provider, provider_account_id),
      check ((state = 'revoked') = (revoked_at is not null))
    )
    """,
    """
    comment on table calendar_connections
      is 'Accounts with calendars that a business let us into; logins are sealed with SECRET_KEY'
    """,
    "comment on column calendar_connections.errors is 'How many tries have failed since it was connected'",
    "create index calendar_connections_due on calendar_connections (due_at) where state = 'active'",
    """
    create index calendar_connections_by_account on calendar_connections (provider, provider_account_id)
    """,
    *tenant_table("calendar_connections"),
    """
    create table calendar_consents (
      state_hash bytea primary key,
      tenant_id uuid not null references tenants,
      provider text not null check (provider in ('google', 'caldav', 'jobber')),
      sealed_verifier bytea not null,
      redirect_uri text not null,
      asked_by text not null,
      expires_at timestamptz not null
    )
    """,
    "comment on table calendar_consents is 'Owners who were sent to a provider to let us in, and are not back yet'",
    "create index calendar_consents_expired on calendar_consents (expires_at)",
    *tenant_table("calendar_consents"),
)

CALENDARS: tuple[str, ...] = (
    """
    create table calendars (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      connection_id uuid not null references calendar_connections on delete cascade,
      provider_calendar_id text not null check (length(provider_calendar_id) between 1 and 1000),
      name text not null,
      zone text not null default '',
      writable boolean not null,
      resource_id uuid references sched_resources on delete set null,
      blocks boolean not null default false,
      writes boolean not null default false,
      sync_token text not null default '',
      covered_until timestamptz,
      refreshed_at timestamptz,
      synced_at timestamptz,
      news bigint not null default 0,
      news_seen bigint not null default 0,
      channel_id uuid unique,
      channel_secret_hash bytea,
      provider_resource_id text not null default '',
      channel_expires_at timestamptz,
      channel_heard_at timestamptz,
      channel_silent_at timestamptz,
      channel_retry_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (connection_id, provider_calendar_id),
      check (writable or not writes)
    )
    """,
    "comment on table calendars is 'Calendars in those accounts: whose time they take, where our bookings go'",
    "comment on column calendars.news is 'How often we were told of a change; news_seen as of the last look'",
    "comment on column calendars.channel_silent_at is 'Since when changes come that the open channel told nothing of'",
    "create index calendars_of_tenant on calendars (tenant_id, id)",
    "create unique index calendars_written on calendars (resource_id) where writes",
    "create index calendars_of_resource on calendars (resource_id) where resource_id is not null",
    *tenant_table("calendars"),
    """
    create table calendar_entries (
      calendar_id uuid not null references calendars on delete cascade,
      appointment_id uuid not null references sched_appointments on delete cascade,
      tenant_id uuid not null references tenants,
      stands boolean not null,
      revision integer not null,
      etag text not null default '',
      due_at timestamptz,
      attempts integer not null default 0,
      last_error text not null default '',
      written_at timestamptz,
      primary key (calendar_id, appointment_id)
    )
    """,
    """
    comment on table calendar_entries
      is 'Our appointments in calendars outside: stands or gone, and since when that is due (null: it is so)'
    """,
    "create index calendar_entries_of_appointment on calendar_entries (appointment_id)",
    "create index calendar_entries_due on calendar_entries (calendar_id, due_at) where due_at is not null",
    *tenant_table("calendar_entries"),
)

CALENDAR_TABLES: tuple[str, ...] = (*CONNECTIONS, *CALENDARS)
