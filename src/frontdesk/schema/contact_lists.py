"""Tables of people in number: fields, tags, segments, imports."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

PEOPLE: tuple[str, ...] = (
    """
    alter table contacts
      add column given_name text not null default '',
      add column family_name text not null default '',
      add column email text not null default '',
      add column timezone text,
      add column timezone_source text not null default '',
      add column country text not null default '',
      add column region text not null default '',
      add column postal_code text not null default '',
      add column city text not null default '',
      add column fields jsonb not null default '{}',
      add column source text not null default '',
      add column line_kind text not null default '',
      add column line_country text not null default '',
      add column updated_at timestamptz not null default now(),
      add column deleted_at timestamptz
    """,
    "create index contacts_of_tenant on contacts (tenant_id, id) where deleted_at is null",
    """
    create table contact_tags (
      tenant_id uuid not null references tenants,
      contact_id uuid not null references contacts on delete cascade,
      tag text not null,
      added_at timestamptz not null,
      primary key (contact_id, tag)
    )
    """,
    "comment on table contact_tags is 'Words that a business files its people under'",
    "create index contact_tags_by_tag on contact_tags (tenant_id, tag, contact_id)",
    *tenant_table("contact_tags"),
    """
    create table segments (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      name text not null,
      filter jsonb not null,
      created_by text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (tenant_id, name)
    )
    """,
    "comment on table segments is 'Saved filters; who matches is found anew each time'",
    *tenant_table("segments"),
)

IMPORTS: tuple[str, ...] = (
    """
    create table imports (
      id uuid primary key,
      tenant_id uuid not null references tenants,
      filename text not null,
      file_kind text not null,
      file_bytes bigint not null,
      file_sha256 text not null,
      status text not null check (
        status in (
          'uploaded', 'queued', 'reading', 'checking', 'checked', 'importing', 'completed', 'failed', 'canceled'
        )
      ),
      settings jsonb not null,
      layout jsonb not null,
      dry_run boolean not null default false,
      starts integer not null default 0,
      run_id uuid,
      rows_total integer,
      rows_read integer not null default 0,
      rows_done integer not null default 0,
      rows_added integer not null default 0,
      rows_merged integer not null default 0,
      rows_rejected integer not null default 0,
      rows_noted integer not null default 0,
      failure_code text not null default '',
      failure text not null default '',
      created_by text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      started_at timestamptz,
      finished_at timestamptz
    )
    """,
    "comment on table imports is 'Files of people: how far each has come, row by row'",
    "create index imports_of_tenant on imports (tenant_id, id desc)",
    *tenant_table("imports"),
    """
    create table import_rows (
      tenant_id uuid not null references tenants,
      import_id uuid not null references imports on delete cascade,
      row_number integer not null,
      outcome text not null check (outcome in ('rejected', 'noted')),
      problems jsonb not null,
      cells jsonb not null,
      primary key (import_id, row_number)
    )
    """,
    "comment on table import_rows is 'Rows of a file that were not taken, or not taken whole, and why'",
    *tenant_table("import_rows"),
)

CONTACT_LISTS: tuple[str, ...] = (*PEOPLE, *IMPORTS)
