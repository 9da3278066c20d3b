"""What is set for the whole platform."""

from __future__ import annotations

import json

from frontdesk.kernel.db import Transaction

LIST_SETTINGS = "select key, value::text as value from platform_settings"

PUT_SETTING = """
    insert into platform_settings (key, value, changed_by, changed_at) values ($1, $2::jsonb, $3, $4)
    on conflict (key) do update
    set value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""


async def list_settings(tx: Transaction) -> dict[str, object]:
    """List what is set, by key."""
    return {row["key"]: json.loads(row["value"]) for row in await tx.fetch(LIST_SETTINGS)}


async def record_setting(tx: Transaction, *, key: str, value: int, by: str) -> None:
    """Set one."""
    await tx.execute(PUT_SETTING, key, json.dumps(value), by, tx.now)
