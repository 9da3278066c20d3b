"""People who prove who they are at an outside service: linked once by hand, never made by a token. System role only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import write_entry
from frontdesk.kernel.auth.model import Role, Session, normal_email
from frontdesk.kernel.db import Tx, affected
from frontdesk.kernel.errors import Refused

MAX_NAME = 200

LINK = """
    insert into user_identities (issuer, subject, user_id, linked_by, created_at)
    select $1, $2, users.id, $4, $5 from users where users.email = $3 and users.disabled_at is null
    on conflict (issuer, subject) do update set user_id = excluded.user_id, linked_by = excluded.linked_by
    where user_identities.user_id = excluded.user_id
    returning user_id
"""

UNLINK = "delete from user_identities where issuer = $1 and subject = $2"

FIND_PERSON = """
    select users.id, users.email, users.name, user_identities.created_at,
           array(select tenant_id from members where user_id = users.id order by tenant_id) as tenant_ids,
           array(select role from members where user_id = users.id order by tenant_id) as roles
    from user_identities join users on users.id = user_identities.user_id
    where user_identities.issuer = $1 and user_identities.subject = $2 and users.disabled_at is null
"""


async def link_identity(tx: Tx, *, email: str, issuer: str, subject: str, actor: Actor) -> UUID:
    """Let a person of ours come in as `subject` of `issuer`; returns the person's id.

    Refuses `auth.identity` (422) for an empty name, and `auth.identity_taken` (409) if there is no such person, or the
    name is another person's already.
    """
    if not 0 < len(subject) <= MAX_NAME or not 0 < len(issuer) <= MAX_NAME:
        raise Refused("auth.identity", "Name the subject as the service does, like user_2abc", status=422)
    found = await tx.fetchval(LINK, issuer, subject, normal_email(email), actor.shown, tx.now)
    if not isinstance(found, UUID):
        raise Refused(
            "auth.identity_taken", "There is no such person, or this name is another person's already", status=409
        )
    details = {"issuer": issuer, "subject": subject}
    await write_entry(tx, actor=actor, action="auth.identity_linked", subject=f"user:{found}", details=details)
    return found


async def unlink_identity(tx: Tx, *, issuer: str, subject: str, actor: Actor) -> bool:
    """Let nobody come in under a name any more; False if nobody did."""
    gone = affected(await tx.execute(UNLINK, issuer, subject)) == 1
    if gone:
        details = {"issuer": issuer, "subject": subject}
        await write_entry(tx, actor=actor, action="auth.identity_unlinked", subject="platform", details=details)
    return gone


async def find_identified(tx: Tx, *, issuer: str, subject: str, expires_at: datetime) -> Session | None:
    """Find who comes in under a name, with their roles as they are now; platform rights do not come along."""
    row = await tx.fetchrow(FIND_PERSON, issuer, subject)
    if row is None:
        return None
    return Session(
        id=row["id"],
        user_id=row["id"],
        email=row["email"],
        name=row["name"],
        platform_admin=False,
        roles={tenant: Role(role) for tenant, role in zip(row["tenant_ids"], row["roles"], strict=True)},
        created_at=row["created_at"],
        idle_expires_at=expires_at,
        expires_at=expires_at,
        proven_at=tx.now,  # the service has just vouched for them
    )
