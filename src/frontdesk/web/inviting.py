"""Asking people in: an invitation goes by mail where a mail server is set up, else as a link to hand over."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from frontdesk.features import tenants
from frontdesk.kernel.auth import Principal, Role, Session, invitations
from frontdesk.kernel.auth.invitations import Invitation
from frontdesk.kernel.auth.visit import Visit
from frontdesk.ports.mail import Letter
from frontdesk.web.entry import EntryDesk
from frontdesk.web.roles import role_words

WORDS = """Hello,

{who} invites you to {business} at Frontdesk.
{role}.

Join here within seven days; the link works once:

{link}

If you do not know what this is about, do nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that was made; `link` is empty where it went by mail, so that nobody but its reader has it."""

    invitation: Invitation
    link: str


async def send_invitation(desk: EntryDesk, visit: Visit, *, email: str, role: Role) -> Invited:
    """Invite somebody to the visited business; refuses as `kernel.auth.invitations.invite` does."""
    parts = desk.parts
    async with parts.app.transaction(visit.tenant_id) as tx:
        business = (await tenants.get_tenant(tx)).name
    async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
        issued = await invitations.invite(
            tx,
            email=email,
            role=role,
            grantable=visit.principal.scopes_for(visit.tenant_id),
            actor=visit.actor,
            inviter_id=person_behind(visit.principal),
        )
    link = f"{parts.public_base_url.rstrip('/')}/join/{issued.secret}"
    if desk.letterbox is None:
        return Invited(invitation=issued.invitation, link=link)
    letter = write_invitation(issued.invitation, business=business, link=link)

    async def write() -> Letter:
        return letter

    desk.letterbox.post(write)
    return Invited(invitation=issued.invitation, link="")


def write_invitation(invitation: Invitation, *, business: str, link: str) -> Letter:
    """Write the letter of an invitation."""
    words = WORDS.format(who=invitation.invited_by, business=business, role=role_words(invitation.role), link=link)
    subject = f"{' '.join(business.split())} invites you"
    return Letter(to=invitation.email, subject=subject, words=words, at=invitation.created_at)


def person_behind(principal: Principal) -> UUID | None:
    """Tell which person acts; None for a program, whose token was given by a person."""
    return principal.user_id if isinstance(principal, Session) else None
