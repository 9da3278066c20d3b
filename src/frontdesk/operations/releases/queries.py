"""Which versions run, and what of the schema is not whole."""

from __future__ import annotations

from frontdesk.kernel.db import Transaction

LIST_VERSIONS = """
    select version, count(*)::int as processes from live_processes
    where ended_at is null and lease_until > $1 and kind in ('web', 'worker') group by version order by version
"""

FIND_REVISION = "select version_num from alembic_version"

LIST_INVALID = """
    select relation.relname as name from pg_index as index join pg_class as relation on relation.oid = index.indexrelid
    where not index.indisvalid or not index.indisready
    union all
    select conname from pg_constraint where not convalidated
    order by name limit 20
"""


async def list_versions(tx: Transaction) -> dict[str, int]:
    """List the versions of the program that run, with how many processes of each."""
    return {row["version"]: row["processes"] for row in await tx.fetch(LIST_VERSIONS, tx.now)}


async def find_revision(tx: Transaction) -> str | None:
    """Find which revision the database has."""
    revision = await tx.fetchval(FIND_REVISION)
    return revision if isinstance(revision, str) else None


async def list_invalid(tx: Transaction) -> list[str]:
    """List indexes and constraints that a migration has begun and not finished."""
    return [row["name"] for row in await tx.fetch(LIST_INVALID)]
