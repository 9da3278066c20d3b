"""Google's refusals mean what its guide says: some 403s ask for patience, others end the access."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frontdesk.ports.calendars import AccessRevoked
from frontdesk.ports.errors import FailureClass
from frontdesk.providers.calendar_api import CalendarApi
from frontdesk.providers.google.errors import grant_refusal, reason_of, refusal
from frontdesk.providers.http import HttpClient, HttpResponse

ERRORS = Path(__file__).parents[2] / "fixtures" / "google" / "errors"
PATIENCE = {
    "403_quotaExceeded": FailureClass.RATE_LIMITED,
    "403_rateLimitExceeded": FailureClass.RATE_LIMITED,
    "403_userRateLimitExceeded": FailureClass.RATE_LIMITED,
    "429_rateLimitExceeded": FailureClass.RATE_LIMITED,
    "500_backendError": FailureClass.UNAVAILABLE,
}
FINAL = ("404_notFound", "409_duplicate", "410_fullSyncRequired", "412_conditionNotMet")


def reply(name: str) -> HttpResponse:
    document = json.loads((ERRORS / f"{name}.json").read_text())
    return HttpResponse(int(document["_headers"]["status"]), (), json.dumps(document["body"]).encode())


@pytest.fixture
async def api() -> CalendarApi:
    return CalendarApi(HttpClient(), "google", "Google")


def test_every_kept_error_is_judged_here() -> None:
    judged = {*PATIENCE, *FINAL, "401_authError", "400_invalid_grant"}
    assert {path.stem for path in ERRORS.glob("*.json")} == judged


@pytest.mark.parametrize("name", PATIENCE)
async def test_what_passes_is_asked_again(api: CalendarApi, name: str) -> None:
    error = refusal(api, reply(name))
    assert error.failure is PATIENCE[name]
    assert not error.permanent
    assert not error.ambiguous


@pytest.mark.parametrize("name", FINAL)
async def test_what_stays_is_not(api: CalendarApi, name: str) -> None:
    error = refusal(api, reply(name))
    assert error.permanent
    assert not isinstance(error, AccessRevoked)
    assert error.provider_code == name.partition("_")[2] == reason_of(reply(name))


async def test_an_access_that_is_gone_is_told_apart(api: CalendarApi) -> None:
    assert isinstance(refusal(api, reply("401_authError")), AccessRevoked)
    forbidden = json.dumps({"error": {"errors": [{"reason": "insufficientPermissions"}], "code": 403}}).encode()
    assert isinstance(refusal(api, HttpResponse(403, (), forbidden)), AccessRevoked)
    assert isinstance(grant_refusal(api, reply("400_invalid_grant")), AccessRevoked)
    assert not isinstance(grant_refusal(api, HttpResponse(400, (), b'{"error":"invalid_request"}')), AccessRevoked)
    assert not grant_refusal(api, HttpResponse(503, (), b"<html>")).permanent
