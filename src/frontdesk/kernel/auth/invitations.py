"""Invitations: a link for a week, once, by which somebody comes to work for a business. All run as the system role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth import people, queries
from frontdesk.kernel.auth.members import FIND_MEMBER, refuse_beyond
from frontdesk.kernel.auth.model import ROLE_SCOPES, PasswordHash, Role, Scope, Session, new_token, normal_email
from frontdesk.kernel.auth.model import token_hash as hash_of
from frontdesk.kernel.db import Tx
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

LASTS = timedelta(days=7)
MAX_OPEN = 50
MAX_TOKEN_LENGTH = 200

INSERT_INVITATION = """
insert into invitations (id, tenant_id, email, role, token_hash, invited_by, inviter_id, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# Whoever asks the same person anew takes back what they had asked before: one link is good at a time.
REVOKE_EARLIER = """
update invitations set revoked_at = $3
where tenant_id = $1 and email = $2 and accepted_at is null and revoked_at is null
"""
REVOKE_INVITATION = """
update invitations set revoked_at = $3
where tenant_id = $1 and id = $2 and accepted_at is null and revoked_at is null
returning email
"""
COUNT_OPEN = """
select count(*) from invitations
where tenant_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2
"""
LIST_OPEN = """
select id, tenant_id, email, role, invited_by, created_at, expires_at from invitations
where tenant_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2
order by id desc limit 100
"""
# An invitation is worth what its inviter may do now: who has left, or may do less, asks nobody in any more.
FIND_BY_LINK = """
select asked.id, asked.tenant_id, asked.email, asked.role, asked.invited_by, asked.created_at, asked.expires_at,
       asked.inviter_id is null or coalesce(inviter.platform_admin and inviter.disabled_at is null, false) as by_house,
       standing.role as inviter_role
from invitations as asked
left join users as inviter on inviter.id = asked.inviter_id
left join members as standing
  on standing.user_id = inviter.id and standing.tenant_id = asked.tenant_id and inviter.disabled_at is null
where asked.token_hash = $1 and asked.accepted_at is null and asked.revoked_at is null and asked.expires_at > $2
"""
TAKE = """
update invitations set accepted_at = $2
where id = $1 and accepted_at is null and revoked_at is null and expires_at > $2
returning true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Who was asked to work for a business, as what, by whom, and until when the link is good."""

    id: UUID
    tenant_id: UUID
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """A new invitation; `secret` is what its link holds, and is kept nowhere."""

    invitation: Invitation
    secret: str

    def __repr__(self) -> str:
        return f"IssuedInvitation({self.invitation!r})"


async def invite(
    tx: Tx, *, email: str, role: Role, grantable: frozenset[Scope], actor: Actor, inviter_id: UUID | None
) -> IssuedInvitation:
    """Ask somebody to work for the transaction's business, in place of any earlier invitation of the same person.

    Refuses `auth.email_invalid`, `auth.member_exists` (409), `auth.invitations_full` (409, more than 50 that are open)
    and a role that may do more than `grantable`, which is what the actor may do (`auth.role_beyond`, 403).
    """
    refuse_beyond(role, grantable)
    address = normal_email(email)
    user = await queries.find_user(tx, email=address)
    if user is not None and await tx.fetchrow(FIND_MEMBER, tx.tenant, user.id) is not None:
        raise Refused("auth.member_exists", "This person works here already; change their role instead.", status=409)
    await tx.execute(REVOKE_EARLIER, tx.tenant, address, tx.now)
    waiting = await tx.fetchval(COUNT_OPEN, tx.tenant, tx.now)
    if isinstance(waiting, int) and waiting >= MAX_OPEN:
        raise Refused(
            "auth.invitations_full", f"{MAX_OPEN} invitations wait for an answer: take some back first.", status=409
        )
    secret = new_token()
    made = Invitation(
        id=new_id(),
        tenant_id=tx.tenant,
        email=address,
        role=role,
        invited_by=actor.shown,
        created_at=tx.now,
        expires_at=tx.now + LASTS,
    )
    await tx.execute(
        INSERT_INVITATION, made.id, made.tenant_id, made.email, made.role.value, hash_of(secret), made.invited_by,
        inviter_id, made.created_at, made.expires_at,
    )  # fmt: skip
    details = {"email": address, "role": role.value}
    await write_entry(tx, actor=actor, action="auth.invited", subject=f"invitation:{made.id}", details=details)
    return IssuedInvitation(made, secret)


async def list_invitations(tx: Tx) -> list[Invitation]:
    """List the invitations of the transaction's business that wait for an answer, newest first, 100 at most."""
    return [_invitation(row) for row in await tx.fetch(LIST_OPEN, tx.tenant, tx.now)]


async def revoke_invitation(tx: Tx, *, invitation_id: UUID, actor: Actor) -> None:
    """Take an invitation back; refuses `auth.invitation_unknown` (404) for one that waits no more."""
    email = await tx.fetchval(REVOKE_INVITATION, tx.tenant, invitation_id, tx.now)
    if email is None:
        raise Refused("auth.invitation_unknown", "No such invitation is waiting here.", status=404)
    await write_entry(
        tx,
        actor=actor,
        action="auth.invitation_revoked",
        subject=f"invitation:{invitation_id}",
        details={"email": str(email)},
    )


async def find_invitation(tx: Tx, *, secret: str) -> Invitation | None:
    """Find what a link asks for; None for one that is unknown, used, taken back or over."""
    if not secret or len(secret) > MAX_TOKEN_LENGTH:
        return None
    row = await tx.fetchrow(FIND_BY_LINK, hash_of(secret), tx.now)
    if row is None or not _still_stands(row):
        return None
    return _invitation(row)


async def join_as_new(tx: Tx, *, secret: str, name: str, password_hash: PasswordHash) -> UUID:
    """Make an account for whom a link is for, and take them in; returns who it is.

    Refuses `auth.invitation_over` (409) and `auth.email_taken` (409) where the person has an account by now.
    """
    invitation = await _take(tx, secret)
    actor = Actor("system:invitation")
    user = await people.create_user(tx, email=invitation.email, name=name, password_hash=password_hash, actor=actor)
    await people.put_member(tx, user_id=user.id, role=invitation.role, actor=actor)
    return user.id


async def join_as(tx: Tx, *, secret: str, session: Session) -> None:
    """Take the logged-in person in; refuses `auth.invitation_over` (409) and somebody else's (`auth.invitation_other`).

    Who works for the business already keeps their role: an invitation takes nothing away.
    """
    invitation = await _take(tx, secret)
    if invitation.email != session.email:
        raise Refused("auth.invitation_other", f"This invitation is for {invitation.email}.", status=403)
    if await tx.fetchrow(FIND_MEMBER, tx.tenant, session.user_id) is None:
        await people.put_member(tx, user_id=session.user_id, role=invitation.role, actor=session.actor)


async def _take(tx: Tx, secret: str) -> Invitation:
    """Use an invitation of the transaction's business up."""
    invitation = await find_invitation(tx, secret=secret)
    if invitation is None or invitation.tenant_id != tx.tenant or not await tx.fetchval(TAKE, invitation.id, tx.now):
        raise Refused(
            "auth.invitation_over", "This invitation is over: it works once, for 7 days. Ask for a new one.", status=409
        )
    return invitation


def _still_stands(row: asyncpg.Record) -> bool:
    if row["by_house"]:
        return True
    given = ROLE_SCOPES[Role(row["role"])]
    return row["inviter_role"] is not None and given <= ROLE_SCOPES[Role(row["inviter_role"])]


def _invitation(row: asyncpg.Record) -> Invitation:
    return Invitation(
        id=row["id"],
        tenant_id=row["tenant_id"],
        email=row["email"],
        role=Role(row["role"]),
        invited_by=row["invited_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
