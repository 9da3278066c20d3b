"""The two roles the program works under, and the row-level security that binds them."""

from __future__ import annotations

ROLES: tuple[str, ...] = (
    """
    do $$
    begin
      if not exists (select from pg_roles where rolname = 'frontdesk_app') then
        create role frontdesk_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
      end if;
      if not exists (select from pg_roles where rolname = 'frontdesk_system') then
        create role frontdesk_system nologin nosuperuser nobypassrls nocreatedb nocreaterole;
      end if;
      if not pg_has_role(current_user, 'frontdesk_app', 'usage') then
        execute format('grant frontdesk_app to %I', current_user);
      end if;
      if not pg_has_role(current_user, 'frontdesk_system', 'usage') then
        execute format('grant frontdesk_system to %I', current_user);
      end if;
    exception when unique_violation or duplicate_object then null;
    end $$
    """,
    "grant usage on schema public to frontdesk_app, frontdesk_system",
)


def tenant_table(
    name: str, *, tenant_column: str = "tenant_id", app_rights: str = "select, insert, update, delete"
) -> tuple[str, ...]:
    """List the statements that shut a tenant table: forced row-level security, a policy per role, and rights."""
    mine = f"{tenant_column} = (select nullif(current_setting('app.tenant_id', true), '')::uuid)"
    return (
        f"alter table {name} enable row level security",
        f"alter table {name} force row level security",
        f"create policy {name}_app on {name} to frontdesk_app using ({mine}) with check ({mine})",
        f"create policy {name}_system on {name} to frontdesk_system using (true) with check (true)",
        f"grant {app_rights} on {name} to frontdesk_app",
        f"grant {app_rights} on {name} to frontdesk_system",
    )
