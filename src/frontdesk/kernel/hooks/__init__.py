"""Outgoing webhooks: who outside is told of what, signed, tried again, and written down."""

from frontdesk.kernel.hooks.deliveries import (
    get_delivery,
    list_deliveries,
    replay,
    replay_since,
    send_test,
)
from frontdesk.kernel.hooks.endpoints import (
    add_endpoint,
    change_endpoint,
    delete_endpoint,
    get_endpoint,
    list_endpoints,
    read_secret,
    rotate_secret,
)
from frontdesk.kernel.hooks.events import EVENTS, DeliveryExhausted, EndpointDisabled
from frontdesk.kernel.hooks.model import (
    MAX_ENDPOINTS,
    MAX_EVENT_NAMES,
    RETRY_AFTER,
    TEST_EVENT,
    Attempt,
    Claimed,
    Delivery,
    DeliveryStatus,
    Endpoint,
    Tried,
    after_failure,
    header_id,
    write_body,
)
from frontdesk.kernel.hooks.posting import Room, claim_due, feed, forget_deliveries, give_back, settle
from frontdesk.kernel.hooks.sealing import Sealer, Unreadable
from frontdesk.kernel.hooks.signing import new_secret, sign

__all__ = [
    "EVENTS",
    "MAX_ENDPOINTS",
    "MAX_EVENT_NAMES",
    "RETRY_AFTER",
    "TEST_EVENT",
    "Attempt",
    "Claimed",
    "Delivery",
    "DeliveryExhausted",
    "DeliveryStatus",
    "Endpoint",
    "EndpointDisabled",
    "Room",
    "Sealer",
    "Tried",
    "Unreadable",
    "add_endpoint",
    "after_failure",
    "change_endpoint",
    "claim_due",
    "delete_endpoint",
    "feed",
    "forget_deliveries",
    "get_delivery",
    "get_endpoint",
    "give_back",
    "header_id",
    "list_deliveries",
    "list_endpoints",
    "new_secret",
    "read_secret",
    "replay",
    "replay_since",
    "rotate_secret",
    "send_test",
    "settle",
    "sign",
    "write_body",
]
