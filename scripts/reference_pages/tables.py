"""The page of tables, read from the catalogue of a migrated database."""

from __future__ import annotations

import asyncpg

from scripts.reference_pages.markdown import page, table

INTRODUCTION = """
Two roles work on them. `frontdesk_app` sees one business at a time: row-level security is forced on every table with a
`tenant_id`. `frontdesk_system` sees all businesses, for dispatchers and look-ups. Neither owns a table nor bypasses
row-level security. Times are `timestamptz`. Tables that begin with `pgqueuer` belong to the background engine.
"""

TABLES = """
    select relation.oid, relation.relname as name, coalesce(obj_description(relation.oid), '') as remark,
           relation.relforcerowsecurity as forced,
           array(
             select right_name from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as right_name
             where has_table_privilege('frontdesk_app', relation.oid, right_name)
           ) as app,
           array(
             select right_name from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as right_name
             where has_table_privilege('frontdesk_system', relation.oid, right_name)
           ) as system
    from pg_class as relation join pg_namespace as space on space.oid = relation.relnamespace
    where relation.relkind in ('r', 'p') and space.nspname = 'public'
    order by relation.relname
"""
COLUMNS = """
    select field.attname as name, format_type(field.atttypid, field.atttypmod) as kind, field.attnotnull as needed,
           coalesce(pg_get_expr(preset.adbin, preset.adrelid), '') as preset
    from pg_attribute as field
    left join pg_attrdef as preset on preset.adrelid = field.attrelid and preset.adnum = field.attnum
    where field.attrelid = $1 and field.attnum > 0 and not field.attisdropped
    order by field.attnum
"""


async def render_tables(database_url: str) -> str:
    """Make the page from the database at `database_url`."""
    connection = await asyncpg.connect(database_url)
    try:
        sections = []
        for row in await connection.fetch(TABLES):
            if row["name"].startswith(("pgqueuer", "alembic")):
                continue
            columns = await connection.fetch(COLUMNS, row["oid"])
            sections.append(_section(row, columns))
    finally:
        await connection.close()
    return page("Tables", INTRODUCTION, *sections)


def _section(row: asyncpg.Record, columns: list[asyncpg.Record]) -> str:
    app = ", ".join(row["app"]).lower() or "nothing"
    system = ", ".join(row["system"]).lower() or "nothing"
    shut = "row-level security forced" if row["forced"] else "shared by all businesses"
    rows = [
        (
            f"`{column['name']}`",
            column["kind"].replace("timestamp with time zone", "timestamptz"),
            "" if column["needed"] else "may be null",
            f"`{column['preset']}`" if column["preset"] else "",
        )
        for column in columns
    ]
    about = f"{row['remark'].rstrip('.')}. App role: {app}; system role: {system}; {shut}."
    return f"## {row['name']}\n\n{about}\n\n{table(('column', 'type', '', 'default'), rows)}"
