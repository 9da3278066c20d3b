"""The control API's part for calendars: what owners and strangers do at Google and Jobber."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import msgspec
from aiohttp import web

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.calendar_wire import (
    AccessOrder,
    CalendarKeys,
    CalendarSetup,
    JobberSetup,
    JobberVisit,
    OutsideEvent,
)
from frontdesk.providers.twin.google.api import Operation as GoogleOperation
from frontdesk.providers.twin.google.channels import PUSH
from frontdesk.providers.twin.google.company import Google
from frontdesk.providers.twin.jobber.company import WEBHOOK, Jobber
from frontdesk.providers.twin.jobber.company import Operation as JobberOperation
from frontdesk.providers.twin.world import World

Endpoint: TypeAlias = Callable[[web.Request], Awaitable[object]]
_T = TypeVar("_T")
TARGETS = frozenset({*GoogleOperation, *JobberOperation, PUSH, WEBHOOK})


class CalendarControl:
    """Answers the control API for calendars."""

    def __init__(self, world: World, google: Google, jobber: Jobber) -> None:
        self._config = world.config
        self._google = google
        self._jobber = jobber

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """List the endpoints."""
        return [
            ("GET", "/calendars/keys", self._keys),
            ("POST", "/google/calendars", self._set_calendar),
            ("POST", "/google/events", self._put_event),
            ("GET", "/google/events", self._events),
            ("POST", "/calendars/access", self._take_access),
            ("POST", "/jobber/setup", self._set_up_jobber),
            ("POST", "/jobber/visits", self._put_visit),
        ]

    def reset(self) -> None:
        """Return to the first moment."""
        self._google.reset()
        self._jobber.reset()

    async def _keys(self, _request: web.Request) -> object:
        config = self._config
        return CalendarKeys(
            google_client_id=config.google_client_id,
            google_client_secret=config.google_client_secret,
            jobber_client_id=config.jobber_client_id,
            jobber_client_secret=config.jobber_client_secret,
            jobber_api_token=config.jobber_api_token,
            jobber_people=self._jobber.state.people,
        )

    async def _set_calendar(self, request: web.Request) -> object:
        self._google.set_calendar(await _order(request, CalendarSetup))
        return {"ok": True}

    async def _put_event(self, request: web.Request) -> object:
        return self._google.put_event(await _order(request, OutsideEvent))

    async def _events(self, _request: web.Request) -> object:
        return self._google.events()

    async def _take_access(self, request: web.Request) -> object:
        order = await _order(request, AccessOrder)
        if order.provider == "jobber":
            self._jobber.shut_out()
        elif order.provider == "google":
            self._google.shut_out(refuse_consent=order.refuse_consent)
        else:
            raise Refused("twin.provider_unknown", f"{order.provider} keeps no calendars here", status=422)
        return {"ok": True}

    async def _set_up_jobber(self, request: web.Request) -> object:
        order = await _order(request, JobberSetup)
        if order.webhook_url is not None:
            self._jobber.set_webhook(order.webhook_url)
        if order.points_left is not None:
            self._jobber.state.points.left = order.points_left
        return {"ok": True}

    async def _put_visit(self, request: web.Request) -> object:
        return {"id": self._jobber.put_visit(await _order(request, JobberVisit))}


async def _order(request: web.Request, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise Refused("twin.order_invalid", str(error), status=422) from error
