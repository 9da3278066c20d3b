"""Tries to get in, counted per account, address and everybody: each is a failure until it is said to have succeeded."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from frontdesk.kernel.audit import keepable
from frontdesk.kernel.auth import queries
from frontdesk.kernel.auth.model import LoginLimits, LoginThrottled, normal_email, throttled_address
from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.errors import Refused

MAX_NAME = 300


def name_of(email: str) -> str:
    """Name an account by what somebody typed as its e-mail address, also where that is none."""
    try:
        return normal_email(email)
    except Refused:
        return keepable(email[:MAX_NAME])


async def count_try(tx: Tx, *, kind: str, who: bytes, ip: str, limits: LoginLimits) -> int | LoginThrottled:
    """Count a try as failed before anything is looked at; returns its id, or why and how long it is turned away.

    Tries of one `kind` at one account, `who`, are counted together.
    """
    account_hash = hashlib.sha256(kind.encode() + b" " + who).digest()
    found = await queries.record_try(tx, account_hash=account_hash, address=throttled_address(ip), limits=limits)
    if found.id is not None:
        return found.id
    left = (found.since or tx.now) + limits.window - tx.now
    return LoginThrottled(found.reason or "everyone", max(left, timedelta(seconds=1)))


async def count_wish(system: Database, *, kind: str, email: str, ip: str, limits: LoginLimits) -> LoginThrottled | None:
    """Count a wish for a letter, the same for people we know and others; None if it may be written."""
    async with system.transaction() as tx:
        counted = await count_try(tx, kind=kind, who=name_of(email).encode(), ip=ip, limits=limits)
    return counted if isinstance(counted, LoginThrottled) else None
