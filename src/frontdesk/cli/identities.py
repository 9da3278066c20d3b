"""Who comes in by an outside login service, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from uuid import UUID

    from frontdesk.wiring import Frontdesk

Subject = Annotated[str, typer.Option("--subject", help="The person's name at the service, like user_2abc.")]
Issuer = Annotated[str | None, typer.Option("--issuer", help="The service (default: CLERK_JWT_ISSUER).")]


def link_user(
    email: Annotated[str, typer.Argument(help="The person's e-mail address here.")],
    *,
    subject: Subject,
    issuer: Issuer = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let a person come in with the tokens of an outside login service; they may do what their roles here allow."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import show_facts, write_json
    from frontdesk.kernel import auth

    async def work(parts: Frontdesk) -> UUID:
        async with parts.system.transaction() as tx:
            return await auth.link_identity(
                tx, email=email, issuer=_issuer(parts, issuer), subject=subject, actor=actor()
            )

    told = {"user_id": str(with_office(home, work)), "subject": subject}
    if as_json:
        write_json(told)
    else:
        show_facts(told)


def unlink_user(*, subject: Subject, issuer: Issuer = None, home: Home = None, as_json: AsJson = False) -> None:
    """Let nobody come in under a name of an outside login service any more."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import show_facts, write_json
    from frontdesk.kernel import auth

    async def work(parts: Frontdesk) -> bool:
        async with parts.system.transaction() as tx:
            return await auth.unlink_identity(tx, issuer=_issuer(parts, issuer), subject=subject, actor=actor())

    told = {"subject": subject, "was_linked": with_office(home, work)}
    if as_json:
        write_json(told)
    else:
        show_facts(told)


def _issuer(parts: Frontdesk, given: str | None) -> str:
    from frontdesk.kernel.errors import Refused

    issuer = given or parts.settings.clerk.jwt_issuer
    if not issuer:
        raise Refused("auth.no_issuer", "Name the service with --issuer, or set CLERK_JWT_ISSUER", status=422)
    return issuer
