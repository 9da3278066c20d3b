"""What Telnyx knows of a person's STOP and we do not, and where a person may say it that Twilio never shows us."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.bulk import go_to, send_some, states, value_as_int
from tests.providers.telnyx.signing import event_body, payload
from tests.support.marketing import NOON_UTC, add_people, let_numbers_advertise, phones, queue_campaign
from tests.support.office import CAROL
from tests.web.test_telnyx_webhooks import LINE, Telnyx, open_telnyx

REFUSED = "select scope from do_not_contact where phone_e164 = $1"


async def ask(telnyx: Telnyx, numbers: list[str]) -> None:
    """Queue a text of a campaign of Ada's, from her number at Telnyx, to each of some new people."""
    office = telnyx.office
    go_to(office, NOON_UTC)
    await let_numbers_advertise(office.login, office.ada.id)
    async with office.parts.app.transaction(office.ada.id) as tx:
        people = await add_people(tx, numbers)
        await queue_campaign(tx, people, sender_e164=LINE, provider="telnyx")


async def test_marketing_that_telnyx_refuses_for_an_opt_out_is_written_down_and_posted_once(
    database_url: str, home: Path
) -> None:
    async with open_telnyx(database_url, home) as telnyx:
        office, (stopped, other) = telnyx.office, phones(2)
        await telnyx.control.block_pair(number=LINE, customer=stopped)
        await ask(telnyx, [stopped, other])
        await send_some(office, turns=20, seconds=60)
        await office.settle()
        assert (await states(office))["failed", "40300"] == 1
        assert await office.fetchval(REFUSED, stopped) == "all"
        assert await office.fetchval(REFUSED, other) is None
        assert await value_as_int(office, "select count(*) from compliance_events where event_type = 'stop'") == 1
        for person in (stopped, other):
            assert len(await telnyx.control.journal(operation="messages.create", to=person)) == 1


@pytest.mark.parametrize(
    ("subject", "text"),
    [("STOP", None), ("Stop.", ""), ("STOP", "a picture of my sink"), ("Re: offer", "stop")],
    ids=["subject alone", "with an empty text", "above other words", "below a subject"],
)
async def test_a_stop_in_a_picture_messages_subject_is_heard(
    subject: str, text: str | None, database_url: str, home: Path
) -> None:
    async with open_telnyx(database_url, home) as telnyx:
        to = [{"phone_number": LINE, "status": "webhook_delivered"}]
        message = payload(type="MMS", subject=subject, text=text, sender={"phone_number": CAROL}, to=to)
        assert await telnyx.post(event_body("message.received", message)) == 200
        assert await telnyx.office.fetchval(REFUSED, CAROL) == "all"
        kept = await telnyx.office.fetchval("select body from conv_messages where direction = 'inbound'")
        assert kept == "\n".join(part for part in (subject, text) if part)
