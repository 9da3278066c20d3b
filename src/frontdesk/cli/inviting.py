"""Inviting somebody to a business on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.wiring import Frontdesk


def invite_user(
    email: Annotated[str, typer.Argument()],
    *,
    tenant: Annotated[str, typer.Option("--tenant", help="Short name or id of the business.")],
    role: Annotated[str, typer.Option(help="owner, manager, agent or auditor of that business.")] = "agent",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Invite somebody to a business: prints a link to hand over, which works once, for seven days."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth

    if role not in set(auth.Role):
        raise typer.BadParameter(f"{role} is not one of: {', '.join(auth.Role)}")
    link, until = with_office(home, lambda parts: _invite(parts, email=email, role=role, tenant=tenant))
    if as_json:
        write_json({"link": link, "expires_at": until})
    else:
        console().print(link, soft_wrap=True)
        console().print("[dim]It is not shown again.[/dim]")


async def _invite(parts: Frontdesk, *, email: str, role: str, tenant: str) -> tuple[str, str]:
    from frontdesk.cli.office import actor, find_tenant_id
    from frontdesk.kernel import auth
    from frontdesk.kernel.auth import invitations

    async with parts.system.transaction(await find_tenant_id(parts, tenant)) as tx:
        issued = await invitations.invite(
            tx,
            email=email,
            role=auth.Role(role),
            grantable=frozenset(auth.Scope),
            actor=actor(),
            inviter_id=None,
        )
    return f"{parts.public_base_url.rstrip('/')}/join/{issued.secret}", issued.invitation.expires_at.isoformat()
