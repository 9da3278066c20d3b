"""Custody on the command line: exchange the installation's key, end all access, declare and close a breach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.operations.custody.queries import Breach, Doors
    from frontdesk.wiring import Frontdesk

Everybody = Annotated[bool, typer.Option("--all", help="Of everybody.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    secret = typer.Typer(help="Secrets: which have two values, exchange the installation's own key.")
    secret.command("list")(list_secrets)
    secret.command("rotate")(rotate)
    secret.command("finish")(finish)
    app.add_typer(secret, name="secret")
    session = typer.Typer(help="Sessions of people who are logged in: end them.")
    session.command("end")(end_sessions)
    app.add_typer(session, name="session")
    breach = typer.Typer(help="A breach: declare it, see what still opens, close it.")
    breach.command("declare")(declare)
    breach.command("show")(show)
    breach.command("close")(close)
    app.add_typer(breach, name="breach")


def list_secrets(*, home: Home = None, as_json: AsJson = False) -> None:
    """List the secrets that have an old and a new value now; exits with 1 if there is one."""
    from frontdesk.cli.office import read_settings
    from frontdesk.cli.output import console, show_table, write_json
    from frontdesk.operations.custody.rotating import seen_rotations

    found = seen_rotations(read_settings(home))
    if as_json:
        write_json({"rotating": [{"name": name, "since_at": since} for name, since in found.items()]})
    elif found:
        show_table("Two values", ("secret", "since"), list(found.items()))
    else:
        console().print("Every secret has one value.")
    if found:
        raise typer.Exit(1)


def rotate(*, home: Home = None, as_json: AsJson = False) -> None:
    """Exchange the generated SECRET_KEY while everything runs; the old one is accepted for 24 h."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.operations.custody.rotating import rotate_key

    sealed = with_office(home, lambda parts: rotate_key(parts.system, parts.settings, by=actor()))
    if as_json:
        write_json({"rotated": "SECRET_KEY", "resealed": sealed})
    else:
        console().print(f"SECRET_KEY is new; {sealed} sealed secrets were sealed anew. After a day: secret finish.")


def finish(*, home: Home = None, as_json: AsJson = False) -> None:
    """Seal anew whatever the old SECRET_KEY still opens, and delete it."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.operations.custody.rotating import finish_rotation

    done = with_office(home, lambda parts: finish_rotation(parts.system, parts.settings, by=actor()))
    if as_json:
        write_json({"finished": done})
    else:
        console().print("The old key is gone." if done else "No old key is kept.")


def end_sessions(
    *,
    everybody: Everybody = False,
    user: Annotated[str | None, typer.Option("--user", help="E-mail address of one person.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """End the sessions of a person, or of everybody, at once."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    if everybody == (user is not None):
        raise typer.BadParameter("say whose: --user, or --all")
    ended = with_office(home, lambda parts: _end(parts, user))
    if as_json:
        write_json({"sessions_ended": ended})
    else:
        console().print(f"{ended} sessions ended.")


async def _end(parts: Frontdesk, user: str | None) -> int:
    from frontdesk.cli.office import actor
    from frontdesk.kernel import auth
    from frontdesk.kernel.errors import Refused

    async with parts.system.transaction() as tx:
        if user is None:
            return await auth.end_all_sessions(tx, actor=actor())
        person = await auth.find_user(tx, email=user)
        if person is None:
            raise Refused("auth.user_unknown", "There is no such person.", status=404)
        return await auth.log_out_everywhere(tx, user_id=person.id, actor=actor())


def revoke_tokens(*, everybody: Everybody = False, home: Home = None, as_json: AsJson = False) -> None:
    """End every API token of every business and of the platform at once, as after a breach."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth

    if not everybody:
        raise typer.BadParameter("this ends every token: say --all")

    async def work(parts: Frontdesk) -> int:
        async with parts.system.transaction() as tx:
            return await auth.revoke_all_tokens(tx, actor=actor())

    revoked = with_office(home, work)
    if as_json:
        write_json({"tokens_revoked": revoked})
    else:
        console().print(f"{revoked} tokens revoked.")


def declare(
    *,
    reason: Annotated[str, typer.Option("--reason", help="What was seen, without secrets.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say that somebody may have got in: what opened doors before this moment has to be ended."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.operations.custody.breach import declare_breach

    async def work(parts: Frontdesk) -> tuple[Breach, Doors]:
        async with parts.system.transaction() as tx:
            await declare_breach(tx, by=actor(), reason=reason)
        return await _look(parts)

    _tell(*with_office(home, work), as_json=as_json)


def show(*, home: Home = None, as_json: AsJson = False) -> None:
    """Show the declared breach, and what from before it still opens; exits with 1 while something does."""
    from frontdesk.cli.office import with_office

    breach, doors = with_office(home, _look)
    _tell(breach, doors, as_json=as_json)
    if doors.sessions or doors.tokens:
        raise typer.Exit(1)


def close(*, home: Home = None, as_json: AsJson = False) -> None:
    """Say that all is done; refused while something from before the breach still opens."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.operations.custody.breach import close_breach

    async def work(parts: Frontdesk) -> None:
        async with parts.system.transaction() as tx:
            await close_breach(tx, by=actor())

    with_office(home, work)
    if as_json:
        write_json({"closed": True})
    else:
        console().print("The breach is closed.")


async def _look(parts: Frontdesk) -> tuple[Breach, Doors]:
    from frontdesk.operations.custody import queries
    from frontdesk.operations.custody.breach import get_breach

    async with parts.system.transaction() as tx:
        breach = await get_breach(tx)
        return breach, await queries.get_open_doors(tx, before=breach.declared_at)


def _tell(breach: Breach, doors: Doors, *, as_json: bool) -> None:
    from frontdesk.cli.output import console, write_json

    if as_json:
        write_json({"breach": breach, "sessions": doors.sessions, "tokens": doors.tokens})
        return
    console().print(f"Declared {breach.declared_at:%Y-%m-%d %H:%M} UTC by {breach.declared_by}: {breach.reason}")
    console().print(f"Still open from before it: {doors.sessions} sessions, {doors.tokens} API tokens.")
