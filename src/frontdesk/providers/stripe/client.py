"""Ask Stripe for pay pages, refunds, plans and events; one call is one request, under a key of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from frontdesk.kernel.clock import Clock
from frontdesk.ports.payments import (
    CheckoutNews,
    NewsPage,
    PaymentCheckoutOrder,
    PaymentNews,
    RefundNews,
    RefundOrder,
    SubscriptionCheckoutOrder,
    SubscriptionNews,
)
from frontdesk.providers.http import HttpClient, HttpFailure, HttpResponse, Origin
from frontdesk.providers.stripe.account import API_VERSION, StripeAccount
from frontdesk.providers.stripe.errors import PROVIDER, error_from_failure, error_from_reply, unreadable
from frontdesk.providers.stripe.reading import (
    OUR_PAYMENT,
    OUR_REFUND,
    OUR_SUBSCRIPTION,
    read_checkout,
    read_refund,
    read_subscription,
)
from frontdesk.providers.stripe.signature import read_event

PAGE_SIZE = 100
MAX_ANSWER_BYTES = 16 * 1024 * 1024  # a page of a hundred events, each with its object
DEADLINE_SECONDS = 20.0
RETURNED = "?done=1"  # so that whoever has paid is not led to the pay page again

_SESSIONS, _REFUNDS, _EVENTS = "/v1/checkout/sessions", "/v1/refunds", "/v1/events"
_SUBSCRIPTIONS, _PORTAL = "/v1/subscriptions", "/v1/billing_portal/sessions"
_SUCCESSES = range(200, 300)


class _List(msgspec.Struct, frozen=True):
    data: list[dict[str, object]]
    has_more: bool = False


class _RawList(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]
    has_more: bool = False


class _Portal(msgspec.Struct, frozen=True):
    url: str


_object = msgspec.json.Decoder(dict[str, object])
_list = msgspec.json.Decoder(_List)
_raw_list = msgspec.json.Decoder(_RawList)
_portal = msgspec.json.Decoder(_Portal)


class StripePayments:
    """Stripe as a PaymentProvider, for one account; `http` is shared and closed by its owner."""

    name = PROVIDER

    def __init__(self, account: StripeAccount, http: HttpClient, *, clock: Clock) -> None:
        if urlsplit(account.api_base_url).path not in {"", "/"}:
            raise ValueError("api_base_url is an origin, without a path")
        self._http = http
        self._clock = clock
        self._origin = Origin.parse(account.api_base_url)
        self._headers = (
            ("Authorization", account.authorization),
            ("Accept", "application/json"),
            ("User-Agent", "frontdesk"),
            ("Stripe-Version", API_VERSION),
        )

    async def open_payment(self, order: PaymentCheckoutOrder) -> CheckoutNews:
        """Make a Checkout Session in payment mode; our ids go along with it and with its charge."""
        fields = {
            "mode": "payment",
            "client_reference_id": str(order.payment_id),
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": order.currency,
            "line_items[0][price_data][unit_amount]": str(order.amount_cents),
            "line_items[0][price_data][product_data][name]": order.description,
            "expires_at": _seconds(order.expires_at),
            "success_url": order.return_url + RETURNED,
            "cancel_url": order.return_url,
            f"metadata[{OUR_PAYMENT}]": str(order.payment_id),
            "metadata[tenant_id]": str(order.tenant_id),
            f"payment_intent_data[metadata][{OUR_PAYMENT}]": str(order.payment_id),
            "payment_intent_data[metadata][tenant_id]": str(order.tenant_id),
        }
        return self._checkout(await self._post(_SESSIONS, fields, key=order.key))

    async def open_subscription(self, order: SubscriptionCheckoutOrder) -> CheckoutNews:
        """Make a Checkout Session in subscription mode; our ids go along with it and with its subscription."""
        fields = {
            "mode": "subscription",
            "client_reference_id": str(order.subscription_id),
            "line_items[0][quantity]": "1",
            "expires_at": _seconds(order.expires_at),
            "success_url": order.return_url + RETURNED,
            "cancel_url": order.return_url,
            f"metadata[{OUR_SUBSCRIPTION}]": str(order.subscription_id),
            "metadata[tenant_id]": str(order.tenant_id),
            f"subscription_data[metadata][{OUR_SUBSCRIPTION}]": str(order.subscription_id),
            "subscription_data[metadata][tenant_id]": str(order.tenant_id),
        }
        if order.price_id:
            fields["line_items[0][price]"] = order.price_id
        else:
            fields["line_items[0][price_data][currency]"] = order.currency
            fields["line_items[0][price_data][unit_amount]"] = str(order.amount_cents)
            fields["line_items[0][price_data][recurring][interval]"] = order.interval
            fields["line_items[0][price_data][product_data][name]"] = order.name
        if order.customer_id:
            fields["customer"] = order.customer_id
        return self._checkout(await self._post(_SESSIONS, fields, key=order.key))

    async def expire_checkout(self, session_id: str, *, key: str) -> CheckoutNews:
        """Close a Checkout Session; Stripe refuses one that is complete or expired."""
        return self._checkout(await self._post(f"{_SESSIONS}/{quote(session_id, safe='')}/expire", {}, key=key))

    async def find_checkout(self, session_id: str) -> CheckoutNews:
        """Look at a Checkout Session."""
        return self._checkout(await self._get(f"{_SESSIONS}/{quote(session_id, safe='')}"), may_repeat=True)

    async def refund(self, order: RefundOrder) -> RefundNews:
        """Refund a payment, in whole or in part."""
        fields = {
            "payment_intent": order.intent_id,
            "amount": str(order.amount_cents),
            f"metadata[{OUR_REFUND}]": str(order.refund_id),
            f"metadata[{OUR_PAYMENT}]": str(order.payment_id),
        }
        news = read_refund(_read(await self._post(_REFUNDS, fields, key=order.key), may_repeat=False))
        if not news.refund_id:
            raise unreadable(may_repeat=False)
        return news

    async def list_refunds(self, intent_id: str) -> Sequence[RefundNews]:
        """List the refunds of a payment; more than a hundred of one payment are not read."""
        reply = await self._get(f"{_REFUNDS}?{urlencode({'payment_intent': intent_id, 'limit': PAGE_SIZE})}")
        try:
            return [read_refund(one) for one in _list.decode(reply.body).data]
        except msgspec.MsgspecError as error:
            raise unreadable(may_repeat=True) from error

    async def find_subscription(self, subscription_id: str) -> SubscriptionNews:
        """Look at a subscription."""
        reply = await self._get(f"{_SUBSCRIPTIONS}/{quote(subscription_id, safe='')}")
        news = read_subscription(_read(reply, may_repeat=True))
        if not news.subscription_id:
            raise unreadable(may_repeat=True)
        return news

    async def open_portal(self, customer_id: str, *, return_url: str) -> str:
        """Make a page of the customer portal; a second one does no harm, so it has no key."""
        reply = await self._post(_PORTAL, {"customer": customer_id, "return_url": return_url}, key="")
        try:
            return _portal.decode(reply.body).url
        except msgspec.MsgspecError as error:
            raise unreadable(may_repeat=True) from error

    async def list_news(self, *, since: datetime, after: str = "") -> NewsPage:
        """List a page of events since a moment, newest first; Stripe keeps them for 30 days."""
        wanted = {"created[gte]": _seconds(since), "limit": str(PAGE_SIZE)}
        if after:
            wanted["starting_after"] = after
        reply = await self._get(f"{_EVENTS}?{urlencode(wanted)}")
        try:
            page = _raw_list.decode(reply.body)
        except msgspec.MsgspecError as error:
            raise unreadable(may_repeat=True) from error
        news: list[PaymentNews] = []
        for raw in page.data:
            one = read_event(bytes(raw))
            if one is None:
                raise unreadable(may_repeat=True)
            news.append(one)
        return NewsPage(news=news, has_more=page.has_more)

    def _checkout(self, reply: HttpResponse, *, may_repeat: bool = False) -> CheckoutNews:
        news = read_checkout(_read(reply, may_repeat=may_repeat))
        if not news.session_id:
            raise unreadable(may_repeat=may_repeat)
        return news

    async def _post(self, target: str, fields: Mapping[str, str], *, key: str) -> HttpResponse:
        headers = (
            *self._headers,
            ("Content-Type", "application/x-www-form-urlencoded"),
            *([("Idempotency-Key", key)] if key else []),
        )
        try:
            reply = await self._http.request(
                method="POST",
                origin=self._origin,
                target=target,
                headers=headers,
                body=urlencode(fields).encode(),
                deadline_seconds=DEADLINE_SECONDS,
            )
        except HttpFailure as failure:
            raise error_from_failure(failure, may_repeat=False) from failure
        if reply.status not in _SUCCESSES:
            raise error_from_reply(reply, now=self._clock.now(), may_repeat=False)
        return reply

    async def _get(self, target: str) -> HttpResponse:
        try:
            reply = await self._http.request(
                method="GET",
                origin=self._origin,
                target=target,
                headers=self._headers,
                max_response_bytes=MAX_ANSWER_BYTES,
                deadline_seconds=DEADLINE_SECONDS,
            )
        except HttpFailure as failure:
            raise error_from_failure(failure, may_repeat=True) from failure
        if reply.status not in _SUCCESSES:
            raise error_from_reply(reply, now=self._clock.now(), may_repeat=True)
        return reply


def _read(reply: HttpResponse, *, may_repeat: bool) -> Mapping[str, object]:
    try:
        return _object.decode(reply.body)
    except msgspec.MsgspecError as error:
        raise unreadable(may_repeat=may_repeat) from error


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
