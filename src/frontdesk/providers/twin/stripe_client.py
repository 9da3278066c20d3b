"""A client of the control API's part for payments."""

from __future__ import annotations

from frontdesk.providers.twin.client import TwinControl
from frontdesk.providers.twin.stripe_wire import (
    PayOrder,
    PlanOrder,
    RefundBackOrder,
    SessionOrder,
    StripeView,
    WebhookOrder,
)


class TwinStripe:
    """Speaks to the pretended Stripe of one twin, over a control client that stays its owner's."""

    def __init__(self, twin: TwinControl) -> None:
        self._twin = twin

    async def look(self) -> StripeView:
        """Look at everything."""
        return await self._twin.ask("GET", "/stripe", StripeView)

    async def tell(self, url: str) -> None:
        """Say where events are told; empty tells nobody."""
        await self._twin.ask("POST", "/stripe/webhook", StripeView, order=WebhookOrder(url=url))

    async def pay(self, session_id: str, *, decline_code: str = "") -> StripeView:
        """Let a person pay, or have the card declined."""
        order = PayOrder(session_id=session_id, decline_code=decline_code)
        return await self._twin.ask("POST", "/stripe/pay", StripeView, order=order)

    async def expire(self, session_id: str) -> StripeView:
        """Close a page as its time being over does."""
        return await self._twin.ask("POST", "/stripe/expire", StripeView, order=SessionOrder(session_id=session_id))

    async def give_back(self, order: RefundBackOrder) -> StripeView:
        """Give money back by hand, or let a bank send a refund back."""
        return await self._twin.ask("POST", "/stripe/refunds", StripeView, order=order)

    async def change_plan(self, order: PlanOrder) -> StripeView:
        """Let a plan go on, paid or not, or end."""
        return await self._twin.ask("POST", "/stripe/plans", StripeView, order=order)
