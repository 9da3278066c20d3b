"""The client of Google Calendar; each call is a request or one per page, and none is repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote, urlencode

import msgspec

from frontdesk.ports.calendars import (
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
from frontdesk.providers.calendar_api import FIRST_FAILING_STATUS, CalendarApi
from frontdesk.providers.google.account import GoogleApp
from frontdesk.providers.google.consent import GoogleConsent
from frontdesk.providers.google.errors import refusal
from frontdesk.providers.google.shapes import (
    CalendarEntry,
    CalendarList,
    Event,
    Events,
    FreeBusy,
    WatchAnswer,
    busy_time,
    event_body,
    keeps_busy,
    zone_of,
)
from frontdesk.providers.http import HttpClient, HttpResponse

PAGE = 250
MOST_PAGES = 200
FREE_BUSY_DAYS = 30  # asked for at once: Google refuses windows that are too long without telling how long that is
WRITABLE_ROLES = frozenset({"owner", "writer"})
BUSY_FIELDS = "items(id,status,transparency,eventType,start,end,attendees(self,responseStatus)),nextPageToken,timeZone"


class GoogleCalendars:
    """Google Calendar as the port has it."""

    name = "google"
    writes = True
    has_channels = True

    def __init__(self, app: GoogleApp, http: HttpClient) -> None:
        self._base = f"{app.api_base_url}/calendar/v3"
        self._consent = GoogleConsent(app, http)
        self._api = CalendarApi(http, self.name, "Google")

    async def refresh(self, login: Login, *, now: datetime) -> Login:
        """Renew the access token when less than 5 min of it are left."""
        return await self._consent.renew(login, now=now)

    async def get_account(self, login: Login) -> Account:
        """Tell the address of the account, which is the id of its first calendar."""
        reply = self._taken(await self._ask(login, "GET", "/users/me/calendarList/primary"))
        own = self._api.decode(reply, CalendarEntry)
        return Account(own.id, own.id)

    async def list_calendars(self, login: Login) -> list[ExternalCalendar]:
        """List the calendars in the owner's list of which more than nothing is shown."""
        found: list[ExternalCalendar] = []
        async for page in self._pages(login, "/users/me/calendarList", {"maxResults": str(PAGE)}):
            listed = self._api.decode(page, CalendarList)
            found += [
                ExternalCalendar(
                    id=one.id,
                    name=one.summary_override or one.summary or one.id,
                    zone=one.time_zone,
                    writable=one.access_role in WRITABLE_ROLES,
                    primary=one.primary,
                )
                for one in listed.items
                if not one.deleted
            ]
        return found

    async def list_busy(self, login: Login, calendar_id: str, query: BusyQuery) -> list[Busy]:
        """Ask freeBusy, or the events themselves where ours have to be left out."""
        if query.without_ours:
            found = await self._busy_events(login, calendar_id, query)
        else:
            found = await self._free_busy(login, calendar_id, query)
        return merge_busy(found, starts_at=query.starts_at, ends_at=query.ends_at)

    async def put_event(self, login: Login, calendar_id: str, event: OutgoingEvent, *, etag: str = "") -> WrittenEvent:
        """Insert under our own id, or update what stands there; our appointment wins over changes made there."""
        events, body = f"/calendars/{quote(calendar_id, safe='')}/events", msgspec.json.encode(event_body(event))
        if not etag:
            reply = await self._ask(login, "POST", events, body)
            if reply.status != HTTPStatus.CONFLICT:
                return self._written(reply)
        # An id is known for good, also after its event was deleted: an update brings it back.
        reply = await self._ask(login, "PUT", f"{events}/{event.uid}", body, etag=etag)
        if reply.status == HTTPStatus.PRECONDITION_FAILED:
            reply = await self._ask(login, "PUT", f"{events}/{event.uid}", body)
        if reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            reply = await self._ask(login, "POST", events, body)
        return self._written(reply)

    async def delete_event(self, login: Login, calendar_id: str, uid: str) -> None:
        """Delete; Google answers 404 or 410 when it is gone already."""
        reply = await self._ask(login, "DELETE", f"/calendars/{quote(calendar_id, safe='')}/events/{uid}")
        if reply.status >= FIRST_FAILING_STATUS and reply.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise refusal(self._api, reply)

    async def list_changes(self, login: Login, calendar_id: str, token: str) -> Changes:
        """Walk the incremental sync; a token that is gone (410) begins it anew."""
        path = f"/calendars/{quote(calendar_id, safe='')}/events"
        first = {"maxResults": "2500", "fields": "items(id),nextPageToken,nextSyncToken", "singleEvents": "true"}
        asked = {**first, "syncToken": token} if token else first
        changed, next_token = not token, ""
        async for page in self._pages(login, path, asked, gone_is_fine=bool(token)):
            if page.status == HTTPStatus.GONE:
                anew = await self.list_changes(login, calendar_id, "")
                return Changes(token=anew.token, changed=True, restarted=True)
            listed = self._api.decode(page, Events)
            changed = changed or bool(listed.items)
            next_token = listed.next_sync_token or next_token
        return Changes(token=next_token, changed=changed)

    async def watch(self, login: Login, calendar_id: str, order: ChannelOrder) -> Channel:
        """Open a channel on the calendar's events."""
        wish = {
            "id": order.id,
            "type": "web_hook",
            "address": order.url,
            "token": order.token,
            "params": {"ttl": str(order.lasts_seconds)},
        }
        path = f"/calendars/{quote(calendar_id, safe='')}/events/watch"
        reply = await self._ask(login, "POST", path, msgspec.json.encode(wish))
        opened = self._api.decode(self._taken(reply), WatchAnswer)
        if not opened.expiration.isdigit():
            raise self._api.unavailable("opened a channel without saying until when", status=reply.status)
        expires_at = datetime.fromtimestamp(int(opened.expiration) / 1000, UTC)
        return Channel(id=opened.id, resource_id=opened.resource_id, expires_at=expires_at)

    async def stop_watching(self, login: Login, channel: Channel) -> None:
        """Close a channel; one that Google has forgotten is fine."""
        wish = msgspec.json.encode({"id": channel.id, "resourceId": channel.resource_id})
        reply = await self._ask(login, "POST", "/channels/stop", wish)
        if reply.status >= FIRST_FAILING_STATUS and reply.status != HTTPStatus.NOT_FOUND:
            raise refusal(self._api, reply)

    async def _busy_events(self, login: Login, calendar_id: str, query: BusyQuery) -> list[Busy]:
        asked = {
            "timeMin": _text(query.starts_at),
            "timeMax": _text(query.ends_at),
            "singleEvents": "true",
            "maxResults": "2500",
            "fields": BUSY_FIELDS,
        }
        found: list[Busy] = []
        async for page in self._pages(login, f"/calendars/{quote(calendar_id, safe='')}/events", asked):
            listed = self._api.decode(page, Events)
            zone = zone_of(listed.time_zone, query.zone)
            try:
                found += [busy_time(one, zone) for one in listed.items if keeps_busy(one, without_ours=True)]
            except ValueError as error:
                raise self._api.unavailable("listed an event without a time") from error
        return found

    async def _free_busy(self, login: Login, calendar_id: str, query: BusyQuery) -> list[Busy]:
        found: list[Busy] = []
        begins = query.starts_at
        while begins < query.ends_at:
            ends = min(begins + timedelta(days=FREE_BUSY_DAYS), query.ends_at)
            wish = {"timeMin": _text(begins), "timeMax": _text(ends), "items": [{"id": calendar_id}]}
            reply = self._taken(await self._ask(login, "POST", "/freeBusy", msgspec.json.encode(wish)))
            answer = self._api.decode(reply, FreeBusy).calendars.get(calendar_id)
            if answer is None or answer.errors:
                # A calendar that cannot be seen stands in a 200 as one that is never busy.
                reason = answer.errors[0].reason if answer is not None else "missing"
                passing = reason in {"internalError", "backendError", "rateLimitExceeded", "missing"}
                raise (
                    self._api.unavailable(f"does not tell when the calendar is busy ({reason})")
                    if passing
                    else self._api.rejected(f"does not tell when the calendar is busy ({reason})", code=reason)
                )
            found += [
                Busy(datetime.fromisoformat(one.start).astimezone(UTC), datetime.fromisoformat(one.end).astimezone(UTC))
                for one in answer.busy
            ]
            begins = ends
        return found

    async def _pages(
        self, login: Login, path: str, asked: dict[str, str], *, gone_is_fine: bool = False
    ) -> AsyncIterator[HttpResponse]:
        """Walk all pages of a list; with `gone_is_fine` a 410 is the last of them."""
        page = ""
        for _ in range(MOST_PAGES):
            query = urlencode({**asked, "pageToken": page} if page else asked)
            reply = await self._ask(login, "GET", f"{path}?{query}")
            if gone_is_fine and reply.status == HTTPStatus.GONE:
                yield reply
                return
            yield self._taken(reply)
            page = self._api.decode(reply, _Page).next_page_token
            if not page:
                return
        raise self._api.unavailable(f"lists more than {MOST_PAGES} pages")

    async def _ask(self, login: Login, method: str, path: str, body: bytes = b"", *, etag: str = "") -> HttpResponse:
        headers = [("Authorization", f"Bearer {login.access_token}"), ("Accept", "application/json")]
        if body:
            headers.append(("Content-Type", "application/json"))
        if etag:
            headers.append(("If-Match", etag))
        return await self._api.request(method, self._base + path, headers=headers, body=body)

    def _taken(self, reply: HttpResponse) -> HttpResponse:
        if reply.status >= FIRST_FAILING_STATUS:
            raise refusal(self._api, reply)
        return reply

    def _written(self, reply: HttpResponse) -> WrittenEvent:
        return WrittenEvent(self._api.decode(self._taken(reply), Event).etag)


class _Page(msgspec.Struct, rename="camel"):
    next_page_token: str = ""


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
