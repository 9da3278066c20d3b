"""The JSON API of calendars kept elsewhere: connect accounts, choose which calendar counts for whom, let them go."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, SecretStr

from frontdesk.features.scheduling.calendar_desk import CalendarDesk
from frontdesk.features.scheduling.model.calendars import CalendarCompany, CalendarUse, ConnectionState
from frontdesk.features.scheduling.service import calendars as service
from frontdesk.features.scheduling.service.calendars import ConnectedAccount
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes

Wake = Callable[[], None]


class CalendarView(BaseModel):
    """A calendar; with `blocks` its busy times are kept free at the resource, with `writes` appointments go there."""

    id: UUID
    name: str
    zone: str
    writable: bool
    resource_id: UUID | None
    blocks: bool
    writes: bool
    synced_at: datetime | None
    channel_expires_at: datetime | None
    channel_silent_since: datetime | None


class AccountView(BaseModel):
    """An account; one that is `revoked` has to be connected anew."""

    id: UUID
    provider: CalendarCompany
    account_name: str
    state: ConnectionState
    revoked_at: datetime | None
    revoked_because: str
    last_error: str
    last_error_at: datetime | None
    connected_by: str
    created_at: datetime
    calendars: list[CalendarView]


class OfferView(BaseModel):
    """A provider that can be connected here; `by_consent`: on a page of its own."""

    provider: CalendarCompany
    by_consent: bool


class CalendarsView(BaseModel):
    """The business's accounts, and what else can be connected."""

    accounts: list[AccountView]
    offered: list[OfferView]


class NewConsent(BaseModel, extra="forbid"):
    """Which provider's page the owner of an account is sent to."""

    provider: CalendarCompany


class ConsentView(BaseModel):
    """The address at which the owner lets us in; it counts for 15 minutes and for whoever asked."""

    url: str


class ConsentGiven(BaseModel, extra="forbid"):
    """What the provider's page brought back."""

    state: str = Field(min_length=1, max_length=500)
    code: SecretStr = Field(min_length=1, max_length=2000)


class NewServer(BaseModel, extra="forbid"):
    """A CalDAV server and how we log in there; best with a password made for this program."""

    server_url: str = Field(min_length=1, max_length=2000)
    username: str = Field(min_length=1, max_length=200)
    password: SecretStr = Field(min_length=1, max_length=500)


class JobberToken(BaseModel, extra="forbid"):
    """A token of a Jobber account; without one, that of the installation."""

    token: SecretStr | None = Field(None, min_length=1, max_length=2000)


class CalendarUseChange(BaseModel, extra="forbid"):
    """Whose time a calendar takes, and whether our appointments are written there; no resource: it is not used."""

    resource_id: UUID | None
    blocks: bool = True
    writes: bool = False


NOT_OFFERED: dict[int | str, dict[str, Any]] = {409: {"description": "This company's calendars are not set up here"}}


def calendar_router(access: Access, *, desk: CalendarDesk, wake: Wake) -> APIRouter:
    """Make the routes of calendars; `wake` lets a worker look at once."""
    routes = Routes(prefix="/api/calendars", tags=["calendars"])
    _add_looking(routes, access, desk)
    _add_connecting(routes, access, desk, wake)
    _add_using(routes, access, desk, wake)
    return routes


def _add_looking(routes: APIRouter, access: Access, desk: CalendarDesk) -> None:
    @routes.get("", summary="List connected accounts with their calendars, and what can be connected")
    async def list_calendars(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_READ))],
    ) -> CalendarsView:
        async with visit.transaction() as tx:
            found = await service.list_accounts(tx)
        offered = [OfferView(provider=name, by_consent=by) for name, by in desk.offered().items()]
        return CalendarsView(accounts=[show_account(one) for one in found], offered=offered)


