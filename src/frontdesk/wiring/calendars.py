"""Calendars kept elsewhere, put together: which providers there are, who connects them, who keeps them in step."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from frontdesk.features.scheduling.calendar_desk import CalendarDesk
from frontdesk.features.scheduling.jobs.calendars_sync import CalendarSync
from frontdesk.features.scheduling.model.calendars import CalendarCompany
from frontdesk.features.scheduling.service.calendars_logins import PURPOSE
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database
from frontdesk.kernel.sealing import Vault
from frontdesk.kernel.settings import Settings
from frontdesk.ports.calendars import CalendarConsent, CalendarProvider
from frontdesk.providers.caldav import CalDavCalendars, GuardedDial
from frontdesk.providers.google import GoogleApp, GoogleCalendars, GoogleConsent
from frontdesk.providers.http import HttpClient
from frontdesk.providers.jobber import JobberApp, JobberCalendars, JobberConsent

PUSH_PATH = "/webhooks/google/calendar"
CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """What a process has of calendars: `desk` connects accounts, `sync` keeps them in step."""

    desk: CalendarDesk
    sync: CalendarSync


def open_calendars(
    stack: AsyncExitStack, *, settings: Settings, app: Database, system: Database, clock: Clock, public_base_url: str
) -> Calendars:
    """Put calendars together; CalDAV is always there, Google and Jobber once they are configured."""
    http = HttpClient(connections_per_origin=CONNECTIONS)
    dial = GuardedDial(trusted_hosts=settings.caldav.trusted_hosts)
    servers = HttpClient(connections_per_origin=CONNECTIONS, dial=dial)
    stack.callback(dial.close)
    stack.push_async_callback(http.close)
    stack.push_async_callback(servers.close)
    caldav = CalDavCalendars(dial, servers)
    providers: dict[CalendarCompany, CalendarProvider] = {CalendarCompany.CALDAV: caldav}
    consents: dict[CalendarCompany, CalendarConsent] = {}
    _open_google(settings, http, providers, consents)
    _open_jobber(settings, http, providers, consents)
    vault = Vault(settings.signing_keys(), purpose=PURPOSE)
    token = settings.jobber.api_token
    scheduling = settings.scheduling
    sync = CalendarSync(
        system=system,
        app=app,
        providers=providers,
        vault=vault,
        clock=clock,
        pauses={
            CalendarCompany.GOOGLE: timedelta(seconds=scheduling.poll_interval_google_seconds),
            CalendarCompany.JOBBER: timedelta(seconds=scheduling.poll_interval_jobber_seconds),
            CalendarCompany.CALDAV: timedelta(seconds=settings.caldav.poll_interval_seconds),
        },
        push_url=_push_url(settings, public_base_url),
    )
    stack.push_async_callback(sync.close)
    return Calendars(
        desk=CalendarDesk(
            app=app,
            providers=providers,
            consents=consents,
            vault=vault,
            clock=clock,
            judge_server=caldav.judge,
            public_base_url=public_base_url,
            jobber_token="" if token is None else token.get_secret_value(),
        ),
        sync=sync,
    )


def _push_url(settings: Settings, public_base_url: str) -> str:
    """Tell where Google's messages reach us: it takes https only, the twin anything; empty where they cannot."""
    pretended = not str(settings.google.api_base_url).startswith("https://")
    return public_base_url.rstrip("/") + PUSH_PATH if pretended or public_base_url.startswith("https://") else ""


def _open_google(
    settings: Settings,
    http: HttpClient,
    providers: dict[CalendarCompany, CalendarProvider],
    consents: dict[CalendarCompany, CalendarConsent],
) -> None:
    google = settings.google
    if google.client_id is None or google.client_secret is None:
        return
    app = GoogleApp.at(
        str(google.api_base_url), client_id=google.client_id, client_secret=google.client_secret.get_secret_value()
    )
    providers[CalendarCompany.GOOGLE] = GoogleCalendars(app, http)
    consents[CalendarCompany.GOOGLE] = GoogleConsent(app, http)


def _open_jobber(
    settings: Settings,
    http: HttpClient,
    providers: dict[CalendarCompany, CalendarProvider],
    consents: dict[CalendarCompany, CalendarConsent],
) -> None:
    jobber = settings.jobber
    base = str(jobber.api_base_url).rstrip("/")
    if jobber.client_id is not None and jobber.client_secret is not None:
        app = JobberApp(
            client_id=jobber.client_id, client_secret=jobber.client_secret.get_secret_value(), api_base_url=base
        )
        consents[CalendarCompany.JOBBER] = JobberConsent(app, http)
    elif jobber.api_token is not None:
        app = JobberApp(api_base_url=base)
    else:
        return
    providers[CalendarCompany.JOBBER] = JobberCalendars(app, http)
