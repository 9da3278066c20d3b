"""The referee itself: it passes what is right and names what is wrong."""

from __future__ import annotations

import json

import aiohttp
import msgspec
import pytest

from frontdesk.providers.twin import TwinControl
from frontdesk.providers.twin.twilio.api import Answered
from frontdesk.providers.twin.twilio.exchange import Operation
from frontdesk.providers.twin.wire import WebhookReport
from tests.providers.twin.conftest import BUSINESS, CAROL
from tests.providers.twin.contract import Referee, fixture_form
from tests.providers.twin.ours import Ours


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, None),
        ({"sid": "SM1"}, "too short"),
        ({"status": "on its way"}, "not one of"),
        ({"date_created": "2026-01-05T12:00:00Z"}, "date-time-rfc-2822"),
        ({"from": "nobody"}, "phone-number"),
        ({"colour": "red"}, "invents colour"),
        ({"uri": ...}, "lacks uri"),
    ],
)
@pytest.mark.usefixtures("line")
async def test_a_wrong_answer_is_named(
    web_client: aiohttp.ClientSession, change: dict[str, object], complaint: str | None
) -> None:
    async with web_client.post("Messages.json", data={"To": CAROL, "From": BUSINESS, "Body": "x"}) as answer:
        right = await answer.json()
    changed = {name: value for name, value in (right | change).items() if value is not ...}
    referee = Referee([])
    content = json.dumps(changed).encode()
    referee.see_answer(Answered("POST", "/Messages", Operation.MESSAGES_CREATE, 201, "application/json", content))
    assert (complaint or "nothing") in (" ".join(referee.complaints) or "nothing")


async def test_a_wrong_signature_and_a_missing_field_are_named(line: str, control: TwinControl, ours: Ours) -> None:
    await control.send_text(customer=CAROL, to=line, body="hello")
    [report] = await control.webhooks()
    fields = {name: value for name, value in report.fields.items() if name != "NumSegments"}
    referee = Referee(["another token"])
    referee.see_webhook(msgspec.structs.replace(report, fields=fields), ours.hooks[0].headers)
    assert [complaint.partition(":")[0] for complaint in referee.complaints] == [
        "sms.inbound",
        "sms.inbound like sms_incoming",
    ]


async def test_inbound_webhooks_carry_the_values_of_real_captures(line: str, control: TwinControl, ours: Ours) -> None:
    body = fixture_form("sms_incoming")["Body"]
    await control.send_text(customer=CAROL, to=line, body=body)
    await control.place_call(caller=CAROL, to=line)
    for path, name in (("/sms", "sms_incoming"), ("/voice", "voice_incoming")):
        given, expected = ours.at(path)[0].fields, fixture_form(name)
        same = [key for key in expected if "Sid" not in key and key != "CallToken"]
        assert {key: given[key] for key in same} == {key: expected[key] for key in same}


def test_a_report_knows_whether_it_was_taken() -> None:
    report = WebhookReport(
        kind="x", url="", method="POST", fields={}, started_us=0, latency_ms=0, status=204, reply="", error=""
    )
    told = [msgspec.structs.replace(report, status=status).taken for status in (199, 204, 299, 300, 0, -1)]
    assert told == [False, True, True, False, False, False]
