"""Our client speaks with localstripe, a pretended Stripe that others wrote; skipped where it is not installed.

It knows neither Checkout nor idempotency keys: what is tried here are refunds, subscriptions and the list of events.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import pytest

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports import ProviderError
from frontdesk.ports.payments import ChargeNews, RefundOrder
from frontdesk.providers.http import HttpClient, HttpFailure, Origin
from frontdesk.providers.stripe import StripeAccount, StripePayments

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("localstripe") is None, reason="needs localstripe: pip install localstripe (GPL-3.0)"
)
KEY = "sk_test_12345"
CARD = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2040"}
FORM = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Peer:
    """Their Stripe, our client, and a way to ask theirs for what our client never asks for."""

    ours: StripePayments
    http: HttpClient
    url: str

    async def post(self, path: str, **fields: str) -> str:
        """Make something and give its id."""
        answer = await self.http.request(
            method="POST",
            origin=Origin.parse(self.url),
            target=path,
            headers=(FORM, ("Authorization", f"Bearer {KEY}")),
            body=urlencode(fields).encode(),
        )
        assert answer.status == 200, answer.body
        return str(json.loads(answer.body)["id"])

    async def paid(self) -> str:
        """Let a card pay 25.00."""
        card = await self.post("/v1/payment_methods", **CARD, **{"card[cvc]": "123"})
        return await self.post(
            "/v1/payment_intents", amount="2500", currency="usd", payment_method=card, confirm="true"
        )


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    """Run localstripe on a free port."""
    with socket.socket() as looking:
        looking.bind(("127.0.0.1", 0))
        port = looking.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    theirs = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port)),
        cwd=tmp_path,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    http = HttpClient()
    try:
        async with asyncio.timeout(30):
            while not await _answers(http, url):
                await asyncio.sleep(0.05)
        account = StripeAccount(secret_key=KEY, webhook_secrets=(), api_base_url=url)
        yield Peer(StripePayments(account, http, clock=SystemClock()), http, url)
    finally:
        theirs.terminate()
        await theirs.wait()
        await http.close()


async def _answers(http: HttpClient, url: str) -> bool:
    with suppress(HttpFailure):
        answer = await http.request(method="GET", origin=Origin.parse(url), target="/v1/balance")
        return answer.status > 0
    return False


def _refund(intent_id: str, *, cents: int) -> RefundOrder:
    return RefundOrder(key="r1", refund_id=UUID(int=2), payment_id=UUID(int=1), intent_id=intent_id, amount_cents=cents)


async def test_money_goes_back_and_is_found_again_with_our_own_ids(peer: Peer) -> None:
    intent_id = await peer.paid()
    made = await peer.ours.refund(_refund(intent_id, cents=400))
    assert (made.amount_cents, made.currency, made.status) == (400, "usd", "succeeded")
    assert (made.payment_id, made.own_refund_id) == (UUID(int=1), UUID(int=2))
    assert await peer.ours.list_refunds(intent_id) == [made]


async def test_a_payment_that_is_not_there_is_refused_for_good(peer: Peer) -> None:
    with pytest.raises(ProviderError) as refused:
        await peer.ours.refund(_refund("pi_nobody", cents=400))
    assert refused.value.permanent
    assert not refused.value.ambiguous
    with pytest.raises(ProviderError) as unknown:
        await peer.ours.find_subscription("sub_nobody")
    assert unknown.value.permanent


async def test_its_events_are_read_as_news(peer: Peer) -> None:
    intent_id = await peer.paid()
    page = await peer.ours.list_news(since=datetime.now(UTC) - timedelta(hours=1))
    pieces = [piece for one in page.news for piece in one.pieces if isinstance(piece, ChargeNews)]
    assert [(one.intent_id, one.is_paid, one.amount_cents) for one in pieces] == [(intent_id, True, 2500)]
    assert not page.has_more
