"""Whichever company answers: what its answer proves is told in the port's words, and nothing is asked twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.ports import Accepted, FailureClass, ProviderError
from frontdesk.providers.http import HttpClient
from frontdesk.providers.refusals import PASSING_FAILURES
from tests.providers.conformance.scripted import QUERY, REFERENCE, TEXT, Spoken, at_once, scripted
from tests.providers.http.scripted_server import Peer, Script, ScriptedServer, answering, serving
from tests.providers.telnyx.replies import TELNYX
from tests.providers.twilio.replies import TWILIO

EVERY_COMPANY = [pytest.param(spoken, id=spoken.refusals.provider) for spoken in (TWILIO, TELNYX)]

every_company = pytest.mark.parametrize("company", EVERY_COMPANY)


def each(names: str, cases: Callable[[Spoken], Iterable[tuple[str, Sequence[object]]]]) -> pytest.MarkDecorator:
    """Parametrize by the cases of every company, each with its name."""
    table = [
        pytest.param(spoken, *values, id=f"{spoken.refusals.provider}: {name}")
        for spoken in (TWILIO, TELNYX)
        for name, values in cases(spoken)
    ]
    return pytest.mark.parametrize(f"company, {names}", table)


async def send_against(company: Spoken, script: Script) -> tuple[ProviderError, ScriptedServer]:
    async with scripted(script, company.connect) as (messaging, server):
        with pytest.raises(ProviderError) as refusal:
            await messaging.send_text(TEXT, starting=at_once)
    assert refusal.value.provider == company.refusals.provider
    assert TEXT.recipient_e164 not in str(refusal.value)
    return refusal.value, server


@each("reply", lambda company: [(name, [reply]) for name, reply in company.proves_nothing.items()])
async def test_a_reply_that_proves_nothing_is_ambiguous_and_not_repeated(company: Spoken, reply: bytes) -> None:
    error, server = await send_against(company, answering(reply))
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.AMBIGUOUS, True, False)
    assert len(server.requests) == 1


@every_company
async def test_a_reply_lost_after_acceptance_is_ambiguous_and_not_repeated(company: Spoken) -> None:
    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.write(company.taken[:-5])
        peer.reset()

    error, server = await send_against(company, script)
    assert (error.failure, error.ambiguous, error.http_status) == (FailureClass.AMBIGUOUS, True, 0)
    assert len(server.requests) == 1


@every_company
async def test_a_company_that_does_not_listen_did_not_take_it(company: Spoken) -> None:
    async with serving(answering()) as server:
        nowhere = str(server.origin)
    http = HttpClient()
    with pytest.raises(ProviderError) as refusal:
        await company.connect(nowhere, http).send_text(TEXT, starting=at_once)
    await http.close()
    error = refusal.value
    assert (error.failure, error.ambiguous, error.permanent) == (FailureClass.UNAVAILABLE, False, False)


class CalledOff(Exception):
    """Raised by a caller that changed its mind."""


@every_company
async def test_a_post_called_off_at_its_start_never_leaves_and_the_next_one_does(company: Spoken) -> None:
    def call_off() -> None:
        raise CalledOff

    async with scripted(answering(company.taken), company.connect) as (messaging, server):
        with pytest.raises(CalledOff):
            await messaging.send_text(TEXT, starting=call_off)
        accepted = await messaging.send_text(TEXT, starting=at_once)
    assert isinstance(accepted, Accepted)
    assert len(server.requests) == 1


@every_company
async def test_a_service_is_named_by_the_text_else_by_the_account(company: Spoken) -> None:
    other = replace(TEXT, messaging_service="another", sender_e164="", status_callback="")
    async with scripted(answering(company.taken, company.taken), company.in_service) as (messaging, server):
        for text in (TEXT, other):
            await messaging.send_text(text, starting=at_once)
    first, second = (company.service_of(request) for request in server.requests)
    assert first == (company.named, TEXT.sender_e164, f"{TEXT.status_callback}&reference={REFERENCE}")
    assert second == ("another", None, None)


@each("reply, failure", lambda company: [(f"{case[1]} {at}", case) for at, case in enumerate(company.refused)])
async def test_a_refusal_is_told_by_its_code_else_by_its_status(
    company: Spoken, reply: bytes, failure: FailureClass
) -> None:
    error, _ = await send_against(company, answering(reply))
    assert (error.failure, error.permanent, error.ambiguous) == (failure, failure not in PASSING_FAILURES, False)


@each("reply, wait, code", lambda company: [(f"{case[1]} {at}", case) for at, case in enumerate(company.waits)])
async def test_a_wish_to_wait_is_told_within_reason(
    company: Spoken, reply: bytes, wait: float | None, code: str
) -> None:
    error, _ = await send_against(company, answering(reply))
    assert (error.failure, error.retry_after, error.provider_code) == (FailureClass.RATE_LIMITED, wait, code)


@every_company
def test_every_code_that_has_an_action_has_the_class_of_that_action(company: Spoken) -> None:
    judged = 0
    for code, action in company.actions.items():
        known = company.refusals.codes[code]
        wanted = next((found for start, found in company.action_classes.items() if action.startswith(start)), None)
        if wanted is not None:
            assert known.failure in wanted, (code, action)
            judged += 1
    assert judged >= company.least_judged


@every_company
def test_codes_that_must_never_be_retried_are_final(company: Spoken) -> None:
    for code in company.final_codes:
        assert company.refusals.codes[code].failure not in PASSING_FAILURES, code
        assert company.refusals.classify_receipt(str(code)) is company.refusals.codes[code].failure


@every_company
@given(code=st.text() | st.integers(10_000, 50_000).map(str))
def test_any_receipt_code_has_a_class(company: Spoken, code: str) -> None:
    known = company.refusals.codes.get(int(code)) if code.isascii() and code.isdigit() else None
    assert company.refusals.classify_receipt(code) is (known.failure if known else FailureClass.REJECTED)


@each("replies", lambda company: [(name, [replies]) for name, replies in company.unusable_lists.items()])
async def test_a_list_that_cannot_be_read_whole_proves_nothing(company: Spoken, replies: Sequence[bytes]) -> None:
    async with scripted(answering(*replies), company.connect) as (messaging, server):
        with pytest.raises(ProviderError) as refusal:
            await messaging.list_sent_texts(QUERY)
    assert (refusal.value.failure, refusal.value.ambiguous) == (FailureClass.UNAVAILABLE, False)
    assert len(server.requests) == len(replies)


@every_company
async def test_a_list_without_end_proves_nothing(company: Spoken) -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.read_request()
            await peer.write(company.endless_page)

    async with scripted(script, company.connect) as (messaging, server):
        with pytest.raises(ProviderError, match="more pages"):
            await messaging.list_sent_texts(QUERY)
    assert len(server.requests) == 20


@each("url", lambda company: [(url, [url]) for url in company.no_origins])
def test_an_api_address_that_is_no_origin_is_refused(company: Spoken, url: str) -> None:
    with pytest.raises(ValueError, match=r"origin|absolute|credentials"):
        company.connect(url, HttpClient())
