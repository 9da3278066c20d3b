"""Signing up: the first person of an installation, and strangers whose address must be confirmed by mail first."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from frontdesk.kernel.auth import queries
from frontdesk.kernel.auth.model import (
    LoginLimits,
    LoginThrottled,
    PasswordHash,
    new_token,
    token_hash,
)
from frontdesk.kernel.auth.tries import count_wish
from frontdesk.kernel.db import Database, Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.keys import SigningKeys

LASTS = timedelta(hours=24)
MAX_TOKEN_LENGTH = 200
SETUP_LENGTH = 32  # hexadecimal figures: 128 bits
LIMITS = LoginLimits(per_account=3, per_address=10, overall=100)

# Two who come first at once: one of them is.
LOCK_FIRST = "select pg_advisory_xact_lock(hashtextextended('first person', 0))"
IS_ANYBODY = "select exists (select from users)"
INSERT_SIGN_UP = """
insert into sign_ups
  (token_hash, email, name, business, country, timezone, password_hash, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
DELETE_OLD = "delete from sign_ups where expires_at < $1 or email = $2"
FIND_SIGN_UP = """
select email, name, business, country, timezone, password_hash from sign_ups where token_hash = $1 and expires_at > $2
"""
TAKE_SIGN_UP = """
delete from sign_ups where token_hash = $1 and expires_at > $2
returning email, name, business, country, timezone, password_hash
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningUp:
    """Who wants in with which business; the password is known by its slow hash alone."""

    email: str
    name: str
    business: str
    country: str
    timezone: str
    password_hash: PasswordHash


def setup_code(keys: SigningKeys) -> str:
    """Make what proves that an installation without people is one's own: only who reads its key or its start has it."""
    return _setup_code(keys.current())


def is_setup_code(keys: SigningKeys, code: str) -> bool:
    """Tell whether somebody has it; nothing of the length of an answer tells how much of it was right."""
    return any(hmac.compare_digest(_setup_code(key).encode(), code.encode()) for key in keys.accepted())


def _setup_code(key: str) -> str:
    return hmac.new(key.encode(), b"frontdesk first person v1", hashlib.sha256).hexdigest()[:SETUP_LENGTH]


async def is_anybody_known(tx: Tx) -> bool:
    """Tell whether this installation has any person; the transaction sees everybody."""
    return await tx.fetchval(IS_ANYBODY) is True


async def refuse_second(tx: Tx) -> None:
    """Let the first person in and nobody after them; refuses `auth.sign_up_closed` (403)."""
    await tx.execute(LOCK_FIRST)
    if await is_anybody_known(tx):
        raise Refused("auth.sign_up_closed", "Somebody has set up this installation already.", status=403)


async def count_sign_up(system: Database, *, email: str, ip: str) -> LoginThrottled | None:
    """Count a wish to sign up, the same for addresses we know and others; None if it may go on."""
    return await count_wish(system, kind="sign-up", email=email, ip=ip, limits=LIMITS)


async def keep_sign_up(tx: Tx, wish: SigningUp) -> str | None:
    """Keep a wish until its address is confirmed; returns the secret of the link, None for an address we know."""
    await tx.execute(DELETE_OLD, tx.now, wish.email)
    if await queries.find_user(tx, email=wish.email) is not None:
        return None
    secret = new_token()
    await tx.execute(
        INSERT_SIGN_UP, token_hash(secret), wish.email, wish.name, wish.business, wish.country, wish.timezone,
        wish.password_hash, tx.now, tx.now + LASTS,
    )  # fmt: skip
    return secret


async def find_sign_up(tx: Tx, *, secret: str) -> SigningUp | None:
    """Find what a link confirms; None for one that is unknown, used or over."""
    if not secret or len(secret) > MAX_TOKEN_LENGTH:
        return None
    row = await tx.fetchrow(FIND_SIGN_UP, token_hash(secret), tx.now)
    return None if row is None else SigningUp(**dict(row))


async def take_sign_up(tx: Tx, *, secret: str) -> SigningUp:
    """Use the link up; refuses `auth.sign_up_over` (409)."""
    row = await tx.fetchrow(TAKE_SIGN_UP, token_hash(secret[:MAX_TOKEN_LENGTH]), tx.now)
    if row is None:
        raise Refused("auth.sign_up_over", "This link is over: it works once, for a day. Sign up again.", status=409)
    return SigningUp(**dict(row))
