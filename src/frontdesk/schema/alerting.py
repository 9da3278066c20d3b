"""Tables of alerts: what is counted, what is wrong, who was told, and what is silenced."""

from __future__ import annotations

ALERTING: tuple[str, ...] = (
    """
    create table metric_tallies (
      name text not null,
      minute_at timestamptz not null,
      labels jsonb not null,
      amount numeric(20, 6) not null,
      primary key (name, minute_at, labels)
    )
    """,
    "comment on table metric_tallies is 'What all processes counted together, per minute; kept 8 days'",
    "create index metric_tallies_minute_at on metric_tallies (minute_at)",
    """
    create table alert_instances (
      id uuid primary key,
      fingerprint text not null,
      alertname text not null,
      labels jsonb not null,
      state text not null check (state in ('pending', 'firing', 'resolved')),
      value numeric,
      active_at timestamptz not null,
      seen_at timestamptz not null,
      heard_at timestamptz not null,
      fired_at timestamptz,
      resolved_at timestamptz
    )
    """,
    """
    comment on table alert_instances
      is 'Each time something was wrong: since when, until when; found by the fingerprint of its labels. Kept 90 days'
    """,
    "create unique index alert_instances_open on alert_instances (fingerprint) where state <> 'resolved'",
    "create index alert_instances_resolved on alert_instances (resolved_at) where state = 'resolved'",
    """
    create table alert_groups (
      key text primary key,
      alertname text not null,
      tenant text not null,
      opened_at timestamptz,
      notified_at timestamptz,
      sequence integer not null default 0,
      told text[] not null default '{}'
    )
    """,
    """
    comment on table alert_groups
      is 'Alerts of one name and business are told together; told: the fingerprints that people know to be firing'
    """,
    """
    create table alert_notifications (
      id uuid primary key,
      group_key text not null references alert_groups on delete cascade,
      sequence integer not null,
      sink text not null,
      status text not null check (status in ('pending', 'sent', 'superseded')),
      notice jsonb not null,
      attempts integer not null default 0,
      due_at timestamptz not null,
      claimed_by uuid,
      claimed_at timestamptz,
      fence bigint not null default 0,
      last_error text not null default '',
      created_at timestamptz not null,
      sent_at timestamptz,
      unique (group_key, sequence, sink)
    )
    """,
    """
    comment on table alert_notifications
      is 'What each sink is told of each state of a group, written before it is posted and tried until it is taken'
    """,
    "create index alert_notifications_due on alert_notifications (due_at) where status = 'pending'",
    "create index alert_notifications_created_at on alert_notifications (created_at)",
    """
    create table alert_silences (
      id uuid primary key,
      matchers jsonb not null,
      author text not null,
      reason text not null check (length(reason) between 1 and 500),
      starts_at timestamptz not null,
      silenced_until timestamptz not null check (silenced_until > starts_at
        and silenced_until <= starts_at + interval '24 hours'),
      created_at timestamptz not null,
      lifted_at timestamptz,
      lifted_by text
    )
    """,
    "comment on table alert_silences is 'What nobody wants to be told for a while, by whom and why; 24 hours at most'",
    "create index alert_silences_until on alert_silences (silenced_until)",
    """
    create table alert_beats (
      name text primary key,
      beat_at timestamptz not null
    )
    """,
    "comment on table alert_beats is 'When alerts were last evaluated, and when the dead man''s switch last heard us'",
    """
    grant select, insert, update, delete
      on metric_tallies, alert_instances, alert_groups, alert_notifications, alert_silences, alert_beats
      to frontdesk_system
    """,
)
