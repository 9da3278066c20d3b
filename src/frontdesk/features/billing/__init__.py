"""Payments, refunds and plans: each asked for once, and told of in whatever order the payment company likes."""

from frontdesk.features.billing.cashier import Cashier
from frontdesk.features.billing.jobs import Replayed, as_webhook, replay_after_silence, replay_news, take_in_news
from frontdesk.features.billing.model import (
    BY_HAND,
    Interval,
    Payment,
    PaymentRequest,
    PaymentStatus,
    Plan,
    Refund,
    RefundStatus,
    Subscription,
    SubscriptionStatus,
)
from frontdesk.features.billing.service.linking import Link, follow_link
from frontdesk.features.billing.service.planning import (
    find_subscription,
    get_plan,
    list_plans,
    put_plan,
    subscribe,
)
from frontdesk.features.billing.service.replaying import forget_nobodys_news, order_replay
from frontdesk.features.billing.service.requesting import (
    cancel_payment,
    find_payment,
    find_payment_for,
    get_payment,
    list_payments,
    list_refunds,
    refund_payment,
    refuse_unpayable,
    request_payment,
)

__all__ = [
    "BY_HAND",
    "Cashier",
    "Interval",
    "Link",
    "Payment",
    "PaymentRequest",
    "PaymentStatus",
    "Plan",
    "Refund",
    "RefundStatus",
    "Replayed",
    "Subscription",
    "SubscriptionStatus",
    "as_webhook",
    "cancel_payment",
    "find_payment",
    "find_payment_for",
    "find_subscription",
    "follow_link",
    "forget_nobodys_news",
    "get_payment",
    "get_plan",
    "list_payments",
    "list_plans",
    "list_refunds",
    "order_replay",
    "put_plan",
    "refund_payment",
    "refuse_unpayable",
    "replay_after_silence",
    "replay_news",
    "request_payment",
    "subscribe",
    "take_in_news",
]
