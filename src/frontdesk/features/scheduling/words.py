"""What people are told of their bookings, by text: who writes, what, when on their clock, and where to change it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
OPT_OUT = "Reply STOP to opt out."
MAX_NAME = 40


def say_time(moment: datetime, *, zone: str) -> str:
    """Say an instant on a zone's clock: "Tue, Nov 24 at 10:00 AM"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{say_day(moment, zone=zone)} at {say_clock(local)}"


def say_day(moment: datetime, *, zone: str) -> str:
    """Say the day of an instant on a zone's clock: "Tue, Nov 24"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{DAYS[local.weekday()]}, {MONTHS[local.month - 1]} {local.day}"


def say_clock(local: datetime) -> str:
    """Say the time of day that a moment shows: "10:00 AM"."""
    half, hour = divmod(local.hour, 12)
    return f"{hour or 12}:{local.minute:02} {('AM', 'PM')[half]}"


def confirmed(*, business: str, service: str, when: str, link: str) -> str:
    """Tell somebody that they are booked."""
    return f"{_cut(business)}: {_cut(service)} is booked for {when}. Details or changes: {link} {OPT_OUT}"


def moved(*, business: str, service: str, when: str, link: str) -> str:
    """Tell somebody that their booking has another time."""
    return f"{_cut(business)}: {_cut(service)} is now on {when}. Details or changes: {link}"


def called_off(*, business: str, service: str, when: str, link: str, deposit: str = "") -> str:
    """Tell somebody that their booking is off, and what becomes of its deposit."""
    told = f"{deposit} " if deposit else ""
    return f"{_cut(business)}: {_cut(service)} on {when} is called off. {told}Book another time: {link}"


def deposit_due(*, business: str, service: str, when: str, amount: str, until: str, link: str, terms: str) -> str:
    """Ask somebody for the deposit that books the time that is kept for them."""
    asked = f"{_cut(business)}: {_cut(service)} on {when} is kept for you until {until}."
    return f"{asked} It is booked once the deposit of {amount} is paid: {link} {terms}"


def deposit_terms(refund_hours: int | None) -> str:
    """Say what becomes of a deposit if its appointment is called off."""
    if refund_hours is None:
        return "The deposit is kept if you call the appointment off."
    if refund_hours == 0:
        return "The deposit goes back to you if you call off before the appointment begins."
    hours = "1 hour" if refund_hours == 1 else f"{refund_hours} hours"
    return f"The deposit goes back to you if you call off at least {hours} before; after that it is kept."


def say_amount(cents: int, currency: str) -> str:
    """Say a sum: "1,250.00 USD"."""
    return f"{cents / 100:,.2f} {currency.upper()}"


def reminder(*, business: str, service: str, when: str, link: str) -> str:
    """Remind somebody of their booking."""
    return f"{_cut(business)}: reminder, {_cut(service)} on {when}. Details or changes: {link} {OPT_OUT}"


def collided(*, business: str, service: str, when: str, others: Iterable[str], link: str) -> str:
    """Tell somebody that their time cannot be kept after all, and which others can be had."""
    free = ", ".join(others)
    offer = f"We could do {free}. " if free else ""
    return f"{_cut(business)}: we are sorry, {_cut(service)} on {when} cannot take place. {offer}Choose a time: {link}"


def came_free(*, business: str, service: str, when: str, until: str, link: str) -> str:
    """Tell somebody on the waiting list that a time came free and is kept for them."""
    return f"{_cut(business)}: {_cut(service)} on {when} came free and is kept for you until {until}. Book it: {link}"


def lost(*, business: str, service: str, when: str, others: Iterable[str], link: str) -> str:
    """Tell somebody who paid too late that the time is gone and the money goes back."""
    free = ", ".join(others)
    offer = f"We could do {free}. " if free else ""
    return (
        f"{_cut(business)}: your payment came after {_cut(service)} on {when} was gone; it is being refunded. "
        f"{offer}Choose a time: {link}"
    )


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 3].rstrip()}..."
