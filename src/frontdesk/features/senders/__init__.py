"""The numbers we answer and send from, and whose each is."""

from frontdesk.features.senders.carriers import (
    CARRIER_ZONE,
    WHOLE,
    Brand,
    campaign_segments_per_second,
    carrier_day,
    next_carrier_day,
    segments_a_day,
)
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
from frontdesk.features.senders.service.brands import get_brand, list_brands, put_brand
from frontdesk.features.senders.service.numbers import (
    NumberChange,
    NumberFilter,
    add_number,
    change_number,
    list_numbers,
    retire_number,
    take_back_number,
)

__all__ = [
    "CARRIER_ZONE",
    "WHOLE",
    "Brand",
    "NumberChange",
    "NumberDirectory",
    "NumberFilter",
    "NumberType",
    "RegistrationStatus",
    "SendingNumber",
    "WarmUp",
    "add_number",
    "campaign_segments_per_second",
    "carrier_day",
    "change_number",
    "daily_allowance",
    "get_brand",
    "list_brands",
    "list_numbers",
    "may_send_marketing",
    "next_carrier_day",
    "put_brand",
    "retire_number",
    "segments_a_day",
    "segments_per_second",
    "take_back_number",
    "why_no_marketing",
]
