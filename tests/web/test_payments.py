"""Payments over HTTP: asked for and given back by who may, paid by whoever has the link, told of by Stripe alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from frontdesk.kernel.auth import Scope
from frontdesk.providers.twin import FaultKind, FaultOrder
from tests.providers.stripe.samples import signed, webhook
from tests.support.house import ADA, ADMIN, MALLORY, open_house
from tests.support.shop import Shop, open_shop

NEW = {"amount_cents": 2500, "currency": "USD", "description": "Deposit <b>for</b> a visit"}


@pytest.fixture
async def shop(database_url: str, home: Path) -> AsyncIterator[Shop]:
    async with open_shop(database_url, home) as opened:
        yield opened


async def ask(client: httpx2.AsyncClient, **headers: str) -> dict[str, object]:
    """Ask for a payment."""
    answer = await client.post("/api/payments", json=NEW, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_a_link_is_made_paid_and_given_back(shop: Shop) -> None:
    ada, anybody = await shop.house.as_person(ADA), shop.house.client()
    asked = await ask(ada, **{"Idempotency-Key": "k1"})
    assert (await ask(ada, **{"Idempotency-Key": "k1"}))["id"] == asked["id"]
    waiting = await anybody.get(str(asked["url"]))
    assert waiting.status_code == 200
    assert "One moment" in waiting.text
    assert "<b>" not in waiting.text, "words of a business are words"
    await shop.work()
    led = await anybody.get(str(asked["url"]))
    assert (led.status_code, led.headers["cache-control"]) == (303, "no-store")
    paying = await anybody.post(led.headers["location"], data={"choice": "pay"})
    assert paying.headers["location"] == f"{asked['url']}?done=1"
    await shop.work()
    assert "Paid, thank you" in (await anybody.get(str(asked["url"]))).text
    refund = await ada.post(f"/api/payments/{asked['id']}/refund", json={"reason": "rain", "amount_cents": 500})
    assert (refund.status_code, refund.json()["status"]) == (202, "requested")
    await shop.work()
    shown = (await ada.get(f"/api/payments/{asked['id']}")).json()
    assert (shown["status"], shown["refunded_cents"], shown["refunds"][0]["status"]) == ("paid", 500, "succeeded")
    page = (await ada.get(f"/businesses/{shop.house.ada.id}/payments")).text
    assert "25.00 USD" in page
    assert "Deposit &lt;b&gt;" in page


async def test_strangers_see_no_payments_and_move_no_money(shop: Shop) -> None:
    ada, mallory = await shop.house.as_person(ADA), await shop.house.as_person(MALLORY)
    asked = await ask(ada)
    assert (await mallory.get(f"/api/payments/{asked['id']}")).status_code == 404
    assert (await mallory.post(f"/api/payments/{asked['id']}/refund", json={"reason": "x"})).status_code == 404
    assert (await mallory.get("/api/payments")).json()["items"] == []
    reader = await shop.house.as_program(Scope.BILLING_READ, tenant_id=shop.house.ada.id)
    assert (await reader.get("/api/payments")).status_code == 200
    assert (await reader.post("/api/payments", json=NEW)).status_code == 403


async def test_a_refund_without_a_payment_is_refused_with_its_code(shop: Shop) -> None:
    ada = await shop.house.as_person(ADA)
    asked = await ask(ada)
    refused = await ada.post(f"/api/payments/{asked['id']}/refund", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "billing.not_paid")


@pytest.mark.parametrize("currency", ["JPY", "kwd"])
async def test_money_that_has_no_cents_is_never_asked_for_by_the_hundredfold(shop: Shop, currency: str) -> None:
    ada, operator = await shop.house.as_person(ADA), await shop.house.as_person(ADMIN)
    plan = {"name": "Solo", "amount_cents": 2900, "currency": currency}
    for answer in (
        await ada.post("/api/payments", json={**NEW, "currency": currency}),
        await operator.put("/api/plans/solo", json=plan),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "billing.currency"), answer.text
        assert f"{currency.upper()} is not divided into hundredths" in answer.text
    assert (await ada.get("/api/payments")).json()["items"] == []


async def test_a_payment_that_is_canceled_can_no_longer_be_paid(shop: Shop) -> None:
    ada = await shop.house.as_person(ADA)
    asked = await ask(ada)
    await shop.work()
    await ada.post(f"/api/payments/{asked['id']}/cancel")
    await shop.work()
    assert (await ada.get(f"/api/payments/{asked['id']}")).json()["status"] == "expired"
    assert "This link has expired" in (await ada.get(str(asked["url"]))).text


async def test_a_plan_is_offered_begun_and_seen_to(shop: Shop) -> None:
    root, ada = await shop.house.as_person(ADMIN), await shop.house.as_person(ADA)
    plan = {"name": "Solo", "amount_cents": 2900, "currency": "usd"}
    assert (await ada.put("/api/plans/solo", json=plan)).status_code == 403
    assert (await root.put("/api/plans/solo", json=plan)).status_code == 200
    assert [one["key"] for one in (await ada.get("/api/plans")).json()] == ["solo"]
    assert (await ada.get("/api/subscription")).status_code == 404
    begun = (await ada.post("/api/subscription", json={"plan": "solo"})).json()
    assert (await ada.post("/api/subscription/portal")).json()["code"] == "billing.no_portal"
    await shop.work()
    led = await shop.house.client().get(begun["url"])
    await shop.house.client().post(led.headers["location"], data={"choice": "pay"})
    await shop.work()
    shown = (await ada.get("/api/subscription")).json()
    assert (shown["status"], shown["is_good"], shown["url"]) == ("active", True, "")
    assert (await ada.post("/api/subscription/portal")).json()["url"].startswith("http://127.0.0.1")
    await shop.control.inject_fault(FaultOrder(kind=FaultKind.ERROR_BEFORE_ACCEPT, on="stripe.portal.create"))
    assert (await ada.post("/api/subscription/portal")).json()["code"] == "billing.not_reached"


async def test_webhooks_that_stripe_did_not_sign_change_nothing(shop: Shop) -> None:
    anybody, now = shop.house.client(), shop.house.parts.clock.now()
    body = webhook("invoice.paid")
    path = "/webhooks/stripe"
    assert (await anybody.post(path, content=body)).status_code == 403
    forged = await anybody.post(path, content=body, headers=signed(body, at=now, secret="whsec_wrong"))
    assert forged.status_code == 403
    assert (await anybody.post(path, content=b"x" * 600_000, headers={"stripe-signature": "t=1"})).status_code == 413
    good = signed(body, at=now, secret=shop.secret)
    assert [(await anybody.post(path, content=body, headers=good)).status_code for _ in range(2)] == [200, 200]
    async with shop.house.parts.system.transaction() as tx:
        assert await tx.fetchval("select count(*) from webhook_events where provider = 'stripe'") == 1
    rendered = (await shop.house.parts.metrics.render()).decode()
    assert 'webhook_signature_failures_total{provider="stripe"} 3.0' in rendered


async def test_a_link_that_is_none_leads_nowhere(shop: Shop) -> None:
    anybody = shop.house.client()
    for token in ("none", "x" * 64):
        answer = await anybody.get(f"/pay/{token}")
        assert (answer.status_code, "There is no such link" in answer.text) == (404, True)


async def test_without_a_payment_company_nothing_is_asked_for(database_url: str, home: Path) -> None:
    async with open_house(database_url, home) as house:
        ada = await house.as_person(ADA)
        refused = await ada.post("/api/payments", json=NEW)
        assert (refused.status_code, refused.json()["code"]) == (409, "billing.not_set_up")
        assert (await house.client().post("/webhooks/stripe", content=b"{}")).status_code == 404
        assert "No payment company is set up" in (await ada.get(f"/businesses/{house.ada.id}/payments")).text


async def test_who_has_paid_and_comes_back_is_believed_without_any_webhook(shop: Shop) -> None:
    ada, anybody = await shop.house.as_person(ADA), shop.house.client()
    await shop.stripe.tell("")
    asked = await ask(ada)
    await shop.work()
    led = await anybody.get(str(asked["url"]))
    paying = await anybody.post(led.headers["location"], data={"choice": "pay"})
    for _ in range(3):
        checking = await anybody.get(paying.headers["location"])
        assert (checking.status_code, "whether the payment has arrived" in checking.text) == (200, True)
    await shop.work()
    assert len(await shop.control.journal(operation="stripe.sessions.fetch")) == 1
    assert "Paid, thank you" in (await anybody.get(paying.headers["location"])).text
    assert (await ada.get(f"/api/payments/{asked['id']}")).json()["status"] == "paid"


async def test_who_comes_back_without_paying_may_go_on(shop: Shop) -> None:
    ada, anybody = await shop.house.as_person(ADA), shop.house.client()
    asked = await ask(ada)
    await shop.work()
    led = await anybody.get(str(asked["url"]))
    back = await anybody.post(led.headers["location"], data={"choice": "cancel"})
    assert back.headers["location"] == asked["url"]
    assert (await anybody.get(str(asked["url"]))).headers["location"] == led.headers["location"]


async def test_a_plan_is_believed_without_any_webhook_too(shop: Shop) -> None:
    root, ada = await shop.house.as_person(ADMIN), await shop.house.as_person(ADA)
    await root.put("/api/plans/solo", json={"name": "Solo", "amount_cents": 2900, "currency": "usd"})
    await shop.stripe.tell("")
    begun = (await ada.post("/api/subscription", json={"plan": "solo"})).json()
    await shop.work()
    anybody = shop.house.client()
    paying = await anybody.post((await anybody.get(begun["url"])).headers["location"], data={"choice": "pay"})
    await anybody.get(paying.headers["location"])
    await shop.work()
    assert (await ada.get("/api/subscription")).json()["status"] == "active"
