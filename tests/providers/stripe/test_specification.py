"""What our client asks for, and what the twin answers, is what Stripe's own specification describes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl
from uuid import UUID

from aiohttp import web

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports.payments import PaymentCheckoutOrder, RefundOrder, SubscriptionCheckoutOrder
from frontdesk.providers.http import HttpClient
from frontdesk.providers.stripe import StripeAccount, StripePayments
from frontdesk.providers.twin import TwinConfig, TwinControl, TwinServer
from frontdesk.providers.twin.doorway import Answered
from frontdesk.providers.twin.stripe_client import TwinStripe
from tests.providers.ear import Ear
from tests.providers.stripe.samples import FOLDER, OBJECTS, Json

SPEC: dict[str, Any] = json.loads((FOLDER / "spec.json").read_text(encoding="utf-8"))
Request = tuple[str, str, dict[str, str]]
KINDS = {"integer": int, "string": str, "boolean": bool}
# Newer than the specification that can be had; Stripe's fixtures of today know them.
NEWER = {("refund", "status"), ("checkout.session", "locale")}


class Desk(Ear[Request]):
    """Keeps what is asked, and answers with the objects of Stripe's fixtures."""

    async def read(self, request: web.Request) -> Request:
        """Read the method, the path and the fields."""
        text = request.query_string if request.method == "GET" else (await request.read()).decode()
        return request.method, request.path, dict(parse_qsl(text))

    def answer(self, request: web.Request) -> web.Response:
        """Answer as the object that was asked for."""
        if request.method == "GET":
            return web.json_response({"object": "list", "data": [], "has_more": False})
        name = "refund" if "refunds" in request.path else "checkout.session"
        return web.json_response(OBJECTS[name])


def _checkout(key: str = "k1") -> PaymentCheckoutOrder:
    return PaymentCheckoutOrder(
        key=key,
        payment_id=UUID(int=1),
        tenant_id=UUID(int=5),
        amount_cents=2500,
        currency="usd",
        description="Deposit",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        return_url="https://desk.example/pay/x",
    )


def _refund(intent_id: str) -> RefundOrder:
    return RefundOrder(key="r1", refund_id=UUID(int=2), payment_id=UUID(int=1), intent_id=intent_id, amount_cents=100)


def unknown_to(known: Mapping[str, Any], names: Sequence[str], value: str) -> str:
    """Say what of a field `a[0][b]`, taken apart, the specification does not describe; "" if all is as it says."""
    if not names:
        if "=" in known and known["="] and value not in known["="]:
            return f"{value!r} is none of {known['=']}"
        return "" if known.get("is") != "integer" or re.fullmatch(r"-?\d+", value) else f"{value!r} is no number"
    first, rest = names[0], names[1:]
    if "[]" in known and first.isdigit():
        return unknown_to(known["[]"], rest, value)
    if first in known:
        return unknown_to(known[first], rest, value)
    return "" if "*" in known else f"{first} is not described"


async def test_every_field_that_our_client_sends_is_described() -> None:
    async with Desk() as desk:
        http = HttpClient()
        account = StripeAccount(secret_key="sk_test_1", webhook_secrets=(), api_base_url=desk.url)
        ours = StripePayments(account, http, clock=SystemClock())
        await ours.open_payment(_checkout())
        for price_id, customer_id in (("price_1", "cus_1"), ("", "")):
            await ours.open_subscription(
                SubscriptionCheckoutOrder(
                    key="k2",
                    subscription_id=UUID(int=3),
                    tenant_id=UUID(int=5),
                    price_id=price_id,
                    name="Plan",
                    amount_cents=4900,
                    currency="usd",
                    interval="month",
                    customer_id=customer_id,
                    expires_at=datetime.now(UTC) + timedelta(hours=1),
                    return_url="https://desk.example/pay/x",
                )
            )
        await ours.expire_checkout("cs_1", key="k3")
        await ours.refund(_refund("pi_1"))
        await ours.list_refunds("pi_1")
        await ours.list_news(since=datetime.now(UTC), after="evt_1")
        await http.close()
    offenders: list[str] = []
    for method, path, fields in desk.hooks:
        plain = re.sub(r"sessions/[^/]+", "sessions/{session}", path)
        for name, value in fields.items():
            parts = re.findall(r"[^\[\]]+", name)
            if method == "GET":
                said = "" if parts[0] in SPEC["queries"][f"GET {plain}"] else "is not described"
            else:
                said = unknown_to(SPEC["requests"][f"POST {plain}"], parts, value)
            offenders += [f"{method} {plain} {name}: {said}"] if said else []
    assert len(desk.hooks) == 7
    assert not offenders, offenders


def test_what_is_not_described_is_seen() -> None:
    refunds = SPEC["requests"]["POST /v1/refunds"]
    assert unknown_to(refunds, ["amount"], "many") == "'many' is no number"
    assert unknown_to(refunds, ["reason"], "whim").startswith("'whim' is none of")
    assert unknown_to(refunds, ["sum"], "1") == "sum is not described"
    assert unknown_to(refunds, ["metadata", "anything"], "1") == ""


def misfits(it: Json) -> list[str]:
    """List where an object is not what the specification requires of its kind."""
    name = str(it["object"])
    known = SPEC["objects"][name]
    found = [f"{name}.{one} is missing" for one in known["required"] if one not in it]
    found += [
        f"{name}.{one} is null" for one in known["required"] if it.get(one, "") is None and one not in known["nullable"]
    ]
    for one, value in it.items():
        if value is None or (name, one) in NEWER:
            continue
        kind = known["types"].get(one)
        if kind is not None and not isinstance(value, KINDS[kind]):
            found.append(f"{name}.{one} is no {kind}")
        if one in known["enums"] and value not in known["enums"][one]:
            found.append(f"{name}.{one}: {value!r} is none of {known['enums'][one]}")
    return found


def _data(event: Json) -> dict[str, Json]:
    return cast("dict[str, Json]", event["data"])


async def test_what_the_twin_answers_has_what_is_required_as_the_types_that_are_described() -> None:
    answers: list[Answered] = []
    config = TwinConfig()
    async with TwinServer(config, on_stripe_answer=answers.append) as server, TwinControl(server.url) as control:
        http = HttpClient()
        account = StripeAccount(secret_key=config.stripe_secret_key, webhook_secrets=(), api_base_url=server.url)
        ours, twin = StripePayments(account, http, clock=SystemClock()), TwinStripe(control)
        made = await ours.open_payment(_checkout())
        await twin.pay(made.session_id)
        paid = await ours.find_checkout(made.session_id)
        await ours.refund(_refund(paid.intent_id))
        other = await ours.open_payment(_checkout("k5"))
        await ours.expire_checkout(other.session_id, key="k4")
        await ours.list_news(since=datetime.now(UTC) - timedelta(hours=1))
        await http.close()
    said = [cast("Json", json.loads(one.content)) for one in answers if one.status == 200]
    pages = [cast("list[Json]", one["data"]) for one in said if one["object"] == "list"]
    listed = [one for page in pages for one in page]
    inside: list[Json] = [_data(one)["object"] for one in listed if one["object"] == "event"]
    objects = [one for one in (*said, *listed, *inside) if one.get("object") in SPEC["objects"]]
    assert {str(one["object"]) for one in objects} >= {"checkout.session", "refund", "event", "charge"}
    offenders = sorted({misfit for one in objects for misfit in misfits(one)})
    assert not offenders, offenders
