"""News of one call that comes at the same moment is one call, missed once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.office import CAROL, call_form, open_office


async def test_webhooks_that_open_a_call_at_the_same_moment_make_one_call_and_one_text(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        sids = [f"CA{number:032}" for number in range(12)]
        callers = [f"+1206555{number:04}" for number in range(600, 612)]
        answers = await asyncio.gather(
            *(
                office.post(path, call_form(sid, caller, **fields))
                for sid, caller in zip(sids, callers, strict=True)
                for path, fields in (
                    ("voice", {"CallStatus": "ringing"}),
                    ("voice/dial-action", {"DialCallStatus": "no-answer"}),
                    ("voice/status", {"CallStatus": "no-answer", "SequenceNumber": "3"}),
                )
            )
        )
        assert {status for status, _ in answers} <= {200, 204}
        await office.settle()
        for caller in callers:
            assert len(await office.texts_to(caller)) == 1
        assert await office.fetchval("select count(*) from calls where missed_at is not null") == len(sids)
        assert await office.fetchval("select count(*) from outbox_events where name = 'calls.missed.v1'") == len(sids)
        assert await office.fetchval("select count(*) from outbox_events where name = 'calls.started.v1'") == len(sids)


async def test_a_call_keeps_its_highest_status_and_its_length_whatever_comes_later(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        sid = "CA" + "1" * 32
        await office.post("voice/status", call_form(sid, CallStatus="completed", CallDuration="61", SequenceNumber="3"))
        await office.post("voice/status", call_form(sid, CallStatus="ringing", SequenceNumber="1"))
        await office.post("voice", call_form(sid, CallStatus="ringing", CallerName="Carol"))
        assert await office.fetchval("select status from calls") == "completed"
        assert await office.fetchval("select duration_seconds from calls") == 61
        assert await office.fetchval("select ended_at is not null and missed_at is null from calls") is True


async def test_an_answered_call_is_not_missed_by_what_its_own_leg_says_afterwards(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        sid = "CA" + "1" * 32
        answered = call_form(sid, DialCallStatus="completed", DialCallDuration="42")
        for _ in range(2):
            await office.post("voice/dial-action", answered)
        await office.post("voice/status", call_form(sid, CallStatus="failed", SequenceNumber="9"))
        assert await office.fetchval("select missed_at is null and missed_because is null from calls") is True
        assert await office.fetchval("select count(*) from outbox_events where name = 'calls.answered.v1'") == 1


async def test_a_hidden_caller_has_a_call_and_no_contact_until_the_number_is_known(
    database_url: str, home: Path
) -> None:
    async with open_office(database_url, home) as office:
        sid = "CA" + "1" * 32
        await office.post("voice", call_form(sid, "+266696687", CallStatus="ringing"))
        assert await office.fetchval("select contact_id is null from calls") is True
        await office.post("voice/status", call_form(sid, CAROL, CallStatus="in-progress", SequenceNumber="1"))
        assert (
            await office.fetchval(
                "select person.phone_e164 from calls join contacts as person on person.id = calls.contact_id"
            )
            == CAROL
        )
