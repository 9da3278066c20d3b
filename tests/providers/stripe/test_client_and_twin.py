"""Our client and the official library speak with the same pretended Stripe, which keeps to Stripe's own shapes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import aiohttp
import pytest
import stripe

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.payments import CheckoutNews, CheckoutStatus, PaymentCheckoutOrder, RefundOrder
from frontdesk.providers.http import HttpClient, HttpResponse
from frontdesk.providers.stripe import API_VERSION, StripeAccount, StripePayments
from frontdesk.providers.stripe.errors import error_from_reply
from frontdesk.providers.twin import FaultKind, FaultOrder, TwinConfig, TwinControl, TwinServer
from frontdesk.providers.twin.doorway import Answered
from frontdesk.providers.twin.stripe.events import PostedEvent
from frontdesk.providers.twin.stripe_client import TwinStripe
from tests.providers.conformance.listener import Listener
from tests.providers.stripe.samples import OBJECTS, Json, error

TENANT = UUID(int=5)
# The official library gives its bodies to httpx in a way that httpx is leaving behind.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@dataclass(frozen=True, slots=True)
class Bank:
    """A pretended Stripe, our client, the official one, and what the pretended one answered and posted."""

    ours: StripePayments
    theirs: stripe.StripeClient
    twin: TwinStripe
    control: TwinControl
    config: TwinConfig
    answers: list[Answered]
    posted: list[PostedEvent]
    listener: Listener


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    answers: list[Answered] = []
    posted: list[PostedEvent] = []
    config = TwinConfig()
    async with (
        TwinServer(config, on_stripe_answer=answers.append, on_stripe_webhook=posted.append) as server,
        TwinControl(server.url) as control,
        Listener() as listener,
    ):
        http, library = HttpClient(), stripe.HTTPXClient(timeout=10)
        account = StripeAccount(secret_key=config.stripe_secret_key, webhook_secrets=(), api_base_url=server.url)
        theirs = stripe.StripeClient(
            config.stripe_secret_key,
            base_addresses={"api": server.url},
            http_client=library,
            max_network_retries=0,
        )
        twin = TwinStripe(control)
        await twin.tell(listener.url)
        yield Bank(
            ours=StripePayments(account, http, clock=SystemClock()),
            theirs=theirs,
            twin=twin,
            control=control,
            config=config,
            answers=answers,
            posted=posted,
            listener=listener,
        )
        await http.close()
        await library.close_async()  # type: ignore[no-untyped-call]  # the library tells no types here


def order(
    *, key: str = "k1", cents: int = 2500, minutes: float = 60, payment_id: UUID | None = None
) -> PaymentCheckoutOrder:
    return PaymentCheckoutOrder(
        key=key,
        payment_id=payment_id or UUID(int=1),
        tenant_id=TENANT,
        amount_cents=cents,
        currency="usd",
        description="Deposit",
        expires_at=datetime(2026, 1, 1, tzinfo=UTC)
        + (datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC))
        + timedelta(minutes=minutes),
        return_url="https://desk.example/pay/x",
    )


async def opened(bank: Bank) -> CheckoutNews:
    return await bank.ours.open_payment(order(key=str(uuid4())))


async def test_the_official_library_reads_what_ours_has_made(bank: Bank) -> None:
    made = await opened(bank)
    read = await bank.theirs.v1.checkout.sessions.retrieve_async(made.session_id)
    assert (read.status, read.amount_total, read.currency, read.mode) == ("open", 2500, "usd", "payment")
    assert read.metadata is not None
    assert read.metadata["payment_id"] == str(UUID(int=1))
    assert read.url == made.url


async def test_ours_reads_what_the_official_library_has_done(bank: Bank) -> None:
    made = await opened(bank)
    await bank.twin.pay(made.session_id)
    paid = await bank.ours.find_checkout(made.session_id)
    assert paid.is_paid
    refund = await bank.theirs.v1.refunds.create_async({"payment_intent": paid.intent_id, "amount": 400})
    [listed] = await bank.ours.list_refunds(paid.intent_id)
    assert (listed.refund_id, listed.amount_cents, listed.status) == (refund.id, 400, "succeeded")
    events = await bank.theirs.v1.events.list_async({"limit": 2})
    page = await bank.ours.list_news(since=datetime.now(UTC) - timedelta(hours=1))
    assert [one.event_id for one in page.news][:2] == [one.id for one in events.data]
    assert events.has_more


async def test_the_official_library_believes_every_webhook_of_the_twin(bank: Bank) -> None:
    made = await opened(bank)
    await bank.twin.pay(made.session_id)
    await bank.control.wait_until_idle()
    kinds = []
    for hook in bank.listener.hooks:
        event = stripe.Webhook.construct_event(
            hook.body, hook.headers["Stripe-Signature"], bank.config.stripe_webhook_secret
        )
        kinds.append(event.type)
    assert kinds == ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


def strangers(it: object, known: object, path: str = "") -> list[str]:
    """List what the twin says and Stripe's fixture does not know, or knows as something else."""
    if not isinstance(it, dict) or not isinstance(known, dict):
        same = it is None or known is None or isinstance(it, type(known)) or isinstance(known, dict)
        return [] if same else [f"{path}: {type(it).__name__} is no {type(known).__name__}"]
    found = []
    for name, value in it.items():
        if path.endswith("metadata"):
            continue
        if name not in known:
            found.append(f"{path}.{name}")
        else:
            found += strangers(value, known[name], f"{path}.{name}")
    return found


