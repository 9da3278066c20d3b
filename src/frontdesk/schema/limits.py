"""What bounds strangers and programs: how often the API may be asked, and whom outsiders can make us text."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

API_LIMITS: tuple[str, ...] = (
    # Unlogged: after a crash everybody begins with a full allowance, which harms nobody, and nothing waits for a disk.
    """
    create unlogged table api_allowances (
      subject text primary key,
      spent_until_at timestamptz not null
    )
    """,
    """
    comment on table api_allowances
      is 'Until when each token, person and business has spent its allowance of API requests (GCRA), for all processes'
    """,
    "grant select, insert, update, delete on api_allowances to frontdesk_system",
)

STRANGERS: tuple[str, ...] = (
    """
    alter table tenants
      add column texting_countries text[] not null default '{}'
        check (array_to_string(texting_countries, ',') ~ '^([A-Z]{2}(,[A-Z]{2})*)?$'),
      add column range_hourly_limit integer not null default 30 check (range_hourly_limit between 1 and 1000000)
    """,
    """
    comment on column tenants.texting_countries
      is 'Countries (ISO 3166) to which texts may go besides the business''s own and its neighbours at the same price'
    """,
    """
    comment on column tenants.range_hourly_limit
      is 'Texts that outsiders may cause within an hour to numbers that differ in their last three digits only'
    """,
    """
    create table provoked_texts (
      tenant_id uuid not null references tenants,
      number_range text not null,
      since_at timestamptz not null,
      texts integer not null,
      cents numeric(14, 4) not null,
      primary key (tenant_id, number_range)
    )
    """,
    """
    comment on table provoked_texts
      is 'Texts that outsiders caused (calls, keywords, sign-ups) in the hour since a moment, per thousand numbers'
    """,
    "create index provoked_texts_since_at on provoked_texts (since_at)",
    *tenant_table("provoked_texts", app_rights="select, insert, update, delete"),
)

LIMITS: tuple[str, ...] = (*API_LIMITS, *STRANGERS)
