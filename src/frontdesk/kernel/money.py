"""Money: every amount is a whole number of hundredths of its currency, so currencies divided otherwise are refused."""

from __future__ import annotations

# ISO 4217 by its minor units, and what the payment company counts otherwise (Stripe, "Currencies": zero-decimal,
# three-decimal and special cases).
OTHERWISE_DIVIDED = frozenset({
    "bif", "clp", "djf", "gnf", "isk", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "uyi", "vnd", "vuv", "xaf",
    "xof", "xpf", "bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd",
})  # fmt: skip


def has_cents(currency: str) -> bool:
    """Tell whether a currency (ISO 4217, in either case) is divided into hundredths: 2500 of it are 25.00."""
    return currency.lower() not in OTHERWISE_DIVIDED


def without_cents(currency: str) -> str:
    """Say why a currency is refused: 2500 of it would be paid as 2,500 or 2.5."""
    return f"{currency.upper()} is not divided into hundredths: use a currency that is, like USD or EUR"
