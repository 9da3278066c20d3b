"""What happens at the pretended Stripe: pages are paid, declined or closed, money goes back, plans go on or end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from frontdesk.providers.twin.stripe.errors import invalid, unknown
from frontdesk.providers.twin.stripe.events import STRIPE_EVENT, Events, Posting
from frontdesk.providers.twin.stripe.shapes import (
    charge_json,
    customer_json,
    event_json,
    intent_json,
    invoice_json,
    price_json,
    refund_json,
    subscription_json,
)
from frontdesk.providers.twin.stripe.state import Json, StripeState
from frontdesk.providers.twin.wire import FaultKind
from frontdesk.providers.twin.world import World

_PERIODS: Final = {"month": timedelta(days=30), "year": timedelta(days=365)}
_REORDERS: Final = frozenset({FaultKind.REORDER})
VERSION: Final = "2026-10-28.endive"


class Ledger:
    """Changes objects and announces each change as Stripe does."""

    def __init__(self, world: World, state: StripeState, events: Events) -> None:
        self._world = world
        self._state = state
        self._events = events
        self.webhook_url = world.config.stripe_webhook_url
        # What goes along with the charge or plan of a session, and the price of the plan, until it is paid.
        self.notes: dict[str, Mapping[str, str]] = {}
        self.prices: dict[str, Json] = {}

    def now(self) -> int:
        """Tell Stripe's time in whole seconds, as all its objects do."""
        return int(self._world.now().timestamp())

    def find(self, kept: Mapping[str, Json], what: str, named: str) -> Json:
        """Find an object, or refuse."""
        found = kept.get(named)
        if found is None:
            raise unknown(what, named)
        return found

    def close_late_sessions(self) -> None:
        """Close pages whose time is over."""
        late = [one for one in self._state.sessions.values() if one["status"] == "open" and _end(one) <= self.now()]
        for session in late:
            self.expire(session)

    def expire(self, session: Json) -> None:
        """Close a page."""
        session.update(status="expired", url=None)
        self._announce(("checkout.session.expired", session))

    def pay(self, session: Json, *, card: str = "") -> None:
        """Let the card on a page be charged; `card` declined fails the try and leaves the page open."""
        if session["status"] != "open":
            raise invalid("session", "This page can no longer be paid.")
        if session["mode"] == "subscription":
            self._begin_plan(session)
            return
        intent = self._intent_of(session)
        charge_id = self._state.new_id("ch_")
        charge = charge_json(charge_id, intent=intent, created=self.now(), failure=card)
        self._state.charges[charge_id] = charge
        intent["latest_charge"] = charge_id
        if card:
            intent["last_payment_error"] = {"type": "card_error", "code": "card_declined", "decline_code": card}
            self._announce(("charge.failed", charge), ("payment_intent.payment_failed", intent))
            return
        intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
        session.update(status="complete", payment_status="paid", url=None)
        self._announce(
            ("charge.succeeded", charge),
            ("payment_intent.succeeded", intent),
            ("checkout.session.completed", session),
        )

    def refund(self, intent_id: str, *, cents: int | None, metadata: Mapping[str, str]) -> Json:
        """Give money of a payment back."""
        intent = self.find(self._state.intents, "payment_intent", intent_id)
        charge = self._state.charges.get(str(intent["latest_charge"]))
        if charge is None or intent["status"] != "succeeded":
            raise invalid("payment_intent", "This PaymentIntent does not have a successful charge to refund.")
        left = _cents(charge, "amount") - _cents(charge, "amount_refunded")
        wanted = left if cents is None else cents
        if not 0 < wanted <= left:
            raise invalid("amount", f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})")
        refund_id = self._state.new_id("re_")
        refund = refund_json(refund_id, charge=charge, cents=wanted, created=self.now(), metadata=metadata)
        self._state.refunds[refund_id] = refund
        total = _cents(charge, "amount_refunded") + wanted
        charge.update(amount_refunded=total, refunded=total == charge["amount"])
        self._announce(("refund.created", refund), ("charge.refunded", charge), ("refund.updated", refund))
        return refund

    def fail_refund(self, refund_id: str) -> None:
        """Let a bank send a refund back."""
        refund = self.find(self._state.refunds, "refund", refund_id)
        charge = self._state.charges[str(refund["charge"])]
        refund["status"] = "failed"
        charge.update(amount_refunded=_cents(charge, "amount_refunded") - _cents(refund, "amount"), refunded=False)
        self._announce(("refund.failed", refund), ("refund.updated", refund))

    def renew(self, subscription_id: str, *, is_paid: bool) -> None:
        """Begin a plan's next period; whether its bill was paid decides how it stands."""
        one = self.find(self._state.subscriptions, "subscription", subscription_id)
        item = _item(one)
        starts, length = _cents(item, "current_period_end"), _PERIODS[_interval(item)]
        item.update(current_period_start=starts, current_period_end=starts + int(length.total_seconds()))
        one["status"] = "active" if is_paid else "past_due"
        invoice = self._bill(one, is_paid=is_paid, reason="subscription_cycle")
        kind = "invoice.paid" if is_paid else "invoice.payment_failed"
        self._announce((kind, invoice), ("customer.subscription.updated", one))

    def end_plan(self, subscription_id: str, *, at_period_end: bool) -> None:
        """End a plan now, or let it run out."""
        one = self.find(self._state.subscriptions, "subscription", subscription_id)
        if at_period_end:
            one["cancel_at_period_end"] = True
            self._announce(("customer.subscription.updated", one))
            return
        one.update(status="canceled", canceled_at=self.now(), ended_at=self.now())
        self._announce(("customer.subscription.deleted", one))

    def _intent_of(self, session: Json) -> Json:
        """Find the Payment Intent of a session, which there is from the first try on."""
        known = session["payment_intent"]
        if isinstance(known, str):
            return self._state.intents[known]
        intent_id = self._state.new_id("pi_")
        intent = intent_json(
            intent_id,
            cents=_cents(session, "amount_total"),
            currency=str(session["currency"]),
            created=self.now(),
            metadata=self.notes.get(str(session["id"]), {}),
        )
        self._state.intents[intent_id] = intent
        session["payment_intent"] = intent_id
        return intent

    def _begin_plan(self, session: Json) -> None:
        customer_id = session["customer"]
        changes: list[tuple[str, Json]] = []
        if not isinstance(customer_id, str):
            customer_id = self._state.new_id("cus_")
            self._state.customers[customer_id] = customer_json(customer_id, created=self.now())
            changes.append(("customer.created", self._state.customers[customer_id]))
        session_id = str(session["id"])
        price = self.prices[session_id]
        length = _PERIODS[_interval({"price": price})]
        subscription_id = self._state.new_id("sub_")
        one = subscription_json(
            subscription_id,
            customer=customer_id,
            price=price,
            starts=self.now(),
            ends=self.now() + int(length.total_seconds()),
            item_id=self._state.new_id("si_"),
            metadata=self.notes.get(session_id, {}),
        )
        self._state.subscriptions[subscription_id] = one
        session.update(
            status="complete", payment_status="paid", url=None, customer=customer_id, subscription=subscription_id
        )
        invoice = self._bill(one, is_paid=True, reason="subscription_create")
        session["invoice"] = invoice["id"]
        self._announce(
            *changes,
            ("customer.subscription.created", one),
            ("invoice.paid", invoice),
            ("checkout.session.completed", session),
        )

    def _bill(self, one: Json, *, is_paid: bool, reason: str) -> Json:
        price = _price(_item(one))
        invoice_id = self._state.new_id("in_")
        invoice = invoice_json(
            invoice_id,
            subscription=one,
            cents=_cents(price, "unit_amount"),
            created=self.now(),
            is_paid=is_paid,
            reason=reason,
        )
        one["latest_invoice"] = invoice_id
        self._state.invoices[invoice_id] = invoice
        return invoice

    def new_price(self, *, cents: int, currency: str, interval: str) -> Json:
        """Make the price that a session names inline."""
        state = self._state
        return price_json(
            state.new_id("price_"),
            cents=cents,
            currency=currency,
            interval=interval,
            product=state.new_id("prod_"),
            created=self.now(),
        )

    def _announce(self, *changes: tuple[str, Json]) -> None:
        parcels = []
        for kind, document in changes:
            event_id = self._state.new_id("evt_")
            event = event_json(event_id, kind=kind, document=document, created=self.now(), version=VERSION)
            self._state.events[event_id] = event
            if self.webhook_url:
                parcels.append(
                    Posting(kind=STRIPE_EVENT, recipient=kind, url=self.webhook_url, token=event_id, event=event)
                )
        shuffled = self._world.faults.strike(_REORDERS, STRIPE_EVENT, "")
        if shuffled is not None:
            self._events.post_shuffled("stripe", parcels, shuffled.chance.randrange(1 << 30))
            return
        for parcel in parcels:
            self._events.post_in_line("stripe", parcel)


def _cents(it: Json, name: str) -> int:
    value = it[name]
    return value if isinstance(value, int) else 0


def _end(session: Json) -> int:
    return _cents(session, "expires_at")


def _item(one: Json) -> Json:
    items = one["items"]
    rows = items.get("data") if isinstance(items, dict) else None
    if not isinstance(rows, list) or not isinstance(rows[0], dict):
        raise TypeError("a subscription without an item")
    return rows[0]


def _price(item: Json) -> Json:
    price = item["price"]
    if not isinstance(price, dict):
        raise TypeError("an item without a price")
    return price


def _interval(item: Json) -> str:
    recurring = _price(item)["recurring"]
    return str(recurring["interval"]) if isinstance(recurring, dict) else "month"
