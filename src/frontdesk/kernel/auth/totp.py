"""Authenticator apps: six figures every 30 s from a secret that is sealed to its person; each code counts once."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import recovery
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.keys import SigningKeys
from frontdesk.kernel.sealing import SealBroken, Vault

PURPOSE = "frontdesk second factors v1"
ISSUER = "Frontdesk"
SECONDS = 30  # RFC 6238, and all that the common apps can do
DIGITS = 6
WINDOW = 1  # steps that a clock may be off to either side

PUT_FACTOR = """
insert into totp_factors (user_id, sealed_secret, created_at) values ($1, $2, $3)
on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, created_at = excluded.created_at
where totp_factors.confirmed_at is null
returning user_id
"""
FIND_FACTOR = "select sealed_secret, confirmed_at, last_step from totp_factors where user_id = $1"
CONFIRM_FACTOR = """
update totp_factors set confirmed_at = $2, last_step = $3 where user_id = $1 and confirmed_at is null
returning user_id
"""
USE_STEP = """
update totp_factors set last_step = $2
where user_id = $1 and confirmed_at is not null and (last_step is null or last_step < $2)
returning user_id
"""
DELETE_FACTOR = "delete from totp_factors where user_id = $1 returning confirmed_at"
LIST_SEALED = "select user_id, sealed_secret from totp_factors order by user_id for update"
RESEAL = "update totp_factors set sealed_secret = $2 where user_id = $1"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person types into their app, or photographs, before the app is believed."""

    secret: str
    address: str

    def __repr__(self) -> str:
        return "Enrolment()"


def factor_vault(keys: SigningKeys) -> Vault:
    """Make what seals the secrets of apps."""
    return Vault(keys, purpose=PURPOSE)


async def begin_totp(tx: Tx, vault: Vault, *, user_id: UUID) -> None:
    """Make a new secret for a person's app; it counts only once it is confirmed. Refuses `auth.totp_on` (409)."""
    sealed = vault.seal(pyotp.random_base32(), place=_place(user_id))
    if await tx.fetchval(PUT_FACTOR, user_id, sealed, tx.now) is None:
        raise _is_on()


async def get_enrolment(tx: Tx, vault: Vault, *, user_id: UUID, email: str) -> Enrolment | None:
    """Get what the app needs, as long as it is not confirmed; None if nothing was begun."""
    row = await tx.fetchrow(FIND_FACTOR, user_id)
    if row is None or row["confirmed_at"] is not None:
        return None
    secret, _ = vault.open(row["sealed_secret"], place=_place(user_id))
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


async def confirm_totp(tx: Tx, vault: Vault, *, user_id: UUID, code: str, actor: Actor) -> Sequence[str]:
    """Believe an app that shows the right code; returns ten recovery codes, which are shown this once.

    Refuses `auth.totp_unbegun` (409), `auth.totp_on` (409) and `auth.code_wrong` (422).
    """
    row = await tx.fetchrow(FIND_FACTOR, user_id)
    if row is None:
        raise Refused("auth.totp_unbegun", "Begin again: there is no app to confirm.", status=409)
    secret, _ = vault.open(row["sealed_secret"], place=_place(user_id))
    step = matching_step(secret, code, now=tx.now)
    if step is None:
        raise Refused(
            "auth.code_wrong",
            "This is not the code that the app shows now. Wait for the next one; the phone's clock must be right.",
            status=422,
        )
    if await tx.fetchval(CONFIRM_FACTOR, user_id, tx.now, step) is None:
        raise _is_on()
    codes = await recovery.replace_codes(tx, user_id=user_id)
    await write_entry(tx, actor=actor, action="auth.totp_added", subject=f"user:{user_id}")
    return codes


async def use_totp(tx: Tx, vault: Vault, *, user_id: UUID, code: str) -> bool:
    """Take the code of an app, once: False for a wrong one, and for one that was shown before it or with it."""
    row = await tx.fetchrow(FIND_FACTOR, user_id)
    if row is None or row["confirmed_at"] is None:
        return False
    try:
        secret, _ = vault.open(row["sealed_secret"], place=_place(user_id))
    except SealBroken:
        return False
    step = matching_step(secret, code, now=tx.now)
    return step is not None and await tx.fetchval(USE_STEP, user_id, step) is not None


async def delete_totp(tx: Tx, *, user_id: UUID) -> bool:
    """Forget a person's app and recovery codes; False if no app was believed."""
    await tx.execute(recovery.DELETE_CODES, user_id)
    return await tx.fetchval(DELETE_FACTOR, user_id) is not None


async def reseal_totp(tx: Tx, vault: Vault) -> int:
    """Seal anew what the current key does not open; what no key opens stays as it is. Returns how many."""
    count = 0
    for row in await tx.fetch(LIST_SEALED):
        place = _place(row["user_id"])
        try:
            secret, current = vault.open(row["sealed_secret"], place=place)
        except SealBroken:
            continue
        if not current:
            await tx.execute(RESEAL, row["user_id"], vault.seal(secret, place=place))
            count += 1
    return count


def matching_step(secret: str, code: str, *, now: datetime) -> int | None:
    """Find the 30 s step whose code this is, a step early or late allowed; compares in constant time."""
    given = "".join(code.split())
    if len(given) != DIGITS or not (given.isascii() and given.isdigit()):
        return None
    app, present = pyotp.TOTP(secret, digits=DIGITS, interval=SECONDS), int(now.timestamp()) // SECONDS
    found = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        if hmac.compare_digest(app.generate_otp(step), given):
            found = step
    return found


def _place(user_id: UUID) -> str:
    return f"user/{user_id}/totp"


def _is_on() -> Refused:
    return Refused("auth.totp_on", "An authenticator app is set up already; remove it first.", status=409)
