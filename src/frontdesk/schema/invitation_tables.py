"""Tables of how people and businesses come in: invitations, sign-ups that await a confirmation, and first set-ups."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

INVITATIONS: tuple[str, ...] = (
    """
    create table invitations (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      email text not null,
      role text not null check (role in ('owner', 'manager', 'agent', 'auditor')),
      token_hash bytea not null unique check (length(token_hash) = 32),
      invited_by text not null,
      inviter_id uuid references users on delete set null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      accepted_at timestamptz,
      revoked_at timestamptz
    )
    """,
    """
    create index invitations_of_tenant on invitations (tenant_id, id)
      where accepted_at is null and revoked_at is null
    """,
    "create index invitations_of_inviter on invitations (inviter_id)",
    "comment on table invitations is 'Who was asked to join a business, as what; the link is kept by hash alone'",
    *tenant_table("invitations"),
    """
    create table sign_ups (
      token_hash bytea primary key check (length(token_hash) = 32),
      email text not null,
      name text not null,
      business text not null,
      country text not null,
      timezone text not null,
      password_hash text not null,
      created_at timestamptz not null,
      expires_at timestamptz not null
    )
    """,
    "create index sign_ups_over on sign_ups (expires_at)",
    "comment on table sign_ups is 'Sign-ups whose e-mail address is not confirmed yet. System role only.'",
    "alter table sign_ups enable row level security",
    "alter table sign_ups force row level security",
    "create policy system_all on sign_ups to frontdesk_system using (true) with check (true)",
    "grant select, insert, update, delete on sign_ups to frontdesk_system",
    """
    create table onboardings (
      tenant_id uuid primary key references tenants,
      step text not null check (step in ('hours', 'number', 'words', 'test')),
      started_at timestamptz not null,
      finished_at timestamptz
    )
    """,
    "comment on table onboardings is 'How far the first set-up of a business has come'",
    *tenant_table("onboardings"),
)
