"""Tables of custody: how far each audit chain is verified, and which secrets are being rotated."""

from __future__ import annotations

CUSTODY: tuple[str, ...] = (
    """
    create table chain_verifications (
      whose text primary key,
      verified_seq bigint not null,
      verified_hash bytea not null,
      verified_at timestamptz not null,
      patrolled_seq bigint not null,
      patrolled_hash bytea not null,
      resumed_seq bigint not null default 0,
      resumed_hash bytea not null default ''::bytea,
      resumed_at timestamptz,
      whole_at timestamptz,
      broken_seq bigint,
      damage text not null default '',
      broken_at timestamptz,
      evidence text not null default '',
      acknowledged_breaks integer not null default 0
    )
    """,
    """
    comment on table chain_verifications
      is 'How far the audit chain of a business (its id, or platform) is verified, and where it was found broken'
    """,
    "create index chain_verifications_broken on chain_verifications (whose) where broken_at is not null",
    "grant select, insert, update on chain_verifications to frontdesk_system",
    """
    create table secret_rotations (
      name text primary key,
      since_at timestamptz not null,
      seen_at timestamptz not null
    )
    """,
    """
    comment on table secret_rotations
      is 'Settings that accept an old and a new secret at once, since when, and when a worker last saw that'
    """,
    "grant select, insert, update, delete on secret_rotations to frontdesk_system",
    "grant select on alembic_version to frontdesk_system",
    "alter table live_processes add column version text not null default ''",
)
