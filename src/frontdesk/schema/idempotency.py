"""The table of idempotency keys: what a repeated request made the first time."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

IDEMPOTENCY: tuple[str, ...] = (
    """
    create table idempotency_keys (
      tenant_id uuid not null,
      operation text not null,
      key text not null,
      fingerprint bytea not null,
      subject_id uuid not null,
      created_at timestamptz not null,
      primary key (tenant_id, operation, key)
    )
    """,
    "comment on table idempotency_keys is 'What each request with an Idempotency-Key made; kept 24 hours'",
    "create index idempotency_keys_created_at on idempotency_keys (created_at)",
    *tenant_table("idempotency_keys", app_rights="select, insert, update, delete"),
)
