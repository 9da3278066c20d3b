"""Tables of bookings: what is offered, by whom and when, and the one table that refuses every overlap."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

OFFERS: tuple[str, ...] = (
    "create extension if not exists btree_gist",
    """
    create table sched_services (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      name text not null check (length(name) between 1 and 120),
      description text not null default '' check (length(description) <= 1000),
      duration_minutes integer not null check (duration_minutes between 5 and 1440),
      buffer_before_minutes integer not null default 0 check (buffer_before_minutes between 0 and 720),
      buffer_after_minutes integer not null default 0 check (buffer_after_minutes between 0 and 720),
      lead_minutes integer not null default 0 check (lead_minutes between 0 and 129600),
      horizon_days integer not null default 60 check (horizon_days between 1 and 730),
      deposit_cents numeric(12, 0) not null default 0 check (deposit_cents between 0 and 100000000),
      currency text not null default 'usd' check (currency ~ '^[a-z]{3}$'),
      reminder_minutes integer[] not null default '{1440,120}' check (cardinality(reminder_minutes) <= 5),
      active boolean not null default true,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (tenant_id, name)
    )
    """,
    """
    comment on table sched_services
      is 'What can be booked: how long it takes, what is kept free around it, what it costs'
    """,
    """
    comment on column sched_services.lead_minutes
      is 'How long before its start a booking is made at the latest; horizon_days how far ahead at the earliest'
    """,
    "comment on column sched_services.reminder_minutes is 'How long before the start its reminders leave, in minutes'",
    *tenant_table("sched_services"),
    """
    create table sched_resources (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      name text not null check (length(name) between 1 and 120),
      zone text,
      capacity smallint not null default 1 check (capacity between 1 and 100),
      hours jsonb,
      breaks jsonb not null default '{}',
      exceptions jsonb not null default '[]' check (jsonb_typeof(exceptions) = 'array'),
      active boolean not null default true,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (tenant_id, name)
    )
    """,
    "comment on table sched_resources is 'Who or what is booked: a person, a bay; capacity is how many at once'",
    "comment on column sched_resources.zone is 'Whose clock its hours are on; empty is the business''s'",
    """
    comment on column sched_resources.hours
      is 'Its week, {"mon": [["09:00", "17:00"]], …}; empty is the business''s own. breaks are taken off either'
    """,
    """
    comment on column sched_resources.exceptions
      is 'Its days off and other hours, [{"first", "last", "name", "open"}]; the business''s own days come before'
    """,
    *tenant_table("sched_resources"),
    """
    create table sched_service_resources (
      service_id uuid not null references sched_services on delete cascade,
      resource_id uuid not null references sched_resources on delete cascade,
      tenant_id uuid not null references tenants,
      primary key (service_id, resource_id)
    )
    """,
    "comment on table sched_service_resources is 'Who or what can give which service'",
    "create index sched_service_resources_of_resource on sched_service_resources (resource_id)",
    *tenant_table("sched_service_resources"),
)

BOOKINGS: tuple[str, ...] = (
    """
    create table sched_holds (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      resource_id uuid not null references sched_resources,
      service_id uuid not null references sched_services,
      contact_id uuid references contacts,
      seat smallint not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null check (ends_at > starts_at),
      expires_at timestamptz not null,
      awaits_payment boolean not null default false,
      source text not null default '',
      created_at timestamptz not null
    )
    """,
    """
    comment on table sched_holds
      is 'Times kept for somebody who has not booked yet; gone once booked, let go or expired'
    """,
    "create index sched_holds_by_end on sched_holds (expires_at)",
    *tenant_table("sched_holds"),
    """
    create table sched_past_holds (
      hold_id uuid primary key,
      tenant_id uuid not null references tenants,
      outcome text not null check (outcome in ('booked', 'released', 'expired')),
      resource_id uuid not null references sched_resources,
      service_id uuid not null references sched_services,
      contact_id uuid,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      source text not null default '',
      appointment_id uuid,
      ended_at timestamptz not null
    )
    """,
    """
    comment on table sched_past_holds
      is 'What became of a hold, once: so that a late yes is understood, and said twice books once'
    """,
    "create index sched_past_holds_by_end on sched_past_holds (ended_at)",
    *tenant_table("sched_past_holds"),
    """
    create table sched_appointments (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      status text not null check (status in ('booked', 'cancelled', 'no_show', 'completed')),
      service_id uuid not null references sched_services,
      resource_id uuid not null references sched_resources,
      contact_id uuid not null references contacts,
      seat smallint not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null check (ends_at > starts_at),
      deposit text not null default 'none' check (deposit in ('none', 'paid', 'refunded')),
      source text not null default '',
      note text not null default '' check (length(note) <= 1000),
      revision integer not null default 0,
      collided_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      cancelled_at timestamptz,
      cancelled_because text not null default ''
    )
    """,
    """
    comment on table sched_appointments
      is 'Bookings: who comes when for what; their time is kept in sched_occupancies'
    """,
    """
    comment on column sched_appointments.revision
      is 'How often it was changed: the SEQUENCE of its calendar invitation'
    """,
    """
    comment on column sched_appointments.collided_at
      is 'Since when something outside stands in the same time, unsettled'
    """,
    "create index sched_appointments_of_tenant on sched_appointments (tenant_id, id desc)",
    "create index sched_appointments_by_start on sched_appointments (tenant_id, starts_at, id)",
    "create index sched_appointments_of_contact on sched_appointments (contact_id, starts_at)",
    "create index sched_appointments_collided on sched_appointments (collided_at) where collided_at is not null",
    "create index sched_appointments_to_complete on sched_appointments (ends_at) where status = 'booked'",
    *tenant_table("sched_appointments"),
)

OCCUPANCIES: tuple[str, ...] = (
    """
    create table sched_occupancies (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      resource_id uuid not null references sched_resources,
      seat smallint not null check (seat >= 1),
      during tstzrange not null check (not isempty(during) and lower_inc(during) and not upper_inc(during)),
      kind text not null check (kind in ('hold', 'appointment', 'external')),
      hold_id uuid references sched_holds,
      appointment_id uuid references sched_appointments,
      binding boolean not null default true,
      check (num_nonnulls(hold_id, appointment_id) <= 1),
      check (binding or num_nonnulls(hold_id, appointment_id) = 0),
      constraint sched_nothing_overlaps
        exclude using gist (resource_id with =, seat with =, during with &&) where (binding)
    )
    """,
    """
    comment on table sched_occupancies
      is 'Every stretch of time that is taken, buffers and all; PostgreSQL itself refuses two that overlap'
    """,
    """
    comment on column sched_occupancies.binding
      is 'False for outside time that came over a booking: it is known, and has not undone the booking'
    """,
    "create unique index sched_occupancies_of_hold on sched_occupancies (hold_id) where hold_id is not null",
    """
    create unique index sched_occupancies_of_appointment on sched_occupancies (appointment_id)
      where appointment_id is not null
    """,
    "create index sched_occupancies_outside on sched_occupancies (resource_id) where kind = 'external'",
    *tenant_table("sched_occupancies"),
    """
    create table sched_busy_times (
      tenant_id uuid not null references tenants,
      resource_id uuid not null references sched_resources on delete cascade,
      source text not null check (length(source) between 1 and 200),
      during tstzrange not null check (not isempty(during)),
      primary key (resource_id, source, during)
    )
    """,
    """
    comment on table sched_busy_times
      is 'Busy times as each calendar outside tells them; their union is kept free'
    """,
    *tenant_table("sched_busy_times"),
)

AFTERWARDS: tuple[str, ...] = (
    """
    create table sched_reminders (
      appointment_id uuid not null references sched_appointments on delete cascade,
      minutes_before integer not null check (minutes_before > 0),
      tenant_id uuid not null references tenants,
      due_at timestamptz not null,
      status text not null check (status in ('waiting', 'asked', 'skipped')),
      decided_at timestamptz,
      primary key (appointment_id, minutes_before)
    )
    """,
    """
    comment on table sched_reminders
      is 'When people are reminded of their bookings; made anew when a booking is moved'
    """,
    "create index sched_reminders_due on sched_reminders (due_at) where status = 'waiting'",
    *tenant_table("sched_reminders"),
    """
    create table sched_waiters (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      service_id uuid not null references sched_services,
      resource_id uuid references sched_resources,
      contact_id uuid not null references contacts,
      wanted_from_at timestamptz not null,
      wanted_until timestamptz not null check (wanted_until > wanted_from_at),
      status text not null check (status in ('waiting', 'offered', 'booked', 'left')),
      hold_id uuid,
      offers smallint not null default 0,
      created_at timestamptz not null,
      updated_at timestamptz not null
    )
    """,
    "comment on table sched_waiters is 'Who waits for a time to come free; the first in line is held one'",
    "create index sched_waiters_in_line on sched_waiters (tenant_id, service_id, created_at) where status = 'waiting'",
    "create index sched_waiters_of_hold on sched_waiters (hold_id) where hold_id is not null",
    *tenant_table("sched_waiters"),
    """
    create table sched_pages (
      tenant_id uuid primary key references tenants,
      open boolean not null default true,
      welcome text not null default '' check (length(welcome) <= 1000),
      embed_origins text[] not null default '{}' check (cardinality(embed_origins) <= 20),
      updated_at timestamptz not null
    )
    """,
    """
    comment on table sched_pages
      is 'The public booking page of a business, and which sites may show it inside theirs'
    """,
    *tenant_table("sched_pages"),
)

SCHEDULING: tuple[str, ...] = (*OFFERS, *BOOKINGS, *OCCUPANCIES, *AFTERWARDS)
