"""Jobber's refusals stand inside a 200, and how long to wait is worked out from its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frontdesk.ports.calendars import AccessRevoked
from frontdesk.ports.errors import FailureClass, ProviderError
from frontdesk.providers.calendar_api import CalendarApi
from frontdesk.providers.http import HttpClient, HttpResponse
from frontdesk.providers.jobber.errors import Answer, judge, refusal

RESPONSES = Path(__file__).parents[2] / "fixtures" / "jobber" / "responses"


def reply(name: str) -> HttpResponse:
    document = json.loads((RESPONSES / f"{name}.json").read_text())
    return HttpResponse(int(document["_headers"]["status"]), (), json.dumps(document["body"]).encode())


@pytest.fixture
async def api() -> CalendarApi:
    return CalendarApi(HttpClient(), "jobber", "Jobber")


async def test_throttled_is_waited_out_by_its_own_figures(api: CalendarApi) -> None:
    answer = api.decode(reply("throttled"), Answer[dict[str, object]])
    error = refusal(api, answer, 200)
    assert error.failure is FailureClass.RATE_LIMITED
    assert not error.permanent
    # 10 142 points were wanted, but no more than 10 000 ever are there; 953 are, and 500 come back a second.
    assert error.retry_after == 19.0


async def test_an_expired_token_is_an_access_that_is_gone(api: CalendarApi) -> None:
    with pytest.raises(AccessRevoked):
        judge(api, reply("unauthorized"))


async def test_a_question_that_is_wrong_is_never_asked_again(api: CalendarApi) -> None:
    answer = Answer[dict[str, object]](errors=[])
    assert not refusal(api, answer, 200).permanent
    wrong = api.decode(
        HttpResponse(200, (), b'{"errors":[{"message":"x","extensions":{"code":"undefinedField"}}]}'),
        Answer[dict[str, object]],
    )
    assert refusal(api, wrong, 200).permanent


async def test_figures_that_make_no_sense_still_give_a_wait(api: CalendarApi) -> None:
    body = (
        b'{"errors":[{"extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"throttleStatus":{"restoreRate":0}}}}'
    )
    error: ProviderError = refusal(api, api.decode(HttpResponse(200, (), body), Answer[dict[str, object]]), 200)
    assert error.retry_after == 1.0
