"""API tokens: issued once, kept as a hash, limited by scopes and time. All run as the system role."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import queries
from frontdesk.kernel.auth.model import (
    PLATFORM_SCOPES,
    SHOWN_PREFIX_LENGTH,
    TOKEN_PREFIX,
    ApiToken,
    IssuedToken,
    Scope,
    new_token,
    token_hash,
)
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

MAX_LIFETIME = timedelta(days=366)
MAX_NAME_LENGTH = 100
MAX_TOKEN_LENGTH = 200
TOUCH_EVERY = timedelta(minutes=1)


async def create_token(
    tx: Tx,
    *,
    name: str,
    scopes: frozenset[Scope],
    grantable: frozenset[Scope],
    expires_at: datetime,
    actor: Actor,
    issuer_ends_at: datetime | None = None,
) -> IssuedToken:
    """Issue a token for the transaction's tenant, or for the platform if it has none.

    `grantable` are the scopes of whoever asks: nobody can hand out more. `issuer_ends_at` is when the token ends that
    asks: none that it issues outlives it. Refuses `auth.token_name`, `auth.token_scopes` (403 beyond what is grantable)
    and `auth.token_expiry` (past, or later than 366 days; 403 beyond the issuer's).
    """
    label = name.strip()
    if not label or len(label) > MAX_NAME_LENGTH or "\x00" in label:
        raise Refused("auth.token_name", f"Name the token in 1 to {MAX_NAME_LENGTH} characters.", status=422)
    if not scopes:
        raise Refused("auth.token_scopes", "Choose at least one scope.", status=422)
    beyond = scopes - grantable if tx.tenant_id is None else scopes - (grantable - PLATFORM_SCOPES)
    if beyond:
        names = ", ".join(sorted(beyond))
        raise Refused("auth.token_scopes", f"You cannot hand out what you do not hold: {names}.", status=403)
    if not tx.now < expires_at <= tx.now + MAX_LIFETIME:
        raise Refused("auth.token_expiry", "Choose an expiry between now and 366 days from now.", status=422)
    if issuer_ends_at is not None and expires_at > issuer_ends_at:
        raise Refused("auth.token_expiry", "A token cannot issue one that ends later than itself.", status=403)
    secret = new_token(TOKEN_PREFIX)
    token = ApiToken(
        id=new_id(),
        tenant_id=tx.tenant_id,
        name=label,
        prefix=secret[:SHOWN_PREFIX_LENGTH],
        scopes=scopes,
        created_by=actor.id,
        created_at=tx.now,
        expires_at=expires_at,
        last_used_at=None,
        revoked_at=None,
    )
    await queries.insert_token(tx, token=token, token_hash=token_hash(secret))
    details = {"name": label, "scopes": sorted(scopes), "expires_at": expires_at.isoformat()}
    await write_entry(tx, actor=actor, action="auth.token_created", subject=f"token:{token.id}", details=details)
    return IssuedToken(token, secret)


async def find_token(tx: Tx, *, secret: str) -> ApiToken | None:
    """Find the token a request presents; None when it is unknown, revoked or expired."""
    if not secret.startswith(TOKEN_PREFIX) or len(secret) > MAX_TOKEN_LENGTH:
        return None
    token = await queries.find_token(tx, token_hash=token_hash(secret))
    if token is not None and (token.last_used_at is None or tx.now - token.last_used_at >= TOUCH_EVERY):
        await queries.touch_token(tx, token_id=token.id)
    return token


async def list_tokens(tx: Tx) -> list[ApiToken]:
    """List the tokens of the transaction's tenant (none: the platform's), oldest first, revoked ones too."""
    return await queries.list_tokens(tx, tenant_id=tx.tenant_id)


async def revoke_all_tokens(tx: Tx, *, actor: Actor) -> int:
    """End every token of every business and of the platform at once, as after a breach; returns how many ended."""
    ended = await queries.revoke_all_tokens(tx)
    await write_entry(
        tx, actor=actor, action="auth.all_tokens_revoked", subject="platform", details={"tokens_revoked": ended}
    )
    return ended


async def revoke_token(tx: Tx, *, token_id: UUID, actor: Actor) -> None:
    """End a token of the transaction's tenant (none: the platform's) at once; refuses `auth.token_unknown` (404)."""
    if not await queries.revoke_token(tx, token_id=token_id, tenant_id=tx.tenant_id):
        raise Refused("auth.token_unknown", "There is no such token here.", status=404)
    await write_entry(tx, actor=actor, action="auth.token_revoked", subject=f"token:{token_id}")
