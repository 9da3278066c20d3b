"""However often, in whatever order and under whatever names a carrier tells of one call, its caller gets one text."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.office import ADAS_NUMBER, CAROL, TOKEN, Office, call_form, open_office

SID = "CA" + "7" * 32


async def test_fifty_copies_at_once_make_one_text(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        form = call_form(SID, DialCallStatus="no-answer")
        answers = await asyncio.gather(*(office.post("voice/dial-action", form) for _ in range(50)))
        assert {status for status, _ in answers} == {200}
        assert len({body for _, body in answers}) == 1, "a repeat gets the same instructions"
        await office.settle()
        assert len(await office.texts_to()) == 1
        assert await office.fetchval("select count(*) from webhook_events where kind = 'dial-action'") == 1
        rendered = (await office.parts.metrics.render()).decode()
        assert 'webhook_dedupe_hits_total{provider="twilio"} 49.0' in rendered


async def test_a_reidentified_copy_is_the_same_call(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        for status in ("no-answer", "busy", "failed"):
            await office.post("voice/dial-action", call_form(SID, DialCallStatus=status))
        await office.post("voice/status", call_form(SID, CallStatus="no-answer", SequenceNumber="9"))
        await office.settle()
        assert len(await office.texts_to()) == 1
        assert await office.fetchval("select missed_because from calls") == "no-answer"


TOLD = {
    "ringing": ("voice", {"CallStatus": "ringing"}),
    "dialled": ("voice/dial-action", {"DialCallStatus": "no-answer"}),
    "completed": ("voice/status", {"CallStatus": "completed", "CallDuration": "4", "SequenceNumber": "2"}),
    "missed": ("voice/status", {"CallStatus": "no-answer", "CallDuration": "0", "SequenceNumber": "3"}),
}


async def test_news_of_a_call_in_any_order_makes_one_text(database_url: str, home: Path) -> None:
    orders = list(itertools.permutations(TOLD))
    callers = [f"+1206555{number:04}" for number in range(300, 300 + len(orders))]
    async with open_office(database_url, home, environ={"TREAT_SHORT_COMPLETED_AS_MISSED": "true"}) as office:
        for number, (caller, order) in enumerate(zip(callers, orders, strict=True)):
            for news in order:
                path, fields = TOLD[news]
                status, _ = await office.post(path, call_form(f"CA{number:032}", caller, **fields))
                assert status < 300
        await office.settle()
        await _each_got_one(office, callers)
        assert await office.fetchval("select count(*) from textbacks") == len(orders)


async def test_a_caller_who_rings_five_times_gets_one_text_per_cool_down(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        for ring in range(5):
            office.clock.ahead = timedelta(seconds=24 * ring)
            await office.missed_call(sid=f"CA{ring:032}")
        await office.settle()
        assert len(await office.texts_to()) == 1
        assert await office.fetchval("select count(*) from textbacks where reason = 'textback.cooling_down'") == 4
        office.clock.ahead = timedelta(minutes=11)
        await office.missed_call(sid="CA" + "9" * 32)
        await office.settle()
        assert len(await office.texts_to()) == 2


async def test_a_call_that_was_answered_gets_no_text(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.post("voice", call_form(SID, CallStatus="ringing"))
        await office.post("voice/dial-action", call_form(SID, DialCallStatus="completed", DialCallDuration="42"))
        await office.post("voice/status", call_form(SID, CallStatus="completed", CallDuration="60"))
        await office.settle()
        assert await office.posts_to() == 0
        assert await office.fetchval("select answered_at is not null and missed_at is null from calls") is True


@pytest.mark.parametrize(("setting", "texts"), [("false", 0), ("true", 1)])
async def test_a_short_answered_call_counts_as_missed_only_where_that_is_set(
    setting: str, texts: int, database_url: str, home: Path
) -> None:
    async with open_office(database_url, home, environ={"TREAT_SHORT_COMPLETED_AS_MISSED": setting}) as office:
        await office.post("voice/dial-action", call_form(SID, DialCallStatus="completed", DialCallDuration="3"))
        await office.settle()
        assert len(await office.texts_to()) == texts


async def test_a_hidden_caller_is_recorded_and_not_texted(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.missed_call(caller="+266696687")
        await office.settle()
        assert await office.fetchval("select reason from textbacks") == "textback.hidden_number"
        assert await office.fetchval("select count(*) from send_jobs") == 0


async def test_news_that_comes_after_the_time_limit_is_dropped_with_its_reason(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.post("voice", call_form(SID, CallStatus="ringing"))
        office.clock.ahead = timedelta(minutes=16)
        await office.post("voice/dial-action", call_form(SID, DialCallStatus="no-answer"))
        await office.settle()
        assert await office.posts_to() == 0
        assert await office.fetchval("select reason from textbacks") == "delivery.too_late"
        assert await office.fetchval("select status from send_jobs") == "dropped"


async def test_a_call_to_a_number_nobody_has_is_recorded_and_answered_politely(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        status, twiml = await office.post("voice", call_form(SID, called="+13035550100", CallStatus="ringing"))
        assert status == 200
        assert "not in service" in twiml
        assert await office.fetchval("select count(*) from webhook_events where tenant_id is null") == 1


async def test_an_unsigned_or_tampered_webhook_changes_nothing(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        form = call_form(SID, DialCallStatus="no-answer")
        assert (await office.post("voice/dial-action", form, signature="AAAA"))[0] == 403
        url = f"{office.url}/webhooks/twilio/voice/dial-action"
        async with office.carrier.post(url, data=form) as answer:
            assert answer.status == 403
            assert TOKEN not in await answer.text()
        async with office.carrier.post(url, data=b"x" * 70_000) as answer:
            assert answer.status == 413
        async with office.carrier.post(url, data=b"\xff\xfe=1", headers={"X-Twilio-Signature": "x"}) as answer:
            assert answer.status in {403, 415}
        assert await office.fetchval("select count(*) from webhook_events") == 0
        rendered = (await office.parts.metrics.render()).decode()
        assert 'webhook_signature_failures_total{provider="twilio"} 4.0' in rendered


async def test_other_callers_are_not_held_up_by_one(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        callers = [f"+1206555{number:04}" for number in range(200, 230)]
        await asyncio.gather(
            *(office.missed_call(sid=f"CA{index:032}", caller=caller) for index, caller in enumerate(callers))
        )
        await office.settle()
        await _each_got_one(office, callers)


async def _each_got_one(office: Office, callers: list[str]) -> None:
    texts = await office.twin.messages()
    assert sorted(text.to for text in texts if text.sender == ADAS_NUMBER) == sorted(callers)
    assert CAROL not in {text.to for text in texts}