async def test_the_twin_says_nothing_that_stripes_own_fixtures_do_not_know(bank: Bank) -> None:
    made = await opened(bank)
    await bank.twin.pay(made.session_id, decline_code="insufficient_funds")
    view = await bank.twin.pay(made.session_id)
    intent_id = str(view.charges[-1]["payment_intent"])
    refund = RefundOrder(key="r1", refund_id=UUID(int=2), payment_id=UUID(int=1), intent_id=intent_id, amount_cents=100)
    await bank.ours.refund(refund)
    await bank.control.wait_until_idle()
    said: list[Json] = [json.loads(one.content) for one in bank.answers if one.status == 200]
    said += [json.loads(one.body) for one in bank.posted]
    said += [event["data"]["object"] for event in said if event.get("object") == "event"]  # type: ignore[index]  # an event has it
    assert len(said) > 10
    offenders = [
        stranger
        for one in said
        if one["object"] in OBJECTS
        for stranger in strangers(one, OBJECTS[str(one["object"])], str(one["object"]))
        if not stranger.startswith("event.data.object") and "last_payment_error" not in stranger
    ]
    assert not offenders, offenders


async def test_a_key_used_again_gets_the_first_answer_and_with_another_body_none(bank: Bank) -> None:
    wanted = order()
    first, second = await bank.ours.open_payment(wanted), await bank.ours.open_payment(wanted)
    assert first.session_id == second.session_id
    with pytest.raises(ProviderError) as refusal:
        await bank.ours.open_payment(order(cents=2600))
    assert refusal.value.ambiguous, "the first request of the key may have been done"
    assert len((await bank.twin.look()).sessions) == 1


async def test_every_request_names_its_version_and_key(bank: Bank) -> None:
    await opened(bank)
    [entry] = await bank.control.journal(operation="stripe.sessions.create")
    assert entry.fields["mode"] == "payment"
    assert API_VERSION == "2026-10-28.endive"


@pytest.mark.parametrize(
    ("kind", "failure", "ambiguous"),
    [
        (FaultKind.REPLY_LOST, FailureClass.AMBIGUOUS, True),
        (FaultKind.ERROR_AFTER_ACCEPT, FailureClass.AMBIGUOUS, True),
        (FaultKind.ERROR_BEFORE_ACCEPT, FailureClass.AMBIGUOUS, True),
        (FaultKind.HTML, FailureClass.AMBIGUOUS, True),
        (FaultKind.TRUNCATED, FailureClass.AMBIGUOUS, True),
        (FaultKind.RATE_LIMITED, FailureClass.RATE_LIMITED, False),
        (FaultKind.REFUSED, FailureClass.REJECTED, False),
    ],
)
async def test_doubt_is_told_as_doubt_and_refusal_as_refusal(
    bank: Bank, kind: FaultKind, failure: FailureClass, *, ambiguous: bool
) -> None:
    await bank.control.inject_fault(FaultOrder(kind=kind, on="stripe.sessions.create"))
    with pytest.raises(ProviderError) as refusal:
        await opened(bank)
    assert (refusal.value.failure, refusal.value.ambiguous) == (failure, ambiguous)


async def test_reading_is_never_in_doubt(bank: Bank) -> None:
    made = await opened(bank)
    await bank.control.inject_fault(FaultOrder(kind=FaultKind.REPLY_LOST, on="stripe.sessions.fetch"))
    with pytest.raises(ProviderError) as refusal:
        await bank.ours.find_checkout(made.session_id)
    assert (refusal.value.failure, refusal.value.ambiguous) == (FailureClass.UNAVAILABLE, False)


async def test_a_page_that_is_over_cannot_be_closed_again(bank: Bank) -> None:
    made = await opened(bank)
    closed = await bank.ours.expire_checkout(made.session_id, key="e1")
    assert closed.status is CheckoutStatus.EXPIRED
    with pytest.raises(ProviderError) as refusal:
        await bank.ours.expire_checkout(made.session_id, key="e2")
    assert refusal.value.permanent


async def test_a_page_must_be_open_for_half_an_hour_at_least(bank: Bank) -> None:
    with pytest.raises(ProviderError) as refusal:
        await bank.ours.open_payment(order(minutes=20))
    assert refusal.value.permanent


async def test_a_person_can_click_through_the_page(bank: Bank) -> None:
    made = await opened(bank)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(made.url) as page:
            assert "25.00 USD" in await page.text()
        async with browser.post(made.url, data={"choice": "decline"}) as declined:
            assert "declined" in await declined.text()
        async with browser.post(made.url, data={"choice": "pay"}, allow_redirects=False) as done:
            assert (done.status, done.headers["Location"]) == (303, "https://desk.example/pay/x?done=1")
        async with browser.get(made.url) as page:
            assert "This is paid." in await page.text()


@pytest.mark.parametrize(
    ("name", "failure", "permanent"),
    [
        ("400_idempotency_error_none", FailureClass.AMBIGUOUS, False),
        ("400_invalid_request_error_parameter_missing", FailureClass.REJECTED, True),
        ("401_invalid_request_error_none", FailureClass.CHANNEL_BLOCKED, True),
        ("402_card_error_card_declined", FailureClass.REJECTED, True),
        ("409_idempotency_error_idempotency_key_in_use", FailureClass.AMBIGUOUS, False),
        ("429_invalid_request_error_rate_limit", FailureClass.RATE_LIMITED, False),
    ],
)
def test_recorded_errors_mean_what_they_say(name: str, failure: FailureClass, *, permanent: bool) -> None:
    status, body = error(name)
    told = error_from_reply(HttpResponse(status, (), body), now=datetime.now(UTC), may_repeat=False)
    assert (told.failure, told.permanent) == (failure, permanent)
    assert "Keys for idempotent" not in str(told)
