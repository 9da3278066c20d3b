"""Google Calendar's API, version 3, as far as anybody needs it to book: lists, events, freeBusy, channels."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from frontdesk.providers.twin.doorway import Asked, Told
from frontdesk.providers.twin.google.channels import Pushes
from frontdesk.providers.twin.google.errors import declined
from frontdesk.providers.twin.google.state import GoogleState, Json, KeptCalendar, KeptEvent, OpenChannel, moment_of
from frontdesk.providers.twin.world import World

EVENT_ID: Final = re.compile(r"[a-v0-9]{5,1024}")
CHANNEL_ID: Final = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
LONGEST_CHANNEL: Final = timedelta(days=30)
USUAL_CHANNEL: Final = timedelta(days=7)
LONGEST_WINDOW: Final = timedelta(days=92)


class Operation(StrEnum):
    """What a request asks for; faults and the journal name these."""

    TOKEN = "google.token"  # noqa: S105 - a name
    CALENDARS_LIST = "google.calendars.list"
    FREEBUSY = "google.freebusy.query"
    EVENTS_LIST = "google.events.list"
    EVENTS_GET = "google.events.get"
    EVENTS_INSERT = "google.events.insert"
    EVENTS_UPDATE = "google.events.update"
    EVENTS_DELETE = "google.events.delete"
    WATCH = "google.events.watch"
    STOP = "google.channels.stop"
    UNKNOWN = "google.unknown"


class CalendarApi:
    """The endpoints; each judges the token first."""

    def __init__(self, world: World, state: GoogleState, pushes: Pushes) -> None:
        self._world = world
        self._state = state
        self._pushes = pushes

    def list_calendars(self, asked: Asked) -> Told:
        """List the owner's calendars."""
        self._let_in(asked)
        items = [_entry(one) for one in self._state.calendars.values()]
        return Told(document={"kind": "calendar#calendarList", "etag": '"list"', "items": items})

    def get_calendar(self, asked: Asked) -> Told:
        """Show one calendar in the owner's list."""
        return Told(document=_entry(self._calendar(asked)))

    def free_busy(self, asked: Asked) -> Told:
        """Tell when calendars are busy; one that cannot be seen is an error inside the answer."""
        self._let_in(asked)
        wish = _document(asked)
        since, until = _time(wish.get("timeMin")), _time(wish.get("timeMax"))
        if since is None or until is None or since >= until:
            raise declined(400)
        if until - since > LONGEST_WINDOW:
            raise declined(400, reason="timeRangeTooLong", message="The requested time range is too long.")
        items = wish.get("items")
        ids = [str(one.get("id")) for one in items if isinstance(one, dict)] if isinstance(items, list) else []
        return Told(
            document={
                "kind": "calendar#freeBusy",
                "timeMin": _text(since),
                "timeMax": _text(until),
                "calendars": {one: self._periods(one, since, until) for one in ids},
            }
        )

    def list_events(self, asked: Asked) -> Told:
        """List events, or what changed since a sync token."""
        calendar = self._calendar(asked)
        token = asked.query.get("syncToken", "")
        zone = ZoneInfo(calendar.zone)
        since: int | None = 0
        if token:
            since = calendar.since(token)
            if since is None:
                raise declined(410)
        begins, ends = _time(asked.query.get("timeMin")), _time(asked.query.get("timeMax"))
        shows_deleted = bool(token) or asked.query.get("showDeleted") == "true"
        found = [
            one
            for one in calendar.events.values()
            if one.change > (since or 0) and (shows_deleted or not one.cancelled) and one.touches(begins, ends, zone)
        ]
        found.sort(key=lambda one: one.change)
        return Told(document=self._page(calendar, found, asked))

    def get_event(self, asked: Asked) -> Told:
        """Show an event, deleted ones too."""
        return Told(document=self._event(asked).document)

    def insert_event(self, asked: Asked) -> Told:
        """Keep a new event; an id that was ever used is a duplicate."""
        calendar, document = self._writable(asked), self._checked(asked)
        event_id = str(document.get("id") or secrets.token_hex(13))
        if not EVENT_ID.fullmatch(event_id):
            raise declined(400, reason="invalid", message="Invalid resource id value.")
        if event_id in calendar.events:
            raise declined(409)
        return self._keep(calendar, event_id, document)

    def update_event(self, asked: Asked) -> Told:
        """Replace an event; a deleted one comes back."""
        calendar, document, known = self._writable(asked), self._checked(asked), self._event(asked)
        _match(asked, known)
        return self._keep(calendar, str(known.document["id"]), document)

    def delete_event(self, asked: Asked) -> Told:
        """Delete an event; a second time it is gone."""
        calendar, known = self._writable(asked), self._event(asked)
        if known.cancelled:
            raise declined(410, reason="deleted", message="Resource has been deleted")
        _match(asked, known)
        event_id = str(known.document["id"])
        calendar.keep(event_id, {**known.document, "status": "cancelled"}, now=self._world.now())
        self._pushes.tell_of_change(calendar.id)
        return Told(status=204, effect=event_id)

    def watch(self, asked: Asked) -> Told:
        """Open a channel; its first message is `sync`."""
        calendar, wish = self._calendar(asked), _document(asked)
        channel_id, address = str(wish.get("id", "")), str(wish.get("address", ""))
        if wish.get("type") not in {"web_hook", "webhook"} or not CHANNEL_ID.fullmatch(channel_id) or not address:
            raise declined(400)
        if channel_id in self._state.channels:
            raise declined(400, reason="channelIdNotUnique", message=f"Channel id {channel_id} not unique")
        channel = OpenChannel(
            id=channel_id,
            calendar_id=calendar.id,
            address=address,
            token=str(wish.get("token", "")),
            resource_id=secrets.token_urlsafe(18),
            expires_at=self._world.now() + _lasting(wish),
        )
        self._state.channels[channel_id] = channel
        self._pushes.tell(channel, "sync")
        document = {
            "kind": "api#channel",
            "id": channel.id,
            "resourceId": channel.resource_id,
            "resourceUri": f"{self._world.base_url}/calendar/v3/calendars/{calendar.id}/events?alt=json",
            "expiration": str(int(channel.expires_at.timestamp() * 1000)),
        }
        return Told(document=document | ({"token": channel.token} if channel.token else {}), effect=channel.id)

    def stop(self, asked: Asked) -> Told:
        """Close a channel."""
        self._let_in(asked)
        wish = _document(asked)
        channel = self._state.channels.get(str(wish.get("id", "")))
        if channel is None or channel.resource_id != wish.get("resourceId"):
            raise declined(404, message="Channel not found")
        del self._state.channels[channel.id]
        return Told(status=204, effect=channel.id)

    def put_outside_event(self, calendar: KeptCalendar, event_id: str, document: Json) -> Json:
        """Let somebody else write an event into a calendar."""
        whole = calendar.keep(event_id, document, now=self._world.now())
        self._pushes.tell_of_change(calendar.id)
        return whole

    def _periods(self, calendar_id: str, since: datetime, until: datetime) -> Json:
        calendar = self._state.find(calendar_id)
        if calendar is None or calendar.role == "none":
            return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
        zone = ZoneInfo(calendar.zone)
        times = sorted(
            (moment_of(one.document["start"], zone), moment_of(one.document["end"], zone))
            for one in calendar.events.values()
            if not one.cancelled and one.document.get("transparency") != "transparent"
        )
        merged: list[tuple[datetime, datetime]] = []
        for starts, ends in times:
            begins, stops = max(starts, since), min(ends, until)
            if begins >= stops:
                continue
            if merged and begins <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], stops))
            else:
                merged.append((begins, stops))
        return {"busy": [{"start": _text(begins), "end": _text(stops)} for begins, stops in merged]}

    def _page(self, calendar: KeptCalendar, found: list[KeptEvent], asked: Asked) -> Json:
        size = min(int(asked.query.get("maxResults", "250")), 2500)
        at = int(asked.query.get("pageToken", "0"))
        page: Json = {
            "kind": "calendar#events",
            "etag": f'"{calendar.changes}"',
            "summary": calendar.name,
            "timeZone": calendar.zone,
            "accessRole": calendar.role,
            "updated": _text(self._world.now()),
            "items": [one.document for one in found[at : at + size]],
        }
        return page | (
            {"nextPageToken": str(at + size)} if at + size < len(found) else {"nextSyncToken": calendar.sync_token()}
        )

    def _keep(self, calendar: KeptCalendar, event_id: str, document: Json) -> Told:
        whole = calendar.keep(event_id, document, now=self._world.now())
        self._pushes.tell_of_change(calendar.id)
        return Told(document=whole, effect=event_id)

    def _let_in(self, asked: Asked) -> None:
        kind, _, token = asked.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self._state.access.get(token, datetime.min.replace(tzinfo=UTC)) <= self._world.now():
            raise declined(401)

    def _calendar(self, asked: Asked) -> KeptCalendar:
        self._let_in(asked)
        found = self._state.find(asked.parts["calendar"])
        if found is None:
            raise declined(404)
        return found

    def _writable(self, asked: Asked) -> KeptCalendar:
        calendar = self._calendar(asked)
        if calendar.role not in {"owner", "writer"}:
            raise declined(
                403, reason="requiredAccessLevel", message="You need to have writer access to this calendar."
            )
        return calendar

    def _event(self, asked: Asked) -> KeptEvent:
        found = self._calendar(asked).events.get(asked.parts["event"])
        if found is None:
            raise declined(404)
        return found

    def _checked(self, asked: Asked) -> Json:
        document = _document(asked)
        try:
            starts, ends = (moment_of(document.get(name), ZoneInfo("UTC")) for name in ("start", "end"))
        except ValueError:
            raise declined(400, reason="required", message="Missing start or end time.") from None
        if ends < starts or "recurrence" in document:
            raise declined(400, reason="timeRangeEmpty", message="The specified time range is empty.")
        return document


def _entry(calendar: KeptCalendar) -> Json:
    return {
        "kind": "calendar#calendarListEntry",
        "etag": '"1"',
        "id": calendar.id,
        "summary": calendar.name,
        "timeZone": calendar.zone,
        "accessRole": calendar.role,
        "primary": "@example.com" in calendar.id,
    }


def _match(asked: Asked, known: KeptEvent) -> None:
    wanted = asked.headers.get("If-Match", "*")
    if wanted not in {"*", known.document["etag"]}:
        raise declined(412)


def _lasting(wish: Json) -> timedelta:
    params = wish.get("params")
    asked = str(params.get("ttl", "")) if isinstance(params, dict) else ""
    return min(timedelta(seconds=int(asked)), LONGEST_CHANNEL) if asked.isdigit() else USUAL_CHANNEL


def _document(asked: Asked) -> Json:
    try:
        return msgspec.json.decode(asked.body or b"{}", type=Json)
    except msgspec.MsgspecError:
        raise declined(400, reason="parseError", message="Parse Error") from None


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise declined(400) from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