def _add_connecting(routes: APIRouter, access: Access, desk: CalendarDesk, wake: Wake) -> None:
    async def shown(visit: Visit, connection_id: UUID) -> AccountView:
        wake()
        async with visit.transaction() as tx:
            found = await service.list_accounts(tx)
        for one in found:
            if one.connection.id == connection_id:
                return show_account(one)
        raise Refused("calendars.not_found", "no such account", status=404)

    @routes.post(
        "/consents",
        summary="Begin to connect an account on its provider's page",
        status_code=201,
        responses=NOT_OFFERED,
    )
    async def begin_consent(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], new: NewConsent
    ) -> ConsentView:
        return ConsentView(url=await desk.begin_consent(visit.tenant_id, provider=new.provider, by=visit.actor))

    @routes.post(
        "/callback",
        summary="Finish connecting with what the provider's page brought back",
        status_code=201,
        responses=NOT_OFFERED,
    )
    async def finish_consent(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], given: ConsentGiven
    ) -> AccountView:
        code = given.code.get_secret_value()
        return await shown(
            visit, await desk.finish_consent(visit.tenant_id, state=given.state, code=code, by=visit.actor)
        )

    @routes.post("/servers", summary="Connect a CalDAV server", status_code=201, responses=NOT_OFFERED)
    async def connect_server(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], new: NewServer
    ) -> AccountView:
        connection_id = await desk.connect_server(
            visit.tenant_id,
            server_url=new.server_url,
            username=new.username,
            password=new.password.get_secret_value(),
            by=visit.actor,
        )
        return await shown(visit, connection_id)

    @routes.post("/jobber", summary="Connect a Jobber account by its token", status_code=201, responses=NOT_OFFERED)
    async def connect_jobber(
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))], new: JobberToken
    ) -> AccountView:
        token = "" if new.token is None else new.token.get_secret_value()
        return await shown(visit, await desk.connect_jobber_token(visit.tenant_id, token=token, by=visit.actor))


def _add_using(routes: APIRouter, access: Access, desk: CalendarDesk, wake: Wake) -> None:
    @routes.patch(
        "/{calendar_id}",
        summary="Say whose time a calendar takes and whether appointments are written there",
        responses={409: {"description": "We may not write there, or another calendar is written already"}},
    )
    async def use_calendar(
        calendar_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))],
        wanted: CalendarUseChange,
    ) -> CalendarView:
        async with visit.transaction() as tx:
            changed = await service.use_calendar(
                tx,
                calendar_id=calendar_id,
                resource_id=wanted.resource_id,
                blocks=wanted.blocks,
                writes=wanted.writes,
                by=visit.actor,
            )
        wake()
        return show_calendar(changed)

    @routes.post("/accounts/{connection_id}/sync", summary="Ask an account now", status_code=202)
    async def sync_now(
        connection_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))]
    ) -> None:
        async with visit.transaction() as tx:
            await service.sync_now(tx, connection_id=connection_id)
        wake()

    @routes.delete("/accounts/{connection_id}", summary="Let an account go; what we wrote there stays", status_code=204)
    async def disconnect(
        connection_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.BOOKING_WRITE))]
    ) -> None:
        await desk.disconnect(visit.tenant_id, connection_id=connection_id, by=visit.actor)


def show_account(one: ConnectedAccount) -> AccountView:
    """Show an account as the API does; the login is never shown."""
    known = one.connection
    return AccountView(
        id=known.id,
        provider=known.provider,
        account_name=known.account_name,
        state=known.state,
        revoked_at=known.revoked_at,
        revoked_because=known.revoked_because,
        last_error=known.last_error,
        last_error_at=known.last_error_at,
        connected_by=known.connected_by,
        created_at=known.created_at,
        calendars=[show_calendar(each) for each in one.calendars],
    )


def show_calendar(one: CalendarUse) -> CalendarView:
    """Show a calendar as the API does."""
    return CalendarView(
        id=one.id,
        name=one.name,
        zone=one.zone,
        writable=one.writable,
        resource_id=one.resource_id,
        blocks=one.blocks,
        writes=one.writes,
        synced_at=one.synced_at,
        channel_expires_at=one.channel_expires_at,
        channel_silent_since=one.channel_silent_at,
    )
