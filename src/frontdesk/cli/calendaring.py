"""Calendars kept elsewhere, on the command line: how they stand, connect, ask now, let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home, OptionalTenant, TenantSlug

if TYPE_CHECKING:
    from frontdesk.features.scheduling.service.calendars import ConnectedAccount
    from frontdesk.wiring import Frontdesk

Connection = Annotated[UUID, typer.Argument(help="The account's id, as `calendar list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    calendars = typer.Typer(help="Calendars kept elsewhere: Google, Jobber, CalDAV servers.")
    calendars.command("list")(list_calendars)
    calendars.command("connect")(connect)
    calendars.command("sync")(sync)
    calendars.command("disconnect")(disconnect)
    app.add_typer(calendars, name="calendar")


def list_calendars(*, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False) -> None:
    """List connected accounts and their calendars: whose time they take, when they were read, what is wrong."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import tenants
    from frontdesk.features.scheduling.routes.calendars import show_account
    from frontdesk.features.scheduling.service.calendars import list_accounts

    async def work(parts: Frontdesk) -> list[tuple[str, ConnectedAccount]]:
        async with parts.system.transaction() as tx:
            businesses = await tenants.list_tenants(tx)
        wanted = None if tenant is None else await find_tenant_id(parts, tenant)
        found: list[tuple[str, ConnectedAccount]] = []
        for business in businesses:
            if wanted is None or business.id == wanted:
                async with parts.app.transaction(business.id) as tx:
                    found += [(business.slug, one) for one in await list_accounts(tx)]
        return found

    found = with_office(home, work)
    if as_json:
        write_json({"accounts": [{"tenant": slug, **show_account(one).model_dump(mode="json")} for slug, one in found]})
        return
    rows = [
        [
            slug,
            one.connection.provider.value,
            one.connection.account_name,
            one.connection.state.value,
            calendar.name,
            " ".join(word for word, on in (("blocks", calendar.blocks), ("writes", calendar.writes)) if on)
            or "not used",
            calendar.synced_at,
            one.connection.revoked_because or one.connection.last_error,
            str(one.connection.id),
        ]
        for slug, one in found
        for calendar in one.calendars
    ]
    headings = ["business", "provider", "account", "state", "calendar", "use", "read at", "wrong", "account's id"]
    show_table("Calendars", headings, rows)


def connect(
    *,
    tenant: TenantSlug,
    provider: Annotated[str, typer.Option(help="google, jobber or caldav.")] = "google",
    server: Annotated[str, typer.Option(help="The CalDAV server's address.")] = "",
    username: Annotated[str, typer.Option(help="The name there.")] = "",
    password: Annotated[
        str, typer.Option(envvar="CALDAV_PASSWORD", help="The password there; best given in CALDAV_PASSWORD.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Connect a CalDAV server or Jobber by its token; for the others, say where a person does it in a browser."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features.scheduling.model.calendars import CalendarCompany

    async def work(parts: Frontdesk) -> dict[str, str]:
        tenant_id = await find_tenant_id(parts, tenant)
        desk = parts.calendars.desk
        if provider == "caldav":
            made = await desk.connect_server(
                tenant_id, server_url=server, username=username, password=password, by=actor()
            )
            return {"connected": str(made)}
        if provider == "jobber" and not desk.offered().get(CalendarCompany.JOBBER):
            return {"connected": str(await desk.connect_jobber_token(tenant_id, token="", by=actor()))}
        # The consent counts for whoever asks, so the owner asks for it in their own browser.
        return {"open": f"{parts.public_base_url}/businesses/{tenant_id}/calendars/connect?provider={provider}"}

    told = with_office(home, work)
    if as_json:
        write_json(told)
    elif "open" in told:
        console().print(f"Open this in a browser in which you are logged in: {told['open']}")
    else:
        console().print(f"Connected: {told['connected']}. Say on the page of calendars whose time it takes.")


def sync(
    *,
    connection: Annotated[UUID | None, typer.Argument(help="One account; without it all of the business.")] = None,
    tenant: TenantSlug,
    home: Home = None,
) -> None:
    """Let a worker ask an account now, or all of a business."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import console
    from frontdesk.features.scheduling.service.calendars import sync_now

    async def work(parts: Frontdesk) -> None:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            await sync_now(tx, connection_id=connection)

    with_office(home, work)
    console().print("They are asked now.")


def disconnect(connection: Connection, *, tenant: TenantSlug, home: Home = None) -> None:
    """Let an account go: its busy times no longer count, and what we wrote there stays."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console

    async def work(parts: Frontdesk) -> None:
        await parts.calendars.desk.disconnect(await find_tenant_id(parts, tenant), connection_id=connection, by=actor())

    with_office(home, work)
    console().print("It is disconnected.")
