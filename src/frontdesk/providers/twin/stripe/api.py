"""Stripe's HTTP API at the door: authentication, idempotency keys, operations, lists."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from aiohttp import web

from frontdesk.providers.twin.doorway import Asked, Declined, Doorway, Observer, Told
from frontdesk.providers.twin.stripe.errors import declined, invalid, missing, unknown
from frontdesk.providers.twin.stripe.forms import Tree, branch, leaf, read_tree, texts
from frontdesk.providers.twin.stripe.ledger import Ledger
from frontdesk.providers.twin.stripe.shapes import list_json, session_json
from frontdesk.providers.twin.stripe.state import Json, Remembered, StripeState
from frontdesk.providers.twin.world import World

ACCOUNT: Final = "stripe"
# Source: docs.stripe.com/api/checkout/sessions/create, expires_at: 30 minutes to 24 hours after creation.
_SHORTEST, _LONGEST = 1800, 86_400
_MOST_CENTS: Final = 99_999_999
_DEFAULT_PAGE, _LARGEST_PAGE = 10, 100
_REMEMBERED_STATUSES: Final = range(200, 300)

Endpoint: TypeAlias = Callable[[Asked, Tree], Told]


class Operation(StrEnum):
    """What a request asks for; faults and the journal name these."""

    SESSIONS_CREATE = "stripe.sessions.create"
    SESSIONS_FETCH = "stripe.sessions.fetch"
    SESSIONS_EXPIRE = "stripe.sessions.expire"
    REFUNDS_CREATE = "stripe.refunds.create"
    REFUNDS_LIST = "stripe.refunds.list"
    SUBSCRIPTIONS_FETCH = "stripe.subscriptions.fetch"
    INTENTS_FETCH = "stripe.intents.fetch"
    PORTAL_CREATE = "stripe.portal.create"
    EVENTS_LIST = "stripe.events.list"
    UNKNOWN = "stripe.unknown"


class StripeApi:
    """The routes under `/v1`."""

    def __init__(self, world: World, state: StripeState, ledger: Ledger, *, observer: Observer | None) -> None:
        self._world = world
        self._state = state
        self._ledger = ledger
        self._door = Doorway(world, declined, account=ACCOUNT, observer=observer)

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        table: list[tuple[str, str, Operation, Endpoint]] = [
            ("POST", "/v1/checkout/sessions", Operation.SESSIONS_CREATE, self._create_session),
            ("GET", "/v1/checkout/sessions/{id}", Operation.SESSIONS_FETCH, self._fetch_session),
            ("POST", "/v1/checkout/sessions/{id}/expire", Operation.SESSIONS_EXPIRE, self._expire_session),
            ("POST", "/v1/refunds", Operation.REFUNDS_CREATE, self._create_refund),
            ("GET", "/v1/refunds", Operation.REFUNDS_LIST, self._list_refunds),
            ("GET", "/v1/subscriptions/{id}", Operation.SUBSCRIPTIONS_FETCH, self._fetch_subscription),
            ("GET", "/v1/payment_intents/{id}", Operation.INTENTS_FETCH, self._fetch_intent),
            ("POST", "/v1/billing_portal/sessions", Operation.PORTAL_CREATE, self._open_portal),
            ("GET", "/v1/events", Operation.EVENTS_LIST, self._list_events),
            ("*", "/v1/{rest:.*}", Operation.UNKNOWN, _nothing_there),
        ]
        return [
            web.route(method, path, self._door.serve(what, self._admitted(how))) for method, path, what, how in table
        ]

    def _admitted(self, endpoint: Endpoint) -> Callable[[Asked], Told]:
        def answer(asked: Asked) -> Told:
            kind, _, key = asked.headers.get("Authorization", "").partition(" ")
            wanted = self._world.config.stripe_secret_key
            if kind.lower() != "bearer" or not hmac.compare_digest(key.strip().encode(), wanted.encode()):
                raise declined(401)
            self._ledger.close_late_sessions()
            return self._once(asked, endpoint)

        return answer

    def _once(self, asked: Asked, endpoint: Endpoint) -> Told:
        """Answer a key that was used before as it was answered before; with another body, refuse."""
        key = asked.headers.get("Idempotency-Key", "")
        request = repr(sorted(asked.parts.items())) + asked.body.decode(errors="replace")
        known = self._state.keys.get(key) if key else None
        if known is not None:
            if known.request != request:
                words = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                raise declined(400, kind="idempotency_error", words=words)
            replayed = {"Idempotent-Replayed": "true"}
            if known.status not in _REMEMBERED_STATUSES:
                raise Declined(known.status, known.document, headers=replayed)
            return Told(document=known.document, status=known.status, headers=replayed, effect=known.effect)
        told = endpoint(asked, read_tree(asked.body))
        if key:
            # As it was when it was made: what becomes of it later is no part of the answer.
            document = dict(told.document) if isinstance(told.document, dict) else told.document
            self._state.keys[key] = Remembered(
                request=request, status=told.status, document=document, effect=told.effect
            )
            return Told(document=document, status=told.status, effect=told.effect)
        return told

    def _create_session(self, _asked: Asked, form: Tree) -> Told:
        mode, success_url = leaf(form, "mode"), leaf(form, "success_url")
        if mode not in {"payment", "subscription"}:
            raise missing("mode") if not mode else invalid("mode", f"Invalid mode: {mode}")
        if not success_url:
            raise missing("success_url")
        price = branch(form, "line_items", "0", "price_data")
        if not price:
            raise missing("line_items")
        cents, currency = _positive(price, "unit_amount"), leaf(price, "currency")
        if not currency:
            raise missing("line_items[0][price_data][currency]")
        quantity = _positive(branch(form, "line_items", "0"), "quantity")
        now = self._ledger.now()
        expires_at = _positive(form, "expires_at") if leaf(form, "expires_at") else now + _LONGEST
        if not now + _SHORTEST <= expires_at <= now + _LONGEST:
            raise invalid("expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.")
        customer = leaf(form, "customer")
        if customer and customer not in self._state.customers:
            raise unknown("customer", customer)
        session_id = self._state.new_id("cs_test_")
        session = session_json(
            session_id,
            mode=mode,
            cents=cents * quantity,
            currency=currency,
            customer=customer or None,
            created=now,
            expires_at=expires_at,
            metadata=texts(branch(form, "metadata")),
            url=f"{self._world.base_url}/stripe/pay/{session_id}",
            success_url=success_url,
            cancel_url=leaf(form, "cancel_url"),
            reference=leaf(form, "client_reference_id"),
        )
        data = "payment_intent_data" if mode == "payment" else "subscription_data"
        self._ledger.notes[session_id] = texts(branch(form, data, "metadata"))
        if mode == "subscription":
            interval = leaf(price, "recurring", "interval")
            if interval not in {"month", "year"}:
                raise missing("line_items[0][price_data][recurring][interval]")
            self._ledger.prices[session_id] = self._ledger.new_price(cents=cents, currency=currency, interval=interval)
        self._state.sessions[session_id] = session
        return Told(document=session, effect=session_id)

    def _fetch_session(self, asked: Asked, _form: Tree) -> Told:
        return Told(document=self._ledger.find(self._state.sessions, "checkout.session", asked.parts["id"]))

    def _expire_session(self, asked: Asked, _form: Tree) -> Told:
        session = self._ledger.find(self._state.sessions, "checkout.session", asked.parts["id"])
        if session["status"] != "open":
            words = f'Only Checkout Sessions with a status in ["open"] can be expired; this one is {session["status"]}.'
            raise invalid("session", words)
        self._ledger.expire(session)
        return Told(document=session, effect=str(session["id"]))

    def _create_refund(self, _asked: Asked, form: Tree) -> Told:
        intent_id = leaf(form, "payment_intent")
        if not intent_id:
            raise missing("payment_intent")
        cents = _positive(form, "amount") if leaf(form, "amount") else None
        refund = self._ledger.refund(intent_id, cents=cents, metadata=texts(branch(form, "metadata")))
        return Told(document=refund, effect=str(refund["id"]))

    def _list_refunds(self, asked: Asked, _form: Tree) -> Told:
        intent_id = asked.query.get("payment_intent", "")
        rows = [one for one in self._state.refunds.values() if not intent_id or one["payment_intent"] == intent_id]
        return Told(document=_page(asked, rows, url="/v1/refunds"))

    def _fetch_subscription(self, asked: Asked, _form: Tree) -> Told:
        return Told(document=self._ledger.find(self._state.subscriptions, "subscription", asked.parts["id"]))

    def _fetch_intent(self, asked: Asked, _form: Tree) -> Told:
        return Told(document=self._ledger.find(self._state.intents, "payment_intent", asked.parts["id"]))

    def _open_portal(self, _asked: Asked, form: Tree) -> Told:
        customer = leaf(form, "customer")
        self._ledger.find(self._state.customers, "customer", customer)
        portal_id = self._state.new_id("bps_")
        document = {
            "id": portal_id,
            "object": "billing_portal.session",
            "configuration": "bpc_twin",
            "created": self._ledger.now(),
            "customer": customer,
            "livemode": False,
            "return_url": leaf(form, "return_url") or None,
            "url": f"{self._world.base_url}/stripe/portal/{customer}",
        }
        return Told(document=document, effect=portal_id)

    def _list_events(self, asked: Asked, _form: Tree) -> Told:
        since = int(asked.query.get("created[gte]", "0") or 0)
        rows = [one for one in self._state.events.values() if int(str(one["created"])) >= since]
        return Told(document=_page(asked, rows, url="/v1/events"))


def _page(asked: Asked, rows: Sequence[Json], *, url: str) -> Json:
    """Cut a page out of a list, newest first, that begins after the object that is named."""
    newest_first = list(reversed(rows))
    limit = min(int(asked.query.get("limit", str(_DEFAULT_PAGE))), _LARGEST_PAGE)
    after = asked.query.get("starting_after", "")
    if after:
        places = [place for place, row in enumerate(newest_first) if row["id"] == after]
        if not places:
            raise unknown("object", after)
        newest_first = newest_first[places[0] + 1 :]
    return list_json(newest_first[:limit], url=url, has_more=len(newest_first) > limit)


def _positive(form: Tree, name: str) -> int:
    text = leaf(form, name)
    if not text:
        raise missing(name)
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:12]) <= max(_MOST_CENTS, 10**11):
        raise invalid(name, f"Invalid integer: {text}")
    return int(text)


def _nothing_there(_asked: Asked, _form: Tree) -> Told:
    raise declined(404, words="Unrecognized request URL")
