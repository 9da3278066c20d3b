"""What the control API and its client say to each other about payments."""

from __future__ import annotations

from frontdesk.providers.twin.wire import Order, Report


class WebhookOrder(Order, frozen=True, kw_only=True):
    """Where events are told."""

    url: str


class PayOrder(Order, frozen=True, kw_only=True):
    """A person pays on a page; with `decline_code` the card is declined."""

    session_id: str
    decline_code: str = ""


class SessionOrder(Order, frozen=True, kw_only=True):
    """A page's time is over."""

    session_id: str


class RefundBackOrder(Order, frozen=True, kw_only=True):
    """Money goes back by hand (0 cents: all that is left), or a refund fails at the bank."""

    intent_id: str = ""
    cents: int = 0
    failed_refund_id: str = ""


class PlanOrder(Order, frozen=True, kw_only=True):
    """A plan goes on to its next period, paid or not, or ends."""

    subscription_id: str
    is_paid: bool = True
    ends: bool = False
    at_period_end: bool = False


class StripeView(Report, frozen=True, kw_only=True):
    """Everything that the pretended company keeps, as its API would show it."""

    sessions: tuple[dict[str, object], ...]
    charges: tuple[dict[str, object], ...]
    refunds: tuple[dict[str, object], ...]
    subscriptions: tuple[dict[str, object], ...]
    events: tuple[dict[str, object], ...]
