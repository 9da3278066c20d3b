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

# A campaign writes thousands of texts that nobody typed: neither index of texts by time holds one of them.
INDEXES: tuple[tuple[str, str], ...] = (
    ("calls_by_start", "on calls (tenant_id, started_at)"),
    ("sched_appointments_by_making", "on sched_appointments (tenant_id, created_at)"),
    ("conv_messages_by_id", "on conv_messages (tenant_id, id desc)"),
    ("conv_messages_heard", "on conv_messages (tenant_id, created_at) where direction = 'inbound'"),
    ("conv_messages_typed", "on conv_messages (tenant_id, created_at) where direction = 'outbound' and author <> ''"),
    ("compliance_events_stops", "on compliance_events (tenant_id, created_at) where event_type = 'stop'"),
)
