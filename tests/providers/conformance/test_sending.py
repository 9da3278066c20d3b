"""Whichever company carries it: one text is one POST, and how it ended is told in the port's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from frontdesk.ports import FailureClass, OutboundText, ProviderError, ReceiptStatus, SentTextQuery
from frontdesk.providers.twin import FaultKind, FaultOrder
from tests.providers.conformance.companies import BUSINESS
from tests.providers.conformance.conftest import CAROL, Line


async def refusal_of(line: Line, text: OutboundText) -> ProviderError:
    with pytest.raises(ProviderError) as refusal:
        await line.provider.send_text(text, starting=line.start)
    assert refusal.value.provider == line.company.name
    assert text.recipient_e164 not in str(refusal.value)
    return refusal.value


async def listed(line: Line, text: OutboundText) -> list[str]:
    since = datetime.now(UTC) - timedelta(seconds=60)
    query = SentTextQuery(recipient_e164=text.recipient_e164, sender_e164=text.sender_e164, since=since)
    found = await line.provider.list_sent_texts(query)
    return [one.provider_message_id for one in found if one.body == text.body]


async def test_a_text_leaves_once_to_the_byte_and_its_receipts_find_it_again(line: Line) -> None:
    text = line.text("Ada’s Plumbing – see you at 3 👍\n{tab}\t~ €")
    accepted = await line.provider.send_text(text, starting=line.start)
    assert (line.started, await line.posts_to(), line.provider.name) == (1, 1, line.company.name)
    assert accepted.status is ReceiptStatus.ACCEPTED
    report = await line.control.wait_for_text(CAROL)
    assert report.met
    assert [(sent.sid, sent.sender, sent.body) for sent in report.messages] == [
        (accepted.provider_message_id, BUSINESS, text.body)
    ]
    await line.control.wait_until_idle()
    receipts = line.receipts()
    assert [receipt.status for receipt in receipts][-1] is ReceiptStatus.DELIVERED
    assert {receipt.reference for receipt in receipts} == {text.reference}
    assert {receipt.provider_message_id for receipt in receipts} == {accepted.provider_message_id}
    assert {(receipt.provider, receipt.error_code) for receipt in receipts} == {(line.company.name, "")}


async def test_a_stale_text_is_not_posted(line: Line) -> None:
    error = await refusal_of(line, replace(line.text(), validity_seconds=0))
    assert (error.failure, error.permanent, line.started, await line.posts_to()) == (
        FailureClass.REJECTED,
        True,
        0,
        0,
    )


TAKEN_ALL_THE_SAME = [
    FaultKind.REPLY_LOST,
    FaultKind.ERROR_AFTER_ACCEPT,
    FaultKind.RESET,
    FaultKind.TRUNCATED,
    FaultKind.HTML,
]


@pytest.mark.parametrize("kind", TAKEN_ALL_THE_SAME)
async def test_an_answer_that_is_lost_leaves_doubt_and_the_list_of_sent_texts_ends_it(
    line: Line, kind: FaultKind
) -> None:
    text = line.text()
    await line.control.inject_fault(FaultOrder(kind=kind, seconds=0))
    error = await refusal_of(line, text)
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.AMBIGUOUS, True, False)
    assert await line.posts_to() == 1, "nothing is repeated by itself"
    # Not every company lists a text that is still on its way.
    [sent] = (await line.control.wait_for_text(CAROL)).messages
    assert await listed(line, text) == [sent.sid]


async def test_an_error_that_may_have_come_first_or_last_is_doubt_too(line: Line) -> None:
    text = line.text()
    await line.control.inject_fault(FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT))
    error = await refusal_of(line, text)
    assert (error.ambiguous, error.http_status) == (True, 503)
    assert (await line.bodies_to(), await listed(line, text)) == ([], [])


async def test_posting_again_under_the_same_reference_is_harmless_only_where_the_company_says_so(line: Line) -> None:
    text = line.text()
    await line.control.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, seconds=0))
    assert (await refusal_of(line, text)).ambiguous
    accepted = await line.provider.send_text(replace(text, validity_seconds=60), starting=line.start)
    sent = [one.sid for one in await line.control.texts_to(CAROL)]
    assert accepted.provider_message_id in sent
    assert len(sent) == (1 if line.company.key_of_repost else 2)


async def test_a_company_that_cannot_be_reached_did_not_take_it(line: Line) -> None:
    await line.http.close()
    error = await refusal_of(line, line.text())
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.UNAVAILABLE, False, False)
    assert line.started == 0


async def test_too_much_is_told_with_the_wish_to_wait_and_nothing_leaves(line: Line) -> None:
    await line.control.inject_fault(FaultOrder(kind=FaultKind.RATE_LIMITED, retry_after="7"))
    error = await refusal_of(line, line.text())
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.RATE_LIMITED, False, False)
    assert (error.retry_after, error.http_status, await line.bodies_to()) == (7.0, 429, [])


async def test_a_slow_answer_within_the_deadline_is_an_answer(line: Line) -> None:
    await line.control.inject_fault(FaultOrder(kind=FaultKind.SLOW, seconds=0.05))
    assert (await line.provider.send_text(line.text(), starting=line.start)).status is ReceiptStatus.ACCEPTED


async def test_wrong_credentials_block_the_channel(line: Line) -> None:
    provider = line.company.provider(line.http, right_key=False)
    with pytest.raises(ProviderError) as refusal:
        await provider.send_text(line.text(), starting=line.start)
    assert (refusal.value.failure, refusal.value.ambiguous) == (FailureClass.CHANNEL_BLOCKED, False)


async def test_who_told_the_carrier_to_stop_gets_nothing_and_it_is_said_so(line: Line) -> None:
    await line.control.block_pair(number=BUSINESS, customer=CAROL)
    error = await refusal_of(line, line.text())
    assert (error.failure, error.permanent, await line.bodies_to()) == (FailureClass.OPTED_OUT, True, [])
    await line.control.unblock_pair(number=BUSINESS, customer=CAROL)
    await line.provider.send_text(line.text(), starting=line.start)


async def test_a_number_that_is_none_is_an_invalid_recipient(line: Line) -> None:
    error = await refusal_of(line, line.text(to="+1206555"))
    assert (error.failure, error.permanent) == (FailureClass.INVALID_RECIPIENT, True)


async def test_a_number_that_is_not_ours_may_not_send(line: Line) -> None:
    error = await refusal_of(line, replace(line.text(), sender_e164="+12125550177"))
    assert (error.failure, error.permanent) == (FailureClass.SENDER_BLOCKED, True)


@pytest.mark.parametrize(
    ("fate", "status"), [("undelivered", ReceiptStatus.UNDELIVERED), ("failed", ReceiptStatus.FAILED)]
)
async def test_a_text_that_does_not_arrive_says_why(line: Line, fate: str, status: ReceiptStatus) -> None:
    code = line.company.failed_code if fate == "failed" else line.company.undelivered_code
    await line.control.script_fate(CAROL, error_code=int(code), status=fate, provider=line.company.name)
    text = line.text()
    await line.provider.send_text(text, starting=line.start)
    await line.listener.until(lambda: any(receipt.status is status for receipt in line.receipts()))
    [last] = [receipt for receipt in line.receipts() if receipt.status is status]
    assert (last.error_code, last.reference) == (code, text.reference)
    assert last.failure not in (None, FailureClass.OPTED_OUT)


@pytest.mark.parametrize("status", [ReceiptStatus.FAILED, ReceiptStatus.UNDELIVERED])
async def test_a_text_that_fails_because_of_a_stop_says_so_in_our_words(line: Line, status: ReceiptStatus) -> None:
    code = int(line.company.opted_out_code)
    await line.control.script_fate(CAROL, error_code=code, status=status.value, provider=line.company.name)
    await line.provider.send_text(line.text(), starting=line.start)
    await line.listener.until(lambda: any(receipt.status is status for receipt in line.receipts()))
    assert {receipt.failure for receipt in line.receipts()} - {None} == {FailureClass.OPTED_OUT}


async def test_a_text_that_waited_too_long_at_the_carrier_has_failed(line: Line) -> None:
    settings = msgspec.structs.replace(await line.control.settings(), queue_seconds=15_000, time_scale=1e-6)
    await line.control.change_settings(settings)
    await line.provider.send_text(line.text(), starting=line.start)
    await line.listener.until(lambda: any(one.status is ReceiptStatus.FAILED for one in line.receipts()))
    assert {one.error_code for one in line.receipts() if one.status is ReceiptStatus.FAILED} == {
        line.company.expired_code
    }


async def test_only_texts_of_ours_to_that_person_from_that_number_are_listed(line: Line) -> None:
    wanted, other = line.text("wanted"), line.text("other", to="+12065550101")
    for text in (wanted, other):
        await line.provider.send_text(text, starting=line.start)
    await line.control.send_text(customer=CAROL, to=BUSINESS, body="wanted")
    await line.control.wait_for_text(count=2)
    assert len(await listed(line, wanted)) == 1
    late = SentTextQuery(recipient_e164=CAROL, sender_e164=BUSINESS, since=datetime.now(UTC) + timedelta(seconds=60))
    stranger = replace(late, sender_e164="+12125550177", since=late.since - timedelta(seconds=120))
    for query in (late, stranger):
        assert await line.provider.list_sent_texts(query) == []
