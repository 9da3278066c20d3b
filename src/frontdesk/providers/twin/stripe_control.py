"""The control API's part for payments: what people, banks and the company do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import msgspec
from aiohttp import web

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.stripe.api import Operation
from frontdesk.providers.twin.stripe.company import Stripe
from frontdesk.providers.twin.stripe.events import STRIPE_EVENT
from frontdesk.providers.twin.stripe_wire import PayOrder, PlanOrder, RefundBackOrder, SessionOrder, WebhookOrder

Endpoint: TypeAlias = Callable[[web.Request], Awaitable[object]]
_T = TypeVar("_T")
TARGETS = frozenset({*Operation, STRIPE_EVENT})


class StripeControl:
    """Answers the control API for payments."""

    def __init__(self, stripe: Stripe) -> None:
        self._stripe = stripe

    def table(self) -> list[tuple[str, str, Endpoint]]:
        """List the endpoints."""
        return [
            ("GET", "/stripe", self._look),
            ("POST", "/stripe/webhook", self._set_webhook),
            ("POST", "/stripe/pay", self._pay),
            ("POST", "/stripe/expire", self._expire),
            ("POST", "/stripe/refunds", self._give_back),
            ("POST", "/stripe/plans", self._change_plan),
        ]

    def reset(self) -> None:
        """Return to the first moment."""
        self._stripe.reset()

    async def _look(self, _request: web.Request) -> object:
        return self._stripe.view()

    async def _set_webhook(self, request: web.Request) -> object:
        self._stripe.set_webhook((await _order(request, WebhookOrder)).url)
        return self._stripe.view()

    async def _pay(self, request: web.Request) -> object:
        return self._stripe.pay(await _order(request, PayOrder))

    async def _expire(self, request: web.Request) -> object:
        return self._stripe.expire((await _order(request, SessionOrder)).session_id)

    async def _give_back(self, request: web.Request) -> object:
        return self._stripe.give_back(await _order(request, RefundBackOrder))

    async def _change_plan(self, request: web.Request) -> object:
        return self._stripe.change_plan(await _order(request, PlanOrder))


async def _order(request: web.Request, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise Refused("twin.order_invalid", str(error), status=422) from error
