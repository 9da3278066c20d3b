"""The outbox: facts written in the transaction that made them, handed to their handlers at least once."""

from frontdesk.kernel.events import Event
from frontdesk.kernel.outbox.catalogue import Catalogue, MalformedEvent, UnknownEvent, encode
from frontdesk.kernel.outbox.dispatcher import Dispatcher
from frontdesk.kernel.outbox.flush import flush_with
from frontdesk.kernel.outbox.handlers import Handler, Handlers, NewsOf, on
from frontdesk.kernel.outbox.store import OutboxRow, read_feed, write_announced

__all__ = [
    "Catalogue",
    "Dispatcher",
    "Event",
    "Handler",
    "Handlers",
    "MalformedEvent",
    "NewsOf",
    "OutboxRow",
    "UnknownEvent",
    "encode",
    "flush_with",
    "on",
    "read_feed",
    "write_announced",
]
