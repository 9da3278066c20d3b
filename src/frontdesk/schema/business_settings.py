"""What a business and its numbers are allowed: budgets, registrations, rates, warm-up."""

from __future__ import annotations

BUSINESS_SETTINGS: tuple[str, ...] = ()
