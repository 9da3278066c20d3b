"""Businesses, the people who log in and the programs that call us, on the command line."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.custody import revoke_tokens
from frontdesk.cli.entry import register as register_entry
from frontdesk.cli.founding import add_tenant
from frontdesk.cli.identities import link_user, unlink_user
from frontdesk.cli.inviting import invite_user
from frontdesk.cli.options import AsJson, Home, OptionalTenant

if TYPE_CHECKING:
    from frontdesk.features.tenants import Tenant
    from frontdesk.kernel.auth import IssuedToken
    from frontdesk.wiring import Frontdesk

MAY_BE_SET = (
    "name",
    "timezone",
    "forwarding_e164",
    "ring_seconds",
    "textback_enabled",
    "textback_open_template",
    "textback_closed_template",
    "textback_cooldown_seconds",
    "voicemail_enabled",
    "recording_announcement",
    "hours",
    "country",
    "daily_budget_cents",
    "monthly_budget_cents",
    "quiet_from",
    "quiet_until",
    "state",
    "postal_address",
    "website",
    "registrations",
    "double_opt_in",
    "marketing_daily_cap",
    "texting_countries",
    "range_hourly_limit",
)
MAY_BE_EMPTY = {"state", "postal_address", "website", "texting_countries"}


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    businesses = typer.Typer(help="Businesses: add, list, show, change.")
    businesses.command("add")(add_tenant)
    businesses.command("list")(list_tenants)
    businesses.command("show")(show_tenant)
    businesses.command("set")(set_tenant)
    app.add_typer(businesses, name="tenant")
    users = typer.Typer(help="People who log in: list, add, change a password, let back in who is locked out.")
    users.command("list")(list_users)
    users.command("add")(add_user)
    users.command("invite")(invite_user)
    users.command("password")(set_password)
    users.command("link")(link_user)
    users.command("unlink")(unlink_user)
    register_entry(users)
    app.add_typer(users, name="user")
    tokens = typer.Typer(help="API tokens: create, list, revoke.")
    tokens.command("create")(create_token)
    tokens.command("list")(list_tokens)
    tokens.command("revoke")(revoke_token)
    tokens.command("revoke-all")(revoke_tokens)
    app.add_typer(tokens, name="token")


def list_tenants(*, home: Home = None, as_json: AsJson = False) -> None:
    """List the businesses."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import tenants

    async def work(parts: Frontdesk) -> list[Tenant]:
        async with parts.system.transaction() as tx:
            return await tenants.list_tenants(tx)

    found = with_office(home, work)
    if as_json:
        write_json({"tenants": found})
        return
    rows = [(one.slug, one.name, one.timezone, one.forwarding_e164, one.textback_enabled) for one in found]
    show_table("Businesses", ("short name", "name", "zone", "rings", "texts back"), rows)


def show_tenant(slug: Annotated[str, typer.Argument()], *, home: Home = None, as_json: AsJson = False) -> None:
    """Show one business with all its settings."""
    import msgspec

    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_facts, write_json

    tenant = with_office(home, lambda parts: _get_tenant(parts, slug))
    if as_json:
        write_json(tenant)
    else:
        show_facts(msgspec.structs.asdict(tenant) if isinstance(tenant, msgspec.Struct) else _fields(tenant))


