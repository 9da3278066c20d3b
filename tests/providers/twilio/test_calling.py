"""A call is asked for once, and what a carrier says instead of taking it is told in the port's words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from frontdesk.kernel.clock import DatabaseClock
from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio import TwilioAccount, TwilioCalling
from frontdesk.providers.twin import FaultKind, FaultOrder, TwinConfig, TwinControl, TwinServer
from tests.support.office import ACCOUNT, TOKEN

OURS, THEIRS = "+12125550100", "+12065550123"
CREATE = "calls.create"


@asynccontextmanager
async def carrier() -> AsyncIterator[tuple[TwilioCalling, TwinControl]]:
    """Lend the twin as a carrier that rings people, with one number of ours."""
    http = HttpClient(connections_per_origin=1)
    async with TwinServer(TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN)) as server, TwinControl(server.url) as twin:
        await twin.configure_number(OURS)
        account = TwilioAccount(account_sid=ACCOUNT, auth_token=TOKEN, api_base_url=server.url)
        try:
            yield TwilioCalling(account, http, clock=DatabaseClock()), twin
        finally:
            await http.close()


async def test_somebody_is_rung_once_and_the_line_stays_open_for_as_long_as_asked() -> None:
    async with carrier() as (calling, twin):
        sid = await calling.place_call(caller_e164=OURS, called_e164=THEIRS, waits_seconds=40)
        assert sid.startswith("CA")
        [asked] = await twin.journal(operation=CREATE, to=THEIRS)
        assert asked.fields["From"] == OURS
        assert asked.fields["Timeout"] == "40"
        assert asked.fields["Twiml"] == '<Response><Pause length="40"/><Hangup/></Response>'


@pytest.mark.parametrize(
    ("fault", "ambiguous"),
    [
        (FaultOrder(kind=FaultKind.REPLY_LOST, on=CREATE), True),
        (FaultOrder(kind=FaultKind.ERROR_AFTER_ACCEPT, on=CREATE), True),
        (FaultOrder(kind=FaultKind.TRUNCATED, on=CREATE), True),
        (FaultOrder(kind=FaultKind.RATE_LIMITED, on=CREATE), False),
    ],
    ids=lambda value: value.kind.value if isinstance(value, FaultOrder) else "",
)
async def test_a_call_that_may_have_been_placed_is_not_asked_for_again(fault: FaultOrder, *, ambiguous: bool) -> None:
    async with carrier() as (calling, twin):
        await twin.inject_fault(fault)
        with pytest.raises(ProviderError) as refusal:
            await calling.place_call(caller_e164=OURS, called_e164=THEIRS, waits_seconds=5)
        assert refusal.value.ambiguous is ambiguous
        assert len(await twin.journal(operation=CREATE)) == 1


async def test_a_number_that_is_not_ours_rings_nobody() -> None:
    async with carrier() as (calling, _):
        with pytest.raises(ProviderError) as refusal:
            await calling.place_call(caller_e164=THEIRS, called_e164=OURS, waits_seconds=5)
        assert refusal.value.permanent
        assert refusal.value.failure is not FailureClass.AMBIGUOUS
