"""Keeping the server's log from being cleared away for as long as somebody copies its files."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

HOLD = "select pg_create_physical_replication_slot($1, true, true)"


@asynccontextmanager
async def log_held(url: str) -> AsyncIterator[None]:
    """Keep all of the log from now on: a checkpoint within the block would clear away what the copy begins with.

    The login must be a superuser or have the right to replicate. A hold ends with its connection, however that ends.
    """
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.fetchval(HOLD, f"frontdesk_backup_{secrets.token_hex(4)}")
        yield
    finally:
        await connection.close()
