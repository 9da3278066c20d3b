"""The numbers we answer and send from, and whose each is."""

from frontdesk.features.senders.directory import NumberDirectory
from frontdesk.features.senders.model import SendingNumber
from frontdesk.features.senders.service import add_number, list_numbers

__all__ = ["NumberDirectory", "SendingNumber", "add_number", "list_numbers"]
