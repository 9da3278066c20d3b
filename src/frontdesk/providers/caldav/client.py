"""The client of CalDAV servers; written against RFC 4791, RFC 6578 and what servers do in practice."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element

from frontdesk.ports.calendars import (
    AccessRevoked,
    Account,
    Busy,
    BusyQuery,
    Changes,
    Channel,
    ChannelOrder,
    ExternalCalendar,
    Login,
    OutgoingEvent,
    WrittenEvent,
    merge_busy,
)
from frontdesk.providers.caldav.dialing import GuardedDial
from frontdesk.providers.caldav.documents import (
    CALDAV,
    DAV,
    Answer,
    BadDocument,
    answers,
    events_query,
    has_condition,
    propfind,
    read_document,
    sync_collection,
    sync_token,
)
from frontdesk.providers.caldav.events import BadCalendar, busy_times, event_text
from frontdesk.providers.calendar_api import FIRST_FAILING_STATUS, CalendarApi
from frontdesk.providers.http import HttpClient, HttpResponse

WELL_KNOWN = "/.well-known/caldav"
MOST_REDIRECTS = 4
REDIRECTS = frozenset({301, 302, 307, 308})
XML = ("Content-Type", "application/xml; charset=utf-8")
ICALENDAR = ("Content-Type", "text/calendar; charset=utf-8")
WRITING = frozenset({"all", "write", "write-content", "bind"})


class CalDavCalendars:
    """A CalDAV server as the port has it; a calendar's id is its address. It has no channels, so it is asked often."""

    name = "caldav"
    writes = True
    has_channels = False

    def __init__(self, dial: GuardedDial, http: HttpClient) -> None:
        self._dial = dial
        self._api = CalendarApi(http, self.name, "The calendar server")

    def judge(self, server_url: str) -> None:
        """Refuse an address that will not be connected to (`calendars.server_invalid`)."""
        self._dial.judge(server_url)

    async def refresh(self, login: Login, *, now: datetime) -> Login:  # noqa: ARG002 - the port's signature
        """Give the login back: a password does not run out."""
        return login

    async def get_account(self, login: Login) -> Account:
        """Tell the person's name at the server; a wrong password is refused here already."""
        home = await self._home(login)
        return Account(home, f"{login.username} at {urlsplit(login.server_url).hostname}")

    async def list_calendars(self, login: Login) -> list[ExternalCalendar]:
        """Find the owner's calendars: principal, home, then what is in it."""
        home = await self._home(login)
        asked = ["d:resourcetype", "d:displayname", "d:current-user-privilege-set", "c:calendar-timezone"]
        asked.append("c:supported-calendar-component-set")
        root, base = await self._propfind(login, home, asked, depth="1")
        found = []
        for one in answers(root):
            if one.properties.find(f"{DAV}resourcetype/{CALDAV}calendar") is None or not _holds_events(one):
                continue
            address = urljoin(base, one.href)
            name = one.text(f"{DAV}displayname") or unquote(urlsplit(address).path.rstrip("/").rpartition("/")[2])
            found.append(ExternalCalendar(id=address, name=name, writable=_is_writable(one)))
        return found

    async def list_busy(self, login: Login, calendar_id: str, query: BusyQuery) -> list[Busy]:
        """Ask for the events that touch the window and work out their times here: servers differ in expanding them."""
        reply = await self._ask(
            login, "REPORT", calendar_id, events_query(query.starts_at, query.ends_at), [XML, ("Depth", "1")]
        )
        found: list[Busy] = []
        for one in answers(self._document(reply)):
            data = one.text(f"{CALDAV}calendar-data")
            try:
                found += busy_times(data, query) if data else []
            except BadCalendar as error:
                raise self._api.rejected("keeps an event that cannot be read", code="bad_event") from error
        return merge_busy(found, starts_at=query.starts_at, ends_at=query.ends_at)

    async def put_event(self, login: Login, calendar_id: str, event: OutgoingEvent, *, etag: str = "") -> WrittenEvent:
        """Write the resource `<uid>.ics`; our appointment wins over changes made there."""
        address = _address_of(calendar_id, event.uid)
        body = event_text(event, written_at=datetime.now(UTC))
        condition = ("If-Match", etag) if etag else ("If-None-Match", "*")
        reply = await self._ask(login, "PUT", address, body, [ICALENDAR, condition], whatever=True)
        if reply.status == HTTPStatus.PRECONDITION_FAILED:
            # It stands there in another version, or no more: ours is the one that counts.
            reply = await self._ask(login, "PUT", address, body, [ICALENDAR], whatever=True)
        self._written(reply)
        return WrittenEvent(reply.header("ETag") or await self._etag(login, address))

    async def delete_event(self, login: Login, calendar_id: str, uid: str) -> None:
        """Delete the resource `<uid>.ics`."""
        reply = await self._ask(login, "DELETE", _address_of(calendar_id, uid), whatever=True)
        if reply.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            self._written(reply)

    async def list_changes(self, login: Login, calendar_id: str, token: str) -> Changes:
        """Walk sync-collection; a server without it is taken to have changed each time it is asked."""
        reply = await self._ask(
            login, "REPORT", calendar_id, sync_collection(token), [XML, ("Depth", "0")], whatever=True
        )
        if token and reply.status >= FIRST_FAILING_STATUS and _forgot_token(reply):
            anew = await self.list_changes(login, calendar_id, "")
            return Changes(token=anew.token, changed=True, restarted=True)
        if reply.status in {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.METHOD_NOT_ALLOWED} or (
            reply.status == HTTPStatus.FORBIDDEN and has_condition(reply.body, "supported-report")
        ):
            return Changes(token="", changed=True)
        root = self._document(self._taken(reply))
        return Changes(token=sync_token(root), changed=not token or any(True for _ in answers(root)))

    async def watch(self, login: Login, calendar_id: str, order: ChannelOrder) -> Channel:  # noqa: ARG002 - the same
        """Refuse: CalDAV has no channels."""
        raise self._api.rejected("has no channels")

    async def stop_watching(self, login: Login, channel: Channel) -> None:  # noqa: ARG002 - the same
        """Refuse: CalDAV has no channels."""
        raise self._api.rejected("has no channels")

    async def _home(self, login: Login) -> str:
        """Find where the owner's calendars are, from whatever address was given (RFC 6764)."""
        asked = ["d:current-user-principal", "c:calendar-home-set", "d:resourcetype"]
        given = login.server_url
        places = [given] if urlsplit(given).path.strip("/") else [urljoin(given, WELL_KNOWN), urljoin(given, "/")]
        for place in places:
            reply, base = await self._follow(login, place, propfind(asked), depth="0")
            if reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} and place != places[-1]:
                continue
            for one in answers(self._document(self._taken(reply))):
                home = one.href_in(f"{CALDAV}calendar-home-set")
                if home:
                    return urljoin(base, home)
                if one.properties.find(f"{DAV}resourcetype/{CALDAV}calendar") is not None:
                    return base
                principal = one.href_in(f"{DAV}current-user-principal")
                if principal:
                    return await self._home_of(login, urljoin(base, principal))
        raise self._api.rejected("has no calendars at this address", code="no_calendar_home")

    async def _home_of(self, login: Login, principal: str) -> str:
        root, base = await self._propfind(login, principal, ["c:calendar-home-set"], depth="0")
        for one in answers(root):
            home = one.href_in(f"{CALDAV}calendar-home-set")
            if home:
                return urljoin(base, home)
        raise self._api.rejected("does not tell where the calendars are", code="no_calendar_home")

    async def _etag(self, login: Login, address: str) -> str:
        root, _ = await self._propfind(login, address, ["d:getetag"], depth="0")
        return next((one.text(f"{DAV}getetag") for one in answers(root)), "")

    async def _propfind(self, login: Login, address: str, names: list[str], *, depth: str) -> tuple[Element, str]:
        reply, base = await self._follow(login, address, propfind(names), depth=depth)
        return self._document(self._taken(reply)), base

    async def _follow(self, login: Login, address: str, body: bytes, *, depth: str) -> tuple[HttpResponse, str]:
        """Ask for properties and follow redirects, each address judged anew; the password stays with its host."""
        host = urlsplit(login.server_url).hostname
        for _ in range(MOST_REDIRECTS):
            reply = await self._ask(login, "PROPFIND", address, body, [XML, ("Depth", depth)], whatever=True)
            target = reply.header("Location")
            if reply.status not in REDIRECTS or not target:
                return reply, address
            address = urljoin(address, target)
            if urlsplit(address).hostname != host:
                raise self._api.rejected("leads to another host; connect that one", code="other_host")
        raise self._api.rejected("leads in circles", code="redirects")

    async def _ask(
        self,
        login: Login,
        method: str,
        address: str,
        body: bytes = b"",
        headers: list[tuple[str, str]] | None = None,
        *,
        whatever: bool = False,
    ) -> HttpResponse:
        given = urlsplit(login.server_url)
        if urlsplit(address).hostname != given.hostname:
            raise self._api.rejected("names an address on another host", code="other_host")
        secret = b64encode(f"{login.username}:{login.password}".encode()).decode()
        reply = await self._api.request(
            method, address, headers=[("Authorization", f"Basic {secret}"), *(headers or [])], body=body
        )
        return reply if whatever else self._taken(reply)

    def _taken(self, reply: HttpResponse) -> HttpResponse:
        if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise AccessRevoked(
                f"The calendar server answered {reply.status}: the access is gone",
                provider=self.name,
                http_status=reply.status,
            )
        if reply.status >= FIRST_FAILING_STATUS:
            raise self._api.failed(reply)
        return reply

    def _written(self, reply: HttpResponse) -> None:
        """Judge a write: a calendar that is only read is no reason to think that the whole access is gone."""
        if reply.status == HTTPStatus.FORBIDDEN:
            raise self._api.rejected("lets us read this calendar, not write it", status=reply.status, code="read_only")
        self._taken(reply)

    def _document(self, reply: HttpResponse) -> Element:
        try:
            return read_document(reply.body)
        except BadDocument as error:
            raise self._api.unavailable(f"gave an answer that cannot be read: {error}", status=reply.status) from error


def _holds_events(one: Answer) -> bool:
    kinds = one.properties.find(f"{CALDAV}supported-calendar-component-set")
    return kinds is None or any(kind.get("name", "").upper() == "VEVENT" for kind in kinds)


def _is_writable(one: Answer) -> bool:
    """Tell whether we may write; a server that does not say is believed to let us."""
    rights = one.properties.find(f"{DAV}current-user-privilege-set")
    if rights is None:
        return True
    return any(right.tag.removeprefix(DAV) in WRITING for privilege in rights for right in privilege)


def _forgot_token(reply: HttpResponse) -> bool:
    """Tell whether the server no longer knows a sync token: it says so in several ways."""
    if reply.status == HTTPStatus.GONE:
        return True
    asked_wrongly = {HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.BAD_REQUEST}
    return reply.status in asked_wrongly and has_condition(reply.body, "valid-sync-token")


def _address_of(calendar_id: str, uid: str) -> str:
    return f"{calendar_id.rstrip('/')}/{quote(uid, safe='')}.ics"
