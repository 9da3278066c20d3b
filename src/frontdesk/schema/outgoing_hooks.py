"""Tables of outgoing webhooks: who is told of what, and every try."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

ENDPOINTS: tuple[str, ...] = (
    """
    create table webhook_endpoints (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      url text not null,
      description text not null default '',
      event_names text[] not null check (cardinality(event_names) > 0),
      sealed_secret bytea not null,
      sealed_previous_secret bytea,
      previous_secret_until timestamptz,
      listens_from_at timestamptz not null,
      failing_since_at timestamptz,
      disabled_at timestamptz,
      disabled_because text not null default '',
      created_at timestamptz not null,
      updated_at timestamptz not null
    )
    """,
    """
    comment on table webhook_endpoints
      is 'Programs outside that are told of a business''s events; secrets are sealed with SECRET_KEY'
    """,
    "create index webhook_endpoints_of_tenant on webhook_endpoints (tenant_id, id)",
    *tenant_table("webhook_endpoints"),
)

DELIVERIES: tuple[str, ...] = (
    """
    create table webhook_deliveries (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      endpoint_id uuid not null references webhook_endpoints on delete cascade,
      message_id uuid not null,
      event_name text not null,
      body text not null,
      status text not null check (status in ('pending', 'delivered', 'exhausted')),
      step smallint not null default 0,
      attempts integer not null default 0,
      due_at timestamptz not null,
      claimed_by uuid,
      claimed_at timestamptz,
      fence bigint not null default 0,
      last_outcome text not null default '',
      last_status_code smallint,
      created_at timestamptz not null,
      finished_at timestamptz,
      unique (endpoint_id, message_id)
    )
    """,
    """
    comment on table webhook_deliveries
      is 'What an endpoint is told: one row per event and endpoint, tried until a 2xx or the end of the retry table'
    """,
    "create index webhook_deliveries_due on webhook_deliveries (endpoint_id, due_at, id) where status = 'pending'",
    """
    create index webhook_deliveries_claimed on webhook_deliveries (tenant_id, endpoint_id)
      where status = 'pending' and claimed_by is not null
    """,
    "create index webhook_deliveries_listed on webhook_deliveries (tenant_id, endpoint_id, id)",
    "create index webhook_deliveries_finished on webhook_deliveries (finished_at) where finished_at is not null",
    *tenant_table("webhook_deliveries"),
    """
    create table webhook_attempts (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      delivery_id uuid not null references webhook_deliveries on delete cascade,
      number integer not null,
      started_at timestamptz not null,
      took_ms integer not null,
      outcome text not null,
      status_code smallint
    )
    """,
    """
    comment on table webhook_attempts
      is 'Each try to tell an endpoint and how it ended; what it answered is not kept, so that it shows nobody anything'
    """,
    "create index webhook_attempts_of_delivery on webhook_attempts (delivery_id, number)",
    *tenant_table("webhook_attempts", app_rights="select, insert"),
    "grant update, delete on webhook_attempts to frontdesk_system",
    """
    create table webhook_cursors (
      name text primary key,
      read_until_at timestamptz not null,
      swept_at timestamptz not null
    )
    """,
    "comment on table webhook_cursors is 'How far the outbox has been read for the endpoints; one row'",
    "insert into webhook_cursors (name, read_until_at, swept_at) values ('outbox', now(), now())",
    "grant select, update on webhook_cursors to frontdesk_system",
)

OUTGOING_HOOKS: tuple[str, ...] = (*ENDPOINTS, *DELIVERIES)
