"""Tables of maintenance and monitors: windows of work, settings of the platform, what monitors saw."""

from __future__ import annotations

MAINTENANCE: tuple[str, ...] = (
    """
    create table maintenance_windows (
      id uuid primary key,
      reason text not null check (length(reason) between 1 and 500),
      started_by text not null,
      started_at timestamptz not null,
      expected_until timestamptz not null check (expected_until > started_at),
      pulled boolean not null,
      drained_at timestamptz,
      ended_at timestamptz,
      ended_by text not null default '',
      watch_until timestamptz
    )
    """,
    """
    comment on table maintenance_windows
      is 'Times in which people work on the program; pulled: it was this window that stopped all sending'
    """,
    "create unique index maintenance_windows_open on maintenance_windows ((true)) where ended_at is null",
    "create index maintenance_windows_watched on maintenance_windows (watch_until) where watch_until is not null",
    "grant select, insert, update on maintenance_windows to frontdesk_system",
    """
    create table platform_settings (
      key text primary key,
      value jsonb not null,
      changed_by text not null,
      changed_at timestamptz not null
    )
    """,
    "comment on table platform_settings is 'What POST /api/config has set for the whole platform'",
    "grant select, insert, update on platform_settings to frontdesk_system",
    "create index send_jobs_failed on send_jobs (id desc) where status in ('failed', 'undelivered')",
)

MONITORS: tuple[str, ...] = (
    """
    create table monitors (
      name text primary key,
      due_at timestamptz not null,
      failures_in_row integer not null default 0,
      escalated_at timestamptz
    )
    """,
    "comment on table monitors is 'When each monitor is due, and how often in a row it has failed'",
    "grant select, insert, update, delete on monitors to frontdesk_system",
    """
    create table monitor_runs (
      id uuid primary key,
      monitor text not null,
      started_at timestamptz not null,
      finished_at timestamptz not null,
      passed boolean not null,
      words text not null,
      seconds numeric not null
    )
    """,
    "comment on table monitor_runs is 'What monitors saw when they used the program as a customer does; kept 14 days'",
    "create index monitor_runs_of_monitor on monitor_runs (monitor, started_at desc)",
    "create index monitor_runs_started on monitor_runs (started_at)",
    "grant select, insert, delete on monitor_runs to frontdesk_system",
)

MAINTENANCE_AND_MONITORS: tuple[str, ...] = (*MAINTENANCE, *MONITORS)
