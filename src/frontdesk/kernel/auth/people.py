"""People: adding them, giving them roles, changing their passwords, barring them. All run as the system role."""

from __future__ import annotations

from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import queries
from frontdesk.kernel.auth.half_logins import end_half_logins
from frontdesk.kernel.auth.model import PasswordHash, Role, User, normal_email
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

END_RESETS = "delete from password_resets where user_id = $1"


async def create_user(
    tx: Tx,
    *,
    email: str,
    name: str,
    password_hash: PasswordHash | None,
    actor: Actor,
    platform_admin: bool = False,
) -> User:
    """Add a person; without a password hash nobody can log in as them yet.

    Refuses `auth.email_invalid` and `auth.email_taken` (409).
    """
    user = await queries.insert_user(
        tx,
        user_id=new_id(),
        email=normal_email(email),
        name=name.strip(),
        password_hash=password_hash,
        platform_admin=platform_admin,
    )
    if user is None:
        raise Refused("auth.email_taken", "Somebody with this e-mail address exists already.", status=409)
    details = {"platform_admin": platform_admin}
    await write_entry(tx, actor=actor, action="auth.user_created", subject=f"user:{user.id}", details=details)
    return user


async def find_user(tx: Tx, *, email: str) -> User | None:
    """Find a person by e-mail address, however it is written."""
    return await queries.find_user(tx, email=normal_email(email))


async def list_businesses_of(tx: Tx, *, user_id: UUID) -> list[UUID]:
    """List the businesses that a person is a member of; the transaction must see all of them."""
    return await queries.list_businesses_of(tx, user_id=user_id)


async def set_password(
    tx: Tx, *, user_id: UUID, password_hash: PasswordHash, actor: Actor, keep_session: UUID | None = None
) -> None:
    """Change a person's password and end their sessions, but the one that asked; refuses `auth.user_unknown` (404)."""
    if not await queries.update_password(tx, user_id=user_id, password_hash=password_hash):
        raise _unknown()
    ended = await queries.revoke_sessions_of(tx, user_id=user_id, but=keep_session)
    await end_half_logins(tx, user_id=user_id)
    await tx.execute(END_RESETS, user_id)
    details = {"sessions_ended": ended}
    await write_entry(tx, actor=actor, action="auth.password_set", subject=f"user:{user_id}", details=details)


async def disable_user(tx: Tx, *, user_id: UUID, actor: Actor) -> None:
    """Bar a person and end their sessions; refuses `auth.user_unknown` (404)."""
    if not await queries.disable_user(tx, user_id=user_id):
        raise _unknown()
    await queries.revoke_sessions_of(tx, user_id=user_id, but=None)
    await write_entry(tx, actor=actor, action="auth.user_disabled", subject=f"user:{user_id}")


async def put_member(tx: Tx, *, user_id: UUID, role: Role, actor: Actor) -> None:
    """Give a person a role in the transaction's business, in place of any other."""
    await queries.put_member(tx, tenant_id=tx.tenant, user_id=user_id, role=role)
    details = {"role": role.value}
    await write_entry(tx, actor=actor, action="auth.member_put", subject=f"user:{user_id}", details=details)


async def remove_member(tx: Tx, *, user_id: UUID, actor: Actor) -> None:
    """Take a person's role in the transaction's business away; refuses `auth.user_unknown` (404)."""
    if not await queries.delete_member(tx, tenant_id=tx.tenant, user_id=user_id):
        raise _unknown()
    await write_entry(tx, actor=actor, action="auth.member_removed", subject=f"user:{user_id}")


def _unknown() -> Refused:
    return Refused("auth.user_unknown", "There is no such person here.", status=404)
