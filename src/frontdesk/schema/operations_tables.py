"""Tables of operations: how every check stands, runs of runbooks with their steps, and what drills showed."""

from __future__ import annotations

CHECK_STATES: tuple[str, ...] = (
    """
    create table check_states (
      name text primary key,
      severity text not null check (severity in ('ok', 'info', 'warning', 'critical')),
      words text not null,
      value numeric,
      evidence jsonb not null default '{}',
      since_at timestamptz not null,
      looked_at timestamptz not null
    )
    """,
    "comment on table check_states is 'What every check saw last, and since when it is as bad as it is'",
    "grant select, insert, update, delete on check_states to frontdesk_system",
)

RUNBOOKS: tuple[str, ...] = (
    """
    create table runbook_runs (
      id uuid primary key,
      slug text not null,
      digest text not null,
      state text not null check (state in ('diagnosing', 'awaiting_approval', 'repairing', 'verifying', 'taking_back',
        'healthy', 'repaired', 'needs_person', 'unresolved', 'refused', 'canceled')),
      reason text not null,
      started_by text not null,
      alert_name text not null default '',
      remedies jsonb not null default '[]',
      approval text not null default 'nobody',
      approved_by text not null default '',
      granted text not null default 'nobody',
      words text not null default '',
      verify_until timestamptz,
      started_at timestamptz not null,
      finished_at timestamptz
    )
    """,
    "comment on table runbook_runs is 'Every run of a runbook: what it found, who let it repair, and how it ended'",
    "create unique index runbook_runs_one_at_a_time on runbook_runs (slug) where finished_at is null",
    "create index runbook_runs_started_at on runbook_runs (started_at desc, id)",
    "grant select, insert, update, delete on runbook_runs to frontdesk_system",
    """
    create table runbook_steps (
      run_id uuid not null references runbook_runs on delete cascade,
      position integer not null,
      kind text not null check (kind in ('check', 'do', 'expect', 'undo')),
      name text not null,
      arguments jsonb not null default '{}',
      result text not null check (result in ('well', 'failing', 'done', 'refused', 'failed')),
      words text not null,
      evidence jsonb not null default '{}',
      started_at timestamptz not null,
      finished_at timestamptz not null,
      primary key (run_id, position)
    )
    """,
    """
    comment on table runbook_steps
      is 'Each step of a run, written in the transaction that did it: none is done twice'
    """,
    "grant select, insert, delete on runbook_steps to frontdesk_system",
)

DRILLS: tuple[str, ...] = (
    """
    create table drill_results (
      id uuid primary key,
      slug text not null,
      digest text not null,
      passed boolean not null,
      detected_seconds numeric,
      repaired_seconds numeric,
      words text not null,
      report jsonb not null,
      started_at timestamptz not null,
      finished_at timestamptz not null
    )
    """,
    """
    comment on table drill_results
      is 'Runbooks proven by breaking a throwaway installation: times to detect and repair'
    """,
    "create index drill_results_of_slug on drill_results (slug, finished_at desc)",
    "grant select, insert, delete on drill_results to frontdesk_system",
)

OPERATIONS = (*CHECK_STATES, *RUNBOOKS, *DRILLS)
