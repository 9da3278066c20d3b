"""Calendars on a CalDAV server of the tenant's own: discovery, busy times, events and sync tokens."""

from frontdesk.providers.caldav.client import CalDavCalendars
from frontdesk.providers.caldav.dialing import GuardedDial

__all__ = ["CalDavCalendars", "GuardedDial"]
