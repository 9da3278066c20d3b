"""Google Calendar: consent, busy times, events, sync tokens and push channels, over its JSON API."""

from frontdesk.providers.google.account import GoogleApp
from frontdesk.providers.google.client import GoogleCalendars
from frontdesk.providers.google.consent import GoogleConsent
from frontdesk.providers.google.inbound import Push, PushState, read_push

__all__ = ["GoogleApp", "GoogleCalendars", "GoogleConsent", "Push", "PushState", "read_push"]
