"""Whichever company tells it: a webhook is believed only if it is signed, and a fact keeps its name."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from frontdesk.ports import OptOutHint, ReceiptStatus
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.providers.twin.wire import MediaOrder
from tests.providers.conformance.companies import BUSINESS
from tests.providers.conformance.conftest import CAROL, Line


async def test_what_a_person_writes_is_heard_to_the_byte(line: Line) -> None:
    body = " Is tomorrow at 3 still fine? – Carol 👍\n+1&=%"
    report = await line.control.send_text(customer=CAROL, to=BUSINESS, body=body)
    assert report.status == 200
    [text] = line.texts()
    assert (text.provider, text.provider_message_id) == (line.company.name, report.message_sid)
    assert (text.sender_e164, text.recipient_e164, text.body) == (CAROL, BUSINESS, body)
    assert (text.opt_out_hint, text.media) == (None, ())


async def test_files_come_with_a_text(line: Line) -> None:
    await line.control.send_text(
        customer=CAROL, to=BUSINESS, body="", media=(MediaOrder(), MediaOrder(content_type="audio/mpeg"))
    )
    [text] = line.texts()
    assert [each.content_type for each in text.media] == ["image/png", "audio/mpeg"]
    assert all(each.url.startswith("http") for each in text.media)


@pytest.mark.parametrize(
    ("word", "hint"),
    [("Stop", OptOutHint.STOP), (" START ", OptOutHint.START), ("help", OptOutHint.HELP), ("stop by at 5", None)],
)
async def test_what_the_carrier_makes_of_a_keyword_is_told(line: Line, word: str, hint: OptOutHint | None) -> None:
    await line.control.send_text(customer=CAROL, to=BUSINESS, body=word)
    assert [text.opt_out_hint for text in line.texts()] == [hint]


@pytest.mark.parametrize("kind", [FaultKind.DUPLICATE, FaultKind.REIDENTIFIED])
async def test_a_repeat_has_the_name_of_the_first(line: Line, kind: FaultKind) -> None:
    await line.control.inject_fault(FaultOrder(kind=kind, on="sms.inbound", copies=3))
    await line.control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    await line.listener.until(lambda: len(line.listener.hooks) == 4)
    assert len({news.dedupe_key for news in line.news()}) == 1


async def test_different_facts_have_different_names(line: Line) -> None:
    await line.control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    await line.control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    for _ in range(2):
        await line.provider.send_text(line.text(), starting=line.start)
    await line.control.wait_for_text(CAROL, count=2)
    await line.control.wait_until_idle()
    keys = [news.dedupe_key for news in line.news()]
    assert len(set(keys)) == len(keys) >= 6


async def test_receipts_out_of_order_and_late_tell_the_same(line: Line) -> None:
    await line.control.inject_fault(FaultOrder(kind=FaultKind.REORDER))
    text = line.text()
    await line.provider.send_text(text, starting=line.start)
    both = {ReceiptStatus.SENT, ReceiptStatus.DELIVERED}
    await line.listener.until(lambda: both <= {receipt.status for receipt in line.receipts()})
    statuses = [receipt.status for receipt in line.receipts()]
    assert statuses != sorted(statuses, key=lambda status: status is ReceiptStatus.DELIVERED)
    assert {receipt.reference for receipt in line.receipts()} == {text.reference}


async def test_a_receipt_may_come_before_the_answer_to_its_post(line: Line) -> None:
    await line.control.inject_fault(FaultOrder(kind=FaultKind.BEFORE_REPLY))
    text = line.text()
    accepted = await line.provider.send_text(text, starting=line.start)
    first = line.receipts()[0]
    assert (first.provider_message_id, first.reference) == (accepted.provider_message_id, text.reference)


async def test_a_wrong_signature_and_a_changed_word_are_not_believed(line: Line) -> None:
    await line.control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    [hook] = line.listener.hooks
    assert line.company.read(replace(hook, body=hook.body.replace(b"hello", b"hella"))) == "wrong_signature"
    unsigned = {name: value for name, value in hook.headers.items() if "signature" not in name.lower()}
    assert line.company.read(replace(hook, headers=unsigned)) == "no_signature"
    await line.control.inject_fault(FaultOrder(kind=FaultKind.BAD_SIGNATURE, on="sms.inbound"))
    await line.control.send_text(customer=CAROL, to=BUSINESS, body="hello")
    assert line.company.read(line.listener.hooks[-1]) == "wrong_signature"


async def test_a_swallowed_webhook_is_lost_and_a_late_one_comes(line: Line) -> None:
    await line.control.inject_fault(FaultOrder(kind=FaultKind.LOST, on="sms.inbound"))
    await line.control.send_text(customer=CAROL, to=BUSINESS, body="lost")
    await line.control.inject_fault(FaultOrder(kind=FaultKind.LATE, on="sms.inbound", seconds=0.05))
    async with asyncio.timeout(5):
        await line.control.send_text(customer=CAROL, to=BUSINESS, body="late")
    assert [text.body for text in line.texts()] == ["late"]
