"""What makes the last pieces of people in number: imports that can be undone, and a budget for every business."""

from __future__ import annotations

from frontdesk.schema.roles import tenant_table

IMPORT_CHANGES: tuple[str, ...] = (
    """
    create table import_changes (
      tenant_id uuid not null references tenants,
      import_id uuid not null references imports on delete cascade,
      contact_id uuid not null,
      kind text not null check (kind in ('added', 'changed', 'tagged')),
      before jsonb,
      tags text[] not null default '{}',
      written_at timestamptz not null,
      outcome text check (outcome in ('removed', 'restored', 'changed_since', 'in_use', 'not_known')),
      primary key (import_id, contact_id)
    )
    """,
    """
    comment on table import_changes
      is 'Whom an import added or changed, and how they stood before, so that it can be undone; kept 30 days'
    """,
    *tenant_table("import_changes"),
    """
    alter table imports
      add column rows_forgotten_at timestamptz,
      add column undo_run_id uuid,
      add column undo_starts integer not null default 0,
      add column undo_started_at timestamptz,
      add column undone_at timestamptz,
      add column undone_removed integer not null default 0,
      add column undone_restored integer not null default 0,
      add column undone_left integer not null default 0
    """,
    """
    comment on column imports.rows_forgotten_at
      is 'When the rows that were not taken, and what an undoing would need, were deleted for their age'
    """,
    "create index imports_to_forget on imports (finished_at) where rows_forgotten_at is null",
)

# Whoever joins businesses with budgets must find each, also one that has never sent anything.
A_BUDGET_EACH: tuple[str, ...] = (
    """
    create function begin_budget() returns trigger language plpgsql as $$
    begin
      insert into budgets (tenant_id, day, month, updated_at)
      values (new.id, (new.created_at at time zone new.timezone)::date,
              date_trunc('month', new.created_at at time zone new.timezone)::date, new.created_at)
      on conflict do nothing;
      return null;
    end
    $$
    """,
    "comment on function begin_budget is 'A business has a budget from its first day on'",
    "create trigger tenants_begin_budget after insert on tenants for each row execute function begin_budget()",
    """
    insert into budgets (tenant_id, day, month, updated_at)
    select id, (now() at time zone timezone)::date, date_trunc('month', now() at time zone timezone)::date, now()
    from tenants
    on conflict do nothing
    """,
)

PEOPLE_UNDONE: tuple[str, ...] = (*IMPORT_CHANGES, *A_BUDGET_EACH)
