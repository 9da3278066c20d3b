"""What the control API and its client say to each other of calendars: orders in, reports out."""

from __future__ import annotations

from datetime import datetime

import msgspec

from frontdesk.providers.twin.wire import Order, Report


class CalendarSetup(Order, frozen=True, kw_only=True):
    """A Google calendar of the one owner; `role` is owner, writer, reader, freeBusyReader, or none at all.

    `forget_sync_tokens` makes every token given out so far unknown, as Google does now and then (410).
    """

    id: str = "primary"
    name: str = ""
    zone: str = "America/New_York"
    role: str = "owner"
    forget_sync_tokens: bool = False


class OutsideEvent(Order, frozen=True, kw_only=True):
    """Somebody writes an event into a Google calendar, or changes the one of an `id`; `free` takes no time."""

    calendar: str = "primary"
    id: str = ""
    title: str = "Dentist"
    starts_at: datetime
    ends_at: datetime
    free: bool = False
    cancelled: bool = False


class OutsideEventView(Report, frozen=True, kw_only=True):
    """An event as Google keeps it."""

    id: str
    calendar: str
    document: dict[str, object]


class AccessOrder(Order, frozen=True, kw_only=True):
    """An owner takes all access back at `provider`; with `refuse_consent` they also say no when asked again."""

    provider: str = "google"
    refuse_consent: bool = False


class JobberVisit(Order, frozen=True, kw_only=True):
    """Somebody makes a visit, changes the one of an `id`, or deletes it; `assigned`: people's ids, else the first."""

    id: str = ""
    title: str = "Drain cleaning"
    starts_at: datetime
    ends_at: datetime | None = None
    all_day: bool = False
    assigned: tuple[str, ...] = ()
    cancelled: bool = False


class JobberSetup(Order, frozen=True, kw_only=True):
    """Where Jobber's webhooks go, and how many points for questions are left."""

    webhook_url: str | None = None
    points_left: float | None = None


class CalendarKeys(Report, frozen=True, kw_only=True):
    """What our programs need to use the pretended Google and Jobber."""

    google_client_id: str
    google_client_secret: str
    jobber_client_id: str
    jobber_client_secret: str
    jobber_api_token: str
    jobber_people: dict[str, str] = msgspec.field(default_factory=dict)
