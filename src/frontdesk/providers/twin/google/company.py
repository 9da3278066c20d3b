"""Google as a whole: its parts put together, and what the control API may do with it."""

from __future__ import annotations

import secrets

from aiohttp import web

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.calendar_wire import CalendarSetup, OutsideEvent, OutsideEventView
from frontdesk.providers.twin.doorway import Asked, Doorway, Observer, Told
from frontdesk.providers.twin.google.api import CalendarApi, Operation
from frontdesk.providers.twin.google.channels import Pushes
from frontdesk.providers.twin.google.consent import ConsentDesk
from frontdesk.providers.twin.google.errors import declined
from frontdesk.providers.twin.google.state import OWNER, GoogleState, KeptCalendar
from frontdesk.providers.twin.world import World

NAME = "google"


class Google:
    """Google Calendar in the twin."""

    def __init__(self, world: World, *, on_answer: Observer | None = None) -> None:
        self.state = GoogleState()
        self._pushes = Pushes(world, self.state)
        self._api = CalendarApi(world, self.state, self._pushes)
        config = world.config
        self._desk = ConsentDesk(
            world, self.state, client_id=config.google_client_id, client_secret=config.google_client_secret
        )
        self._door = Doorway(world, declined, account=OWNER, observer=on_answer)

    def routes(self) -> list[web.RouteDef]:
        """List the routes of the pretended API."""
        api, base = self._api, "/calendar/v3"
        events = base + "/calendars/{calendar}/events"
        table = [
            ("POST", "/token", Operation.TOKEN, self._desk.give_tokens),
            ("POST", "/revoke", Operation.TOKEN, self._desk.take_back),
            ("GET", base + "/users/me/calendarList", Operation.CALENDARS_LIST, api.list_calendars),
            ("GET", base + "/users/me/calendarList/{calendar}", Operation.CALENDARS_LIST, api.get_calendar),
            ("POST", base + "/freeBusy", Operation.FREEBUSY, api.free_busy),
            ("POST", base + "/channels/stop", Operation.STOP, api.stop),
            ("POST", events + "/watch", Operation.WATCH, api.watch),
            ("GET", events, Operation.EVENTS_LIST, api.list_events),
            ("POST", events, Operation.EVENTS_INSERT, api.insert_event),
            ("GET", events + "/{event}", Operation.EVENTS_GET, api.get_event),
            ("PUT", events + "/{event}", Operation.EVENTS_UPDATE, api.update_event),
            ("DELETE", events + "/{event}", Operation.EVENTS_DELETE, api.delete_event),
            ("*", base + "/{rest:.*}", Operation.UNKNOWN, _nothing_there),
        ]
        routes = [web.route(method, path, self._door.serve(what, how)) for method, path, what, how in table]
        return [*routes, web.get("/o/oauth2/v2/auth", self._desk.ask_owner)]

    async def close(self) -> None:
        """Close its connections to us."""
        await self._pushes.close()

    def reset(self) -> None:
        """Forget everything but one owner with one empty calendar."""
        self._pushes.forget_lines()
        self._desk.refuses = False
        self.state.reset()

    def set_calendar(self, setup: CalendarSetup) -> None:
        """Add a calendar or change it; take access back or forget sync tokens where asked."""
        known = self.state.find(setup.id)
        if known is None:
            self.state.calendars[setup.id] = KeptCalendar(setup.id, setup.name or setup.id, zone=setup.zone)
            known = self.state.calendars[setup.id]
        known.name, known.zone, known.role = setup.name or known.name, setup.zone, setup.role
        if setup.forget_sync_tokens:
            known.generation = secrets.token_hex(4)

    def shut_out(self, *, refuse_consent: bool = False) -> None:
        """Take all access back, as an owner does in their account's settings."""
        self.state.shut_out()
        self._desk.refuses = refuse_consent

    def put_event(self, event: OutsideEvent) -> OutsideEventView:
        """Let somebody write an event into a calendar; refuses with `twin.calendar_unknown`."""
        calendar = self.state.find(event.calendar)
        if calendar is None:
            raise Refused("twin.calendar_unknown", f"{event.calendar} is no calendar here", status=404)
        document: dict[str, object] = {
            "summary": event.title,
            "status": "cancelled" if event.cancelled else "confirmed",
            "start": {"dateTime": event.starts_at.isoformat()},
            "end": {"dateTime": event.ends_at.isoformat()},
            "transparency": "transparent" if event.free else "opaque",
        }
        whole = self._api.put_outside_event(calendar, event.id or secrets.token_hex(13), document)
        return OutsideEventView(id=str(whole["id"]), calendar=calendar.id, document=whole)

    def events(self) -> tuple[OutsideEventView, ...]:
        """List all events, deleted ones too."""
        return tuple(
            OutsideEventView(id=event_id, calendar=calendar.id, document=kept.document)
            for calendar in self.state.calendars.values()
            for event_id, kept in calendar.events.items()
        )


def _nothing_there(_asked: Asked) -> Told:
    raise declined(404)
