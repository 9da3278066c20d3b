"""Who works for a business: listing them, taking them in, changing their role. All run as the system role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.auth import people, queries
from frontdesk.kernel.auth.model import ROLE_SCOPES, Role, Scope, normal_email
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused

LIST_MEMBERS = """
select members.user_id, users.email, users.name, members.role, members.created_at,
       users.password_hash is not null and users.disabled_at is null as may_log_in
from members join users on users.id = members.user_id
where members.tenant_id = $1 and ($2::uuid is null or members.user_id < $2) and ($3::text is null or members.role = $3)
order by members.user_id desc limit $4
"""
FIND_MEMBER = """
select members.user_id, users.email, users.name, members.role, members.created_at,
       users.password_hash is not null and users.disabled_at is null as may_log_in
from members join users on users.id = members.user_id
where members.tenant_id = $1 and members.user_id = $2
"""
# All owners of a business are locked in one order, so that two of them cannot demote each other at once.
LOCK_OWNERS = "select user_id from members where tenant_id = $1 and role = 'owner' order by user_id for update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person who works for a business; one without a password, or barred, may not log in."""

    user_id: UUID
    email: str
    name: str
    role: Role
    may_log_in: bool
    created_at: datetime


async def list_members(tx: Tx, *, before: UUID | None, limit: int, role: Role | None = None) -> list[Member]:
    """List who works for the transaction's business, newest people first, from before a given one."""
    return [_member(row) for row in await tx.fetch(LIST_MEMBERS, tx.tenant, before, role, limit)]


async def get_member(tx: Tx, *, user_id: UUID) -> Member:
    """Get somebody who works for the transaction's business; refuses `auth.member_unknown` (404)."""
    row = await tx.fetchrow(FIND_MEMBER, tx.tenant, user_id)
    if row is None:
        raise Refused("auth.member_unknown", "Nobody like this works here.", status=404)
    return _member(row)


async def add_member(tx: Tx, *, email: str, name: str, role: Role, grantable: frozenset[Scope], actor: Actor) -> Member:
    """Take a person into the transaction's business; somebody new cannot log in before a password is set.

    Refuses `auth.email_invalid`, `auth.member_exists` (409) and a role that may do more than `grantable`, which is what
    the actor may do (`auth.role_beyond`, 403).
    """
    refuse_beyond(role, grantable)
    user = await queries.find_user(tx, email=normal_email(email))
    if user is None:
        user = await people.create_user(tx, email=email, name=name, password_hash=None, actor=actor)
    elif await tx.fetchrow(FIND_MEMBER, tx.tenant, user.id) is not None:
        raise Refused("auth.member_exists", "This person works here already; change their role instead.", status=409)
    await people.put_member(tx, user_id=user.id, role=role, actor=actor)
    return await get_member(tx, user_id=user.id)


async def change_role(tx: Tx, *, user_id: UUID, role: Role, grantable: frozenset[Scope], actor: Actor) -> Member:
    """Give somebody another role in the transaction's business; it counts from their next request on.

    Refuses `auth.member_unknown` (404), `auth.last_owner` (409), and an old or new role that may do more than the actor
    (`auth.role_beyond`, 403).
    """
    refuse_beyond(role, grantable)
    member = await _let_go_of(tx, user_id=user_id, grantable=grantable, becomes=role)
    if member.role is not role:
        await people.put_member(tx, user_id=user_id, role=role, actor=actor)
    return await get_member(tx, user_id=user_id)


async def dismiss_member(tx: Tx, *, user_id: UUID, grantable: frozenset[Scope], actor: Actor) -> None:
    """Take somebody's role in the transaction's business away; it counts from their next request on.

    Refuses `auth.member_unknown` (404), `auth.last_owner` (409) and `auth.role_beyond` (403).
    """
    await _let_go_of(tx, user_id=user_id, grantable=grantable, becomes=None)
    await people.remove_member(tx, user_id=user_id, actor=actor)


def refuse_beyond(role: Role, grantable: frozenset[Scope]) -> None:
    """Refuse to give or take a role that may do more than the actor (`auth.role_beyond`)."""
    beyond = ROLE_SCOPES[role] - grantable
    if beyond:
        shown = ", ".join(sorted(beyond))
        raise Refused("auth.role_beyond", f"The role {role} may do what you may not: {shown}.", status=403)


async def _let_go_of(tx: Tx, *, user_id: UUID, grantable: frozenset[Scope], becomes: Role | None) -> Member:
    owners = [row["user_id"] for row in await tx.fetch(LOCK_OWNERS, tx.tenant)]
    member = await get_member(tx, user_id=user_id)
    refuse_beyond(member.role, grantable)
    if owners == [user_id] and becomes is not Role.OWNER:
        raise Refused("auth.last_owner", "A business keeps at least one owner; name another one first.", status=409)
    return member


def _member(row: asyncpg.Record) -> Member:
    return Member(
        user_id=row["user_id"],
        email=row["email"],
        name=row["name"],
        role=Role(row["role"]),
        may_log_in=row["may_log_in"],
        created_at=row["created_at"],
    )
