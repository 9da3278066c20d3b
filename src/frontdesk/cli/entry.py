"""People who cannot get in, on the command line: a link to a new password, and a login without lost devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.kernel.auth import Factors, User
    from frontdesk.wiring import Frontdesk

Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]


def register(users: typer.Typer) -> None:
    """Add the verbs to those about people."""
    users.command("reset-link")(reset_link)
    factors = typer.Typer(help="What a person proves themselves with besides the password: show, remove.")
    factors.command("show")(show_factors)
    factors.command("remove")(remove_factors)
    users.add_typer(factors, name="factors")


def reset_link(email: Email, *, home: Home = None, as_json: AsJson = False) -> None:
    """Make a link by which a person chooses a new password: for 30 minutes, once, in place of any earlier one."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth

    async def work(parts: Frontdesk) -> str:
        async with parts.system.transaction() as tx:
            reset = await auth.issue_reset(tx, email=email, actor=actor())
        if reset is None:
            raise _unknown(email)
        return f"{parts.public_base_url.rstrip('/')}/reset/{reset.token}"

    link = with_office(home, work)
    if as_json:
        write_json({"link": link})
    else:
        console().print(link, soft_wrap=True)
        console().print("[dim]It works once, for 30 minutes. Hand it to nobody else.[/dim]")


def show_factors(email: Email, *, home: Home = None, as_json: AsJson = False) -> None:
    """Show what lets a person in besides their password."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_facts, write_json
    from frontdesk.kernel import auth

    async def work(parts: Frontdesk) -> Factors:
        user = await _find(parts, email)
        async with parts.system.transaction() as tx:
            return await auth.read_factors(tx, user_id=user.id)

    found = with_office(home, work)
    told = {
        "app_since": found.app_since,
        "recovery_codes_left": found.codes_left,
        "passkeys": [one.name for one in found.passkeys],
    }
    if as_json:
        write_json(told)
    else:
        show_facts({**told, "passkeys": ", ".join(one.name for one in found.passkeys)})


def remove_factors(email: Email, *, home: Home = None, as_json: AsJson = False) -> None:
    """Let a locked-out person in with their password alone: app, codes and passkeys go, sessions end."""
    from frontdesk.cli.office import actor, tell_of, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth
    from frontdesk.wiring.notices import Change

    async def work(parts: Frontdesk) -> int:
        user = await _find(parts, email)
        async with parts.system.transaction() as tx:
            gone = await auth.remove_factors(tx, user_id=user.id, actor=actor())
            await tell_of(parts, tx, Change.FACTORS_REMOVED, email=user.email)
            return gone

    gone = with_office(home, work)
    if as_json:
        write_json({"removed": True, "passkeys": gone})
    else:
        console().print("Removed. The password alone lets this person in; all their sessions have ended.")


async def _find(parts: Frontdesk, email: str) -> User:
    from frontdesk.kernel import auth

    async with parts.system.transaction() as tx:
        user = await auth.find_user(tx, email=email)
    if user is None:
        raise _unknown(email)
    return user


def _unknown(email: str) -> Exception:
    from frontdesk.kernel.errors import Refused

    return Refused("auth.user_unknown", f"nobody here has the address {email}", status=404)
