"""Tables of incidents: what went wrong, who was told and took it, what was learnt, and who is on call."""

from __future__ import annotations

INCIDENTS: tuple[str, ...] = (
    """
    create table incidents (
      id uuid primary key,
      number integer generated always as identity unique,
      title text not null check (length(title) between 1 and 200),
      grade smallint not null check (grade between 0 and 3),
      tenant text not null default '',
      runbook text not null default '',
      alert_group text not null default '',
      opened_by text not null,
      opened_at timestamptz not null,
      began_at timestamptz not null check (began_at <= opened_at),
      level smallint not null default 0 check (level between 0 and 3),
      told_at timestamptz,
      notices integer not null default 0,
      asked_at timestamptz,
      acknowledged_at timestamptz,
      acknowledged_by text not null default '',
      resolved_at timestamptz,
      resolved_by text not null default '',
      resolution text not null default '',
      over_told_at timestamptz,
      postmortem_due_at timestamptz,
      published_at timestamptz
    )
    """,
    """
    comment on table incidents
      is 'What went wrong, grade 0 (P0, the gravest) to 3; level: how far up the people on call were told, 0 is nobody'
    """,
    "create unique index incidents_of_alert on incidents (alert_group) where resolved_at is null and alert_group <> ''",
    "create index incidents_open on incidents (opened_at) where resolved_at is null",
    "create index incidents_untold on incidents (resolved_at) where over_told_at is null and resolved_at is not null",
    """
    create index incidents_unpublished on incidents (postmortem_due_at)
      where postmortem_due_at is not null and published_at is null
    """,
    """
    create table incident_notes (
      id uuid primary key,
      incident_id uuid not null references incidents on delete cascade,
      kind text not null check (kind in ('note', 'status', 'system')),
      words text not null check (length(words) between 1 and 4000),
      written_by text not null,
      written_at timestamptz not null
    )
    """,
    "comment on table incident_notes is 'What people and the program wrote down while an incident was worked on'",
    "create index incident_notes_of_incident on incident_notes (incident_id, written_at)",
    """
    create table incident_actions (
      id uuid primary key,
      incident_id uuid not null references incidents on delete cascade,
      words text not null check (length(words) between 1 and 500),
      owner text not null check (length(owner) between 1 and 200),
      due_at timestamptz not null,
      created_at timestamptz not null,
      done_at timestamptz,
      done_by text not null default ''
    )
    """,
    "comment on table incident_actions is 'What has to be done after an incident, by whom and until when'",
    "create index incident_actions_of_incident on incident_actions (incident_id, due_at)",
    "create index incident_actions_open on incident_actions (due_at) where done_at is null",
    """
    create table postmortems (
      incident_id uuid primary key references incidents on delete cascade,
      summary text not null default '',
      impact text not null default '',
      root_cause text not null default '',
      contributing text not null default '',
      went_well text not null default '',
      went_badly text not null default '',
      changed_by text not null,
      changed_at timestamptz not null
    )
    """,
    "comment on table postmortems is 'What people write about an incident; times and figures are read, never written'",
    """
    grant select, insert, update, delete on incidents, incident_notes, incident_actions, postmortems
      to frontdesk_system
    """,
)

ON_CALL: tuple[str, ...] = (
    """
    create table oncall_responders (
      id uuid primary key,
      name text not null unique check (length(name) between 1 and 100),
      addresses text[] not null default '{}',
      created_at timestamptz not null
    )
    """,
    "comment on table oncall_responders is 'Whoever can be on call, and where they are reached'",
    """
    create table oncall_rotas (
      level smallint primary key check (level between 1 and 3),
      zone text not null,
      turn text not null check (turn in ('daily', 'weekly')),
      handover_hour smallint not null check (handover_hour between 0 and 23),
      starts_at timestamptz not null,
      people uuid[] not null check (cardinality(people) > 0)
    )
    """,
    """
    comment on table oncall_rotas
      is 'Who is on call by turns, per level of escalation; a turn changes at an hour of the zone''s clock'
    """,
    """
    create table oncall_overrides (
      id uuid primary key,
      level smallint not null check (level between 1 and 3),
      person_id uuid not null references oncall_responders,
      starts_at timestamptz not null,
      lasts_until timestamptz not null check (lasts_until > starts_at),
      reason text not null default '',
      created_by text not null,
      created_at timestamptz not null
    )
    """,
    "comment on table oncall_overrides is 'Who stands in for whom; the one that was written last holds'",
    "create index oncall_overrides_until on oncall_overrides (lasts_until)",
    "grant select, insert, update, delete on oncall_responders, oncall_rotas, oncall_overrides to frontdesk_system",
)

INCIDENTS_AND_ON_CALL = (*INCIDENTS, *ON_CALL)
