"""How times, numbers and states are written on our pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

STATUS_WORDS = {
    "queued": "waiting",
    "posting": "sending",
    "unknown": "checking",
    "accepted": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "undelivered": "not delivered",
    "failed": "failed",
    "blocked": "not sent",
    "dropped": "not sent",
    "canceled": "canceled",
}
NORTH_AMERICAN_LENGTH = len("+12065550100")


def clock_time(at: datetime, zone: str, *, millis: bool = False) -> str:
    """Write the time of day in a zone, 14:03:07, with milliseconds if asked for."""
    local = at.astimezone(ZoneInfo(zone))
    return local.strftime("%H:%M:%S") + (f".{local.microsecond // 1000:03}" if millis else "")


def day_words(at: datetime, zone: str, now: datetime) -> str:
    """Write a day in a zone as a person would: Today, Yesterday, Tue 14 Nov."""
    local, today = at.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()
    if local == today:
        return "Today"
    if local == today - timedelta(days=1):
        return "Yesterday"
    return f"{local:%a} {local.day} {local:%b}" + (f" {local.year}" if local.year != today.year else "")


def milliseconds(span: float) -> str:
    """Write milliseconds: 4.2 ms, 212 ms, 3.4 s."""
    if span < 10:  # noqa: PLR2004 - below that a decimal tells something
        return f"{span:.1f} ms"
    return f"{span:.0f} ms" if span < 1000 else f"{span / 1000:.1f} s"  # noqa: PLR2004 - a second


def phone_words(phone_e164: str) -> str:
    """Write a number as people read it; North American ones are grouped, none is a hidden one."""
    if not phone_e164:
        return "Hidden number"
    if phone_e164.startswith("+1") and len(phone_e164) == NORTH_AMERICAN_LENGTH:
        return f"({phone_e164[2:5]}) {phone_e164[5:8]}-{phone_e164[8:]}"
    return phone_e164


def status_words(status: str) -> str:
    """Write a send job's state in a word or two."""
    return STATUS_WORDS.get(status, status)


def count_words(count: int) -> str:
    """Write a count as people read it: 12,345."""
    return f"{count:,}"


def money_words(cents: Decimal) -> str:
    """Write cents as dollars: $1,234.50; what is less than a cent keeps its digits, $0.0083."""
    if 0 < cents < 1:
        return f"${cents / 100:.4f}"
    return f"${cents / 100:,.2f}"


def moment_words(at: datetime, zone: str, now: datetime) -> str:
    """Write a moment in a zone as a person would: Today 14:03, Tue 14 Nov 10:00."""
    return f"{day_words(at, zone, now)} {at.astimezone(ZoneInfo(zone)):%H:%M}"


def size_words(size: int) -> str:
    """Write a size in bytes as people read it: 314 bytes, 12 KB, 3.4 MB."""
    if size < 1024:  # noqa: PLR2004 - a kilobyte
        return f"{size} bytes"
    return f"{size / 1024:.0f} KB" if size < 1024**2 else f"{size / 1024**2:.1f} MB"
