"""What a business and its numbers are allowed: budgets, registrations, rates, warm-up."""

from __future__ import annotations

BUSINESS_SETTINGS: tuple[str, ...] = (
    """
    alter table tenants
      add column daily_budget_cents numeric(14, 4) not null default 5000 check (daily_budget_cents >= 0),
      add column monthly_budget_cents numeric(14, 4) not null default 100000 check (monthly_budget_cents >= 0),
      add column quiet_from time not null default '21:00',
      add column quiet_until time not null default '09:00',
      add column state text not null default '' check (state ~ '^([A-Z]{2}-[A-Z0-9]{1,3})?$'),
      add column postal_address text not null default '',
      add column website text not null default '',
      add column registrations jsonb not null default '{}' check (jsonb_typeof(registrations) = 'object'),
      add column double_opt_in boolean not null default false,
      add column marketing_daily_cap smallint not null default 1 check (marketing_daily_cap between 0 and 3)
    """,
    """
    comment on column tenants.daily_budget_cents
      is 'Most that texts may cost on one day of the business''s own zone, in cents; budgets has what is spent'
    """,
    "comment on column tenants.monthly_budget_cents is 'Most that texts may cost in one month, in cents'",
    """
    comment on column tenants.quiet_from
      is 'When marketing stops in the evening, on the recipient''s clock; the law may be stricter, never looser'
    """,
    "comment on column tenants.quiet_until is 'When marketing may begin in the morning, on the recipient''s clock'",
    "comment on column tenants.state is 'Where the business itself is (ISO 3166-2), empty if not told'",
    """
    comment on column tenants.registrations
      is 'Registrations and exemptions that the law asks for, by kind, each with its number and last day'
    """,
    """
    comment on column tenants.marketing_daily_cap
      is 'Marketing texts that one person may get in 24 hours; the law allows 3 in some states (Fla. 501.616(6)(b))'
    """,
    """
    alter table sending_numbers
      add column number_type text not null default 'long_code'
        check (number_type in ('long_code', 'toll_free', 'short_code')),
      add column registration_status text not null default 'unregistered'
        check (registration_status in ('unregistered', 'pending', 'approved', 'rejected')),
      add column registration_id text not null default '',
      add column campaign_class text not null default '',
      add column segments_per_second numeric(8, 3) check (segments_per_second > 0),
      add column burst smallint not null default 1 check (burst between 1 and 100),
      add column warmup jsonb check (jsonb_typeof(warmup) = 'object'),
      add column daily_limit integer check (daily_limit >= 0),
      add column country text not null default '',
      add column retired_at timestamptz
    """,
    """
    comment on column sending_numbers.registration_status
      is 'Whether carriers know the number: without an approved campaign they refuse marketing (30034, 30032)'
    """,
    "comment on column sending_numbers.registration_id is 'The registration''s name at the registry, as it gave it'",
    "comment on column sending_numbers.campaign_class is 'Score class of the number''s registered campaign'",
    "comment on column sending_numbers.segments_per_second is 'Own rate; empty means the usual one of its type'",
    """
    comment on column sending_numbers.warmup
      is 'Texts a day while the number is new: {"started_on": "2026-01-05", "daily": [50, 100, 200]}'
    """,
    "create index sending_numbers_listed on sending_numbers (tenant_id, id)",
)
