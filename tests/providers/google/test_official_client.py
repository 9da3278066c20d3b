"""The official client of Google finds in the twin what it expects of Google: the twin is no invention of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import google_auth_httplib2
import httplib2
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import Resource, build
from googleapiclient.errors import HttpError

from frontdesk.providers.http import HttpClient
from frontdesk.providers.twin import TwinServer
from tests.providers.calendars.contract import Referee
from tests.providers.calendars.stages import GoogleStage

NINE = datetime(2027, 3, 15, 9, tzinfo=UTC)


@pytest.fixture
async def stage() -> AsyncIterator[GoogleStage]:
    referee, http = Referee(), HttpClient()
    async with TwinServer(on_google_answer=referee.see) as twin:
        yield await GoogleStage.open(twin, http)
    await http.close()
    assert referee.complaints == []


def use_it(url: str, token: str) -> list[str]:
    """Do with the official client what our own does; tell what was seen."""
    credentials = Credentials(token=token)  # type: ignore[no-untyped-call]  # the library types it not
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http())
    endpoint = {"api_endpoint": f"{url}/calendar/v3/"}
    with build("calendar", "v3", http=http, static_discovery=True, client_options=endpoint) as calendar:
        return talk(calendar, url)


def talk(calendar: Resource, url: str) -> list[str]:
    """Make every request once; tell what was seen."""
    seen = [one["id"] for one in calendar.calendarList().list().execute()["items"]]
    body = {
        "id": "frontdesk0042",
        "summary": "Carol",
        "start": {"dateTime": NINE.isoformat()},
        "end": {"dateTime": (NINE + timedelta(hours=1)).isoformat()},
    }
    made = calendar.events().insert(calendarId="primary", body=body).execute()
    try:
        calendar.events().insert(calendarId="primary", body=body).execute()
    except HttpError as error:
        seen.append(f"{error.status_code} {error.error_details[0]['reason']}")
    made["summary"] = "Carol, later"
    seen.append(calendar.events().update(calendarId="primary", eventId=made["id"], body=made).execute()["summary"])
    wish = {
        "timeMin": (NINE - timedelta(hours=1)).isoformat(),
        "timeMax": (NINE + timedelta(hours=9)).isoformat(),
        "items": [{"id": "primary"}, {"id": "nobody@example.com"}],
    }
    free = calendar.freebusy().query(body=wish).execute()["calendars"]
    seen += [free["primary"]["busy"][0]["start"], free["nobody@example.com"]["errors"][0]["reason"]]
    token = calendar.events().list(calendarId="primary").execute()["nextSyncToken"]
    calendar.events().delete(calendarId="primary", eventId=made["id"]).execute()
    changed = calendar.events().list(calendarId="primary", syncToken=token).execute()
    seen += [one["status"] for one in changed["items"]]
    channel = {"id": "a-channel", "type": "web_hook", "address": f"{url}/nobody", "token": "t"}
    opened = calendar.events().watch(calendarId="primary", body=channel).execute()
    calendar.channels().stop(body={"id": opened["id"], "resourceId": opened["resourceId"]}).execute()
    return seen


async def test_the_official_client_works_against_the_twin(stage: GoogleStage) -> None:
    seen = await asyncio.to_thread(use_it, stage.twin.url, stage.login.access_token)
    assert seen == [
        "ada@example.com",
        "409 duplicate",
        "Carol, later",
        "2027-03-15T09:00:00Z",
        "notFound",
        "cancelled",
    ]
