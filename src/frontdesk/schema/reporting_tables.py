"""What reports read fast: who called and wrote when, and the figures of days that are over."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

REPORTING: tuple[str, ...] = (
    """
    create table daily_figures (
      tenant_id uuid not null references tenants,
      day date not null,
      zone text not null,
      calls integer not null,
      missed integer not null,
      texted integer not null,
      late integer not null,
      replies integer not null,
      stops integer not null,
      bookings integer not null,
      worth_cents numeric(14, 0) not null,
      texts integer not null,
      delivered integer not null,
      undelivered integer not null,
      cost_cents numeric(14, 4) not null,
      counted_at timestamptz not null,
      primary key (tenant_id, day)
    )
    """,
    "comment on table daily_figures is 'What happened on each day that is over, in the zone it was counted in'",
    "comment on column daily_figures.late is 'First texts that started later than 5 s after their call was missed'",
    *tenant_table("daily_figures"),
)

# What changes so late that its days are counted for good is noted by an insert, for which nobody waits; whoever reads
# counts such a day anew. Days are final eight days after their end (`SETTLES_AFTER`).
DAY_REPORTS: tuple[str, ...] = (
    "alter table daily_figures add column parts jsonb",
    "comment on column daily_figures.parts is 'What each report tells of the day; null where it was not counted yet'",
    """
    create table late_changes (
      id uuid primary key default gen_random_uuid(),
      tenant_id uuid not null references tenants,
      counted_at timestamptz not null
    )
    """,
    "comment on table late_changes is 'Moments of days that are over whose figures something late has changed'",
    "comment on column late_changes.counted_at is 'The moment at which what has changed is counted'",
    "create index late_changes_of_tenant on late_changes (tenant_id, counted_at)",
    *tenant_table("late_changes"),
    """
    create function note_late_text() returns trigger language plpgsql as $$
    begin
      insert into late_changes (tenant_id, counted_at)
      values (new.tenant_id, new.created_at), (new.tenant_id, new.posting_at);
      insert into late_changes (tenant_id, counted_at)
      select new.tenant_id, min(started_at) from send_attempts
      where job_id = new.id and tenant_id = new.tenant_id having min(started_at) is not null;
      return null;
    end
    $$
    """,
    "comment on function note_late_text is 'What becomes of a text after days changes the figures of its days'",
    """
    create trigger send_jobs_note_late after update of status, cost_cents on send_jobs
    for each row when (
      new.updated_at > new.posting_at + interval '8 days'
      and (new.status <> old.status or new.cost_cents is distinct from old.cost_cents)
    ) execute function note_late_text()
    """,
    """
    create function note_late_appointment() returns trigger language plpgsql as $$
    begin
      insert into late_changes (tenant_id, counted_at)
      select new.tenant_id, new.created_at - make_interval(days => ago) from generate_series(0, 7) as ago
      where new.created_at - make_interval(days => ago) < new.updated_at - interval '8 days';
      return null;
    end
    $$
    """,
    "comment on function note_late_appointment is 'A booking counts on its day, and for the missed calls of a week'",
    """
    create trigger sched_appointments_note_late after update of status on sched_appointments
    for each row when (new.updated_at > new.created_at + interval '1 day' and new.status <> old.status)
    execute function note_late_appointment()
    """,
)

# When somebody had answered in a thread before is found without reading the thread.
ANSWERED_BEFORE: tuple[str, str] = (
    "conv_messages_answers",
    """on conv_messages (conversation_id, created_at desc) include (author, tenant_id)
    where direction = 'outbound' and author <> ''""",
)

# A campaign writes thousands of texts that nobody typed: neither index of texts by time holds one of them.
INDEXES: tuple[tuple[str, str], ...] = (
    ("calls_by_start", "on calls (tenant_id, started_at)"),
    ("sched_appointments_by_making", "on sched_appointments (tenant_id, created_at)"),
    ("conv_messages_by_id", "on conv_messages (tenant_id, id desc)"),
    ("conv_messages_heard", "on conv_messages (tenant_id, created_at) where direction = 'inbound'"),
    ("conv_messages_typed", "on conv_messages (tenant_id, created_at) where direction = 'outbound' and author <> ''"),
    ("compliance_events_stops", "on compliance_events (tenant_id, created_at) where event_type = 'stop'"),
)