def set_tenant(
    slug: Annotated[str, typer.Argument()],
    changes: Annotated[list[str], typer.Argument(metavar="NAME=VALUE…", help="What to change.")],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a business: name, timezone, forwarding_e164, ring_seconds, textback_enabled and so on."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    given = dict(_name_and_value(change) for change in changes)
    tenant = with_office(home, lambda parts: _change_tenant(parts, slug, given))
    if as_json:
        write_json(tenant)
    else:
        console().print(f"{tenant.name}: changed {', '.join(sorted(given))}.")


def _name_and_value(change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals or name not in MAY_BE_SET:
        raise typer.BadParameter(f"{change} is not NAME=VALUE with a name of: {', '.join(MAY_BE_SET)}")
    is_hour = name.startswith("quiet_") and value.count(":") == 1
    return name, f"{value}:00" if is_hour else value


async def _get_tenant(parts: Frontdesk, slug: str) -> Tenant:
    from frontdesk.cli.office import find_tenant_id
    from frontdesk.features import tenants

    async with parts.app.transaction(await find_tenant_id(parts, slug)) as tx:
        return await tenants.get_tenant(tx)


def _fields(tenant: Tenant) -> dict[str, object]:
    import dataclasses

    return dataclasses.asdict(tenant)


async def _change_tenant(parts: Frontdesk, slug: str, given: dict[str, str]) -> Tenant:
    import msgspec

    from frontdesk.cli.office import actor, find_tenant_id
    from frontdesk.features import tenants
    from frontdesk.kernel.errors import Refused

    async with parts.app.transaction(await find_tenant_id(parts, slug)) as tx:
        present = await tenants.get_tenant(tx)
        told: dict[str, object] = {
            name: value if value or name in MAY_BE_EMPTY else None for name, value in given.items()
        }
        if "texting_countries" in given:
            told["texting_countries"] = [one.strip() for one in given["texting_countries"].split(",") if one.strip()]
        fields = {**_fields(present), **told}
        try:
            changed = msgspec.convert(fields, tenants.Tenant, strict=False)
        except msgspec.ValidationError as error:
            raise Refused("tenants.invalid", f"this cannot be: {error}", status=422) from error
        await tenants.update_tenant(tx, changed, by=actor(), changed=sorted(given))
        return await tenants.get_tenant(tx)


def list_users(*, home: Home = None, as_json: AsJson = False) -> None:
    """List the people who can log in."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.kernel import attendance

    async def work(parts: Frontdesk) -> list[attendance.Person]:
        async with parts.system.transaction() as tx:
            return await attendance.list_people(tx)

    found = with_office(home, work)
    if as_json:
        write_json({"users": found})
        return
    rows = [(one.email, one.name, one.platform_admin, one.disabled_at is not None) for one in found]
    show_table("People", ("e-mail", "name", "sees everything", "barred"), rows)


def add_user(
    email: Annotated[str, typer.Argument()],
    *,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    tenant: OptionalTenant = None,
    role: Annotated[str, typer.Option(help="owner, manager, agent or auditor of that business.")] = "agent",
    admin: Annotated[bool, typer.Option("--admin", help="May do everything for every business.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth

    if role not in set(auth.Role):
        raise typer.BadParameter(f"{role} is not one of: {', '.join(auth.Role)}")
    password = _read_password()

    async def work(parts: Frontdesk) -> auth.User:
        tenant_id = None if tenant is None else await find_tenant_id(parts, tenant)
        names = await _business_names(parts, () if tenant_id is None else (tenant_id,))
        hashed = await auth.Passwords().hash(password, about=(email, name, *names))
        async with parts.system.transaction() as tx:
            user = await auth.create_user(
                tx, email=email, name=name, password_hash=hashed, actor=actor(), platform_admin=admin
            )
        if tenant_id is not None:
            async with parts.system.transaction(tenant_id) as tx:
                await auth.put_member(tx, user_id=user.id, role=auth.Role(role), actor=actor())
        return user

    user = with_office(home, work)
    if as_json:
        write_json(user)
    else:
        console().print(f"{user.email} can log in now.")


def set_password(email: Annotated[str, typer.Argument()], *, home: Home = None, as_json: AsJson = False) -> None:
    """Change a person's password and end their sessions; it is asked for, or read from standard input."""
    from frontdesk.cli.office import actor, tell_of, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth
    from frontdesk.kernel.errors import Refused
    from frontdesk.wiring.notices import Change

    password = _read_password()

    async def work(parts: Frontdesk) -> None:
        async with parts.system.transaction() as tx:
            user = await auth.find_user(tx, email=email)
            if user is None:
                raise Refused("auth.user_unknown", f"nobody here has the address {email}", status=404)
            theirs = await auth.list_businesses_of(tx, user_id=user.id)
        names = await _business_names(parts, theirs)
        hashed = await auth.Passwords().hash(password, about=(user.email, user.name, *names))
        async with parts.system.transaction() as tx:
            await auth.set_password(tx, user_id=user.id, password_hash=hashed, actor=actor())
            await tell_of(parts, tx, Change.PASSWORD, email=user.email)

    with_office(home, work)
    if as_json:
        write_json({"changed": True})
    else:
        console().print("Changed. All sessions of this person have ended.")


async def _business_names(parts: Frontdesk, tenant_ids: Collection[UUID]) -> list[str]:
    from frontdesk.features import tenants

    async with parts.system.transaction() as tx:
        return [one.name for one in await tenants.list_tenants(tx) if one.id in tenant_ids]


def _read_password() -> str:
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def create_token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    *,
    scope: Annotated[list[str], typer.Option(help="What it may do; repeat it. `all` is everything.")],
    days: Annotated[int, typer.Option(help="Days until it ends.", min=1, max=366)] = 90,
    tenant: OptionalTenant = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Issue an API token; it is shown once."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth

    wrong = sorted(set(scope) - set(auth.Scope) - {"all"})
    if wrong:
        raise typer.BadParameter(f"{', '.join(wrong)}: the scopes are all, {', '.join(auth.Scope)}")
    issued = with_office(home, lambda parts: _create_token(parts, name, scope, days, tenant))
    if as_json:
        write_json({"token": issued.secret, "id": issued.token.id, "expires_at": issued.token.expires_at})
    else:
        console().print(issued.secret)
        console().print("[dim]It is not shown again.[/dim]")


async def _create_token(parts: Frontdesk, name: str, scope: list[str], days: int, tenant: str | None) -> IssuedToken:
    from datetime import timedelta

    from frontdesk.cli.office import actor, find_tenant_id
    from frontdesk.kernel import auth

    tenant_id = None if tenant is None else await find_tenant_id(parts, tenant)
    may_grant = frozenset(auth.Scope) if tenant_id is None else auth.ROLE_SCOPES[auth.Role.OWNER]
    async with parts.system.transaction(tenant_id) as tx:
        return await auth.create_token(
            tx,
            name=name,
            scopes=may_grant if "all" in scope else frozenset(auth.Scope(one) for one in scope),
            grantable=may_grant,
            expires_at=tx.now + timedelta(days=days),
            actor=actor(),
        )


def list_tokens(*, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False) -> None:
    """List API tokens of a business, or of the platform; the tokens themselves are kept nowhere."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.kernel import auth

    async def work(parts: Frontdesk) -> list[auth.ApiToken]:
        tenant_id = None if tenant is None else await find_tenant_id(parts, tenant)
        async with parts.system.transaction(tenant_id) as tx:
            return await auth.list_tokens(tx)

    found = with_office(home, work)
    if as_json:
        write_json({"tokens": found})
        return
    rows = [
        (one.id, one.name, one.prefix + "…", one.expires_at, one.last_used_at, one.revoked_at is not None)
        for one in found
    ]
    show_table("API tokens", ("id", "name", "begins with", "ends", "last used", "revoked"), rows)


def revoke_token(
    token_id: Annotated[UUID, typer.Argument()],
    *,
    tenant: OptionalTenant = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """End an API token at once."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.kernel import auth

    async def work(parts: Frontdesk) -> None:
        tenant_id = None if tenant is None else await find_tenant_id(parts, tenant)
        async with parts.system.transaction(tenant_id) as tx:
            await auth.revoke_token(tx, token_id=token_id, actor=actor())

    with_office(home, work)
    if as_json:
        write_json({"revoked": True})
    else:
        console().print("Revoked.")
