"""The numbers we answer and send from, and whose each is."""

from frontdesk.features.senders.directory import NumberDirectory
from frontdesk.features.senders.model import (
    NumberType,
    RegistrationStatus,
    SendingNumber,
    WarmUp,
    daily_allowance,
    may_send_marketing,
    segments_per_second,
    why_no_marketing,
)
from frontdesk.features.senders.service import (
    NumberChange,
    NumberFilter,
    add_number,
    change_number,
    list_numbers,
    retire_number,
    take_back_number,
)

__all__ = [
    "NumberChange",
    "NumberDirectory",
    "NumberFilter",
    "NumberType",
    "RegistrationStatus",
    "SendingNumber",
    "WarmUp",
    "add_number",
    "change_number",
    "daily_allowance",
    "list_numbers",
    "may_send_marketing",
    "retire_number",
    "segments_per_second",
    "take_back_number",
    "why_no_marketing",
]
