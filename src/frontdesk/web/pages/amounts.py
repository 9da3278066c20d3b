"""Amounts of money as people type them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

CENTS = 100


def read_cents(text: str, *, most: int) -> int | None:
    """Read an amount like 25, 49.90 or $1,250, in cents; None for what is none, splits a cent or is over `most`."""
    try:
        amount = Decimal(text.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= Decimal(most) / CENTS:
        return None
    cents = amount * CENTS
    return int(cents) if cents == int(cents) else None


def write_cents(cents: int | None) -> str:
    """Write cents as a person types them; nothing for none."""
    return "" if cents is None else f"{cents / CENTS:.2f}"
