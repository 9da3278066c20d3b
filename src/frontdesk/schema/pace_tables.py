"""Whose text is next, whoever else queues how many, and what carriers let a registered business send."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

FAIR_CLAIM: tuple[str, ...] = (
    # Each business's texts of a class stand in a line of their own, and the lines take turns.
    """
    create index send_jobs_in_line on send_jobs (tenant_id, message_class, available_at, id)
      where status = 'queued' and message_class <> 'C3'
    """,
    "drop index send_jobs_due",
)

CLASSES_OF_RECEIPTS: tuple[str, ...] = (
    "alter table parked_receipts add column failure text not null default ''",
    "update parked_receipts set failure = 'opted_out' where error_code in ('21610', '40300')",
)

CARRIER_LIMITS: tuple[str, ...] = (
    "alter table sending_numbers add column brand_id text not null default ''",
    """
    create table sending_brands (
      tenant_id uuid not null references tenants,
      brand_id text not null check (brand_id <> ''),
      daily_segments integer check (daily_segments >= 0),
      daily_share smallint not null default 100 check (daily_share between 1 and 100),
      minute_share smallint not null default 100 check (minute_share between 1 and 100),
      changed_at timestamptz not null,
      primary key (tenant_id, brand_id)
    )
    """,
    """
    comment on table sending_brands
      is 'Registered brands (10DLC) with what carriers let each send a day, and how much of its traffic counts there'
    """,
    *tenant_table("sending_brands", app_rights="select, insert, update"),
    """
    create table brand_days (
      tenant_id uuid not null references tenants,
      brand_id text not null,
      day date not null,
      segments integer not null default 0 check (segments >= 0),
      primary key (tenant_id, brand_id)
    )
    """,
    """
    comment on table brand_days
      is 'How many segments each brand with a daily limit has sent on its last day, midnight to midnight Pacific'
    """,
    *tenant_table("brand_days", app_rights="select, insert, update"),
    """
    create table registration_paces (
      tenant_id uuid not null references tenants,
      registration_id text not null,
      next_at timestamptz not null default 'epoch',
      primary key (tenant_id, registration_id)
    )
    """,
    """
    comment on table registration_paces
      is 'When the numbers of one registered campaign together may send their next marketing segment (GCRA)'
    """,
    *tenant_table("registration_paces", app_rights="select, insert, update"),
)

PACE: tuple[str, ...] = (*FAIR_CLAIM, *CLASSES_OF_RECEIPTS, *CARRIER_LIMITS)
