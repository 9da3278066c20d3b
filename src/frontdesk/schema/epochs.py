"""Tables of epochs and backups: who may send from which server, what was backed up, streamed, restored and proven."""

from __future__ import annotations

EPOCHS: tuple[str, ...] = (
    """
    create table system_epochs (
      id uuid primary key,
      server text not null,
      claimed_at timestamptz not null,
      claimed_by text not null,
      reason text not null,
      ended_at timestamptz,
      ended_because text not null default ''
    )
    """,
    """
    comment on table system_epochs
      is 'Which server somebody has said may send: a copy of this database is another server and sends nothing'
    """,
    "create unique index system_epochs_open on system_epochs ((true)) where ended_at is null",
    "grant select on system_epochs to frontdesk_app, frontdesk_system",
    "grant insert on system_epochs to frontdesk_system",
    "grant update (ended_at, ended_because) on system_epochs to frontdesk_system",
)

BACKUPS: tuple[str, ...] = (
    """
    create table backups (
      id uuid primary key,
      name text not null,
      kind text not null check (kind in ('base', 'dump')),
      state text not null check (state in ('finished', 'failed')),
      size_bytes bigint not null default 0,
      words text not null default '',
      started_at timestamptz not null,
      finished_at timestamptz not null
    )
    """,
    "comment on table backups is 'Every backup that was taken or failed; what can be restored stands in their folder'",
    "create index backups_finished_at on backups (finished_at desc)",
    "grant select, insert, delete on backups to frontdesk_system",
    """
    create table backup_drills (
      id uuid primary key,
      backup_name text not null default '',
      state text not null check (state in ('running', 'passed', 'failed')),
      recovery_point_ms bigint,
      recovery_time_ms bigint,
      words text not null default '',
      report jsonb not null default '{}',
      started_by text not null,
      started_at timestamptz not null,
      finished_at timestamptz
    )
    """,
    """
    comment on table backup_drills
      is 'Backups proven by restoring them beside us: what would have been lost, and how long it took'
    """,
    "create index backup_drills_started_at on backup_drills (started_at desc)",
    "grant select, insert, update, delete on backup_drills to frontdesk_system",
    """
    create table wal_streams (
      name text primary key,
      state text not null check (state in ('starting', 'synchronous', 'degraded', 'off')),
      words text not null default '',
      lag_bytes bigint not null default 0,
      lag_ms bigint not null default 0,
      archived_segments bigint not null default 0,
      since_at timestamptz not null,
      seen_at timestamptz not null
    )
    """,
    "comment on table wal_streams is 'How the second copy of the log stands, as its keeper last saw it'",
    "grant select, insert, update on wal_streams to frontdesk_system",
)

EPOCHS_AND_BACKUPS = (*EPOCHS, *BACKUPS)
