"""Stripe as a whole: its parts put together, and what the control API may do with it."""

from __future__ import annotations

from aiohttp import web

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.doorway import Declined, Observer
from frontdesk.providers.twin.stripe.api import StripeApi
from frontdesk.providers.twin.stripe.events import EventObserver, Events
from frontdesk.providers.twin.stripe.ledger import Ledger
from frontdesk.providers.twin.stripe.page import PayPages
from frontdesk.providers.twin.stripe.state import Json, StripeState
from frontdesk.providers.twin.stripe_wire import PayOrder, PlanOrder, RefundBackOrder, StripeView
from frontdesk.providers.twin.world import World


class Stripe:
    """Stripe in the twin."""

    def __init__(
        self, world: World, *, on_answer: Observer | None = None, on_webhook: EventObserver | None = None
    ) -> None:
        self.state = StripeState()
        self._events = Events(world, secret=world.config.stripe_webhook_secret, observer=on_webhook)
        self._ledger = Ledger(world, self.state, self._events)
        self._api = StripeApi(world, self.state, self._ledger, observer=on_answer)
        self._pages = PayPages(self.state, self._ledger)

    def routes(self) -> list[web.RouteDef]:
        """List the routes of the pretended API and its pages."""
        return [*self._api.routes(), *self._pages.routes()]

    async def close(self) -> None:
        """Close its connections to us."""
        await self._events.close()

    def reset(self) -> None:
        """Forget all traffic."""
        self._events.forget_lines()
        self.state.clear()

    def set_webhook(self, url: str) -> None:
        """Say where events are told; empty tells nobody."""
        self._ledger.webhook_url = url

    def pay(self, order: PayOrder) -> StripeView:
        """Let a person pay on a page, or have the card declined; refuses `twin.session_unknown`, `twin.not_payable`."""
        session = self._session(order.session_id)
        try:
            self._ledger.pay(session, card=order.decline_code)
        except Declined as refusal:
            raise Refused("twin.not_payable", "this page can no longer be paid", status=409) from refusal
        return self.view()

    def expire(self, session_id: str) -> StripeView:
        """Close a page as its time being over does."""
        self._ledger.expire(self._session(session_id))
        return self.view()

    def give_back(self, order: RefundBackOrder) -> StripeView:
        """Give money back by hand at the company, or let a bank send a refund back."""
        try:
            if order.failed_refund_id:
                self._ledger.fail_refund(order.failed_refund_id)
            else:
                self._ledger.refund(order.intent_id, cents=order.cents or None, metadata={})
        except Declined as refusal:
            raise Refused("twin.not_refundable", "there is no such money to give back", status=409) from refusal
        return self.view()

    def change_plan(self, order: PlanOrder) -> StripeView:
        """Let a plan go on to its next period, paid or not, or end."""
        try:
            if order.ends:
                self._ledger.end_plan(order.subscription_id, at_period_end=order.at_period_end)
            else:
                self._ledger.renew(order.subscription_id, is_paid=order.is_paid)
        except Declined as refusal:
            raise Refused("twin.plan_unknown", "there is no such subscription", status=404) from refusal
        return self.view()

    def view(self) -> StripeView:
        """Show everything that it keeps."""
        return StripeView(
            sessions=tuple(self.state.sessions.values()),
            charges=tuple(self.state.charges.values()),
            refunds=tuple(self.state.refunds.values()),
            subscriptions=tuple(self.state.subscriptions.values()),
            events=tuple(self.state.events.values()),
        )

    def _session(self, session_id: str) -> Json:
        session = self.state.sessions.get(session_id)
        if session is None:
            raise Refused("twin.session_unknown", f"there is no session {session_id}", status=404)
        return session
