"""A missed call is answered with exactly one text."""

from __future__ import annotations

from pathlib import Path

from frontdesk.providers.twin.wire import CallOutcome
from tests.support.office import ADAS_NUMBER, CAROL, open_office


async def test_a_missed_call_gets_one_text_and_a_receipt(database_url: str, home: Path) -> None:
    async with open_office(database_url, home) as office:
        await office.twin.place_call(caller=CAROL, to=ADAS_NUMBER, outcome=CallOutcome.NO_ANSWER)
        report = await office.twin.wait_for_text(to=CAROL, status="delivered", count=1)
        assert [text.body for text in report.messages] == [
            "Harbor Plumbing: sorry we missed you. How can we help? Reply STOP to opt out."
        ]

        async def delivered() -> bool:
            return await office.fetchval("select status from send_jobs") == "delivered"

        await office.eventually(delivered)
        assert await office.fetchval("select outcome from textbacks") == "texting"
        assert await office.fetchval("select count(*) from conv_messages") == 1
