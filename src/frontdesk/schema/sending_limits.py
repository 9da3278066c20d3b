"""What bounds sending at scale: prices, budgets, rates, and the columns of send jobs that serve them."""

from __future__ import annotations

SENDING_LIMITS: tuple[str, ...] = ()
