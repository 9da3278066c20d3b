"""A client of the control API's part for calendars, beside the one for the rest."""

from __future__ import annotations

from datetime import datetime

from frontdesk.providers.twin.calendar_wire import (
    AccessOrder,
    CalendarKeys,
    CalendarSetup,
    JobberSetup,
    JobberVisit,
    OutsideEvent,
    OutsideEventView,
)
from frontdesk.providers.twin.client import TwinControl


class CalendarTwin:
    """Does what owners and strangers do at the pretended Google and Jobber."""

    def __init__(self, control: TwinControl) -> None:
        self._control = control

    async def keys(self) -> CalendarKeys:
        """Tell what our programs need."""
        return await self._control.ask("GET", "/calendars/keys", CalendarKeys)

    async def set_calendar(self, setup: CalendarSetup) -> None:
        """Add a Google calendar, change it, or make it forget its sync tokens."""
        await self._control.ask("POST", "/google/calendars", dict[str, bool], order=setup)

    async def put_event(self, event: OutsideEvent) -> OutsideEventView:
        """Let somebody write an event into a Google calendar."""
        return await self._control.ask("POST", "/google/events", OutsideEventView, order=event)

    async def events(self) -> list[OutsideEventView]:
        """List all events at Google, deleted ones too."""
        return await self._control.ask("GET", "/google/events", list[OutsideEventView])

    async def take_access(self, provider: str = "google", *, refuse_consent: bool = False) -> None:
        """Let the owner take all access back."""
        order = AccessOrder(provider=provider, refuse_consent=refuse_consent)
        await self._control.ask("POST", "/calendars/access", dict[str, bool], order=order)

    async def set_up_jobber(self, *, webhook_url: str | None = None, points_left: float | None = None) -> None:
        """Say where Jobber's webhooks go, or how many points are left."""
        order = JobberSetup(webhook_url=webhook_url, points_left=points_left)
        await self._control.ask("POST", "/jobber/setup", dict[str, bool], order=order)

    async def put_visit(
        self,
        *,
        starts_at: datetime,
        ends_at: datetime | None = None,
        assigned: tuple[str, ...] = (),
        visit_id: str = "",
    ) -> str:
        """Let somebody make a visit at Jobber, or change it; gives its id."""
        order = JobberVisit(id=visit_id, starts_at=starts_at, ends_at=ends_at, assigned=assigned)
        return (await self._control.ask("POST", "/jobber/visits", dict[str, str], order=order))["id"]
