"""What a business may spend on texts, and what it has."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries import budgets
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


async def get_budget(tx: Transaction) -> budgets.Budget:
    """Get the limits of the tenant and what is reserved, in cents, today and this month in its own zone."""
    found = await budgets.find_budget(tx)
    if found is None:
        raise Refused("tenants.not_found", "no such business", status=404)
    return found


async def price_segments(tx: Transaction, places: Sequence[tuple[str, str]]) -> list[Decimal | None]:
    """Tell what a segment costs in cents now, by provider and recipient's number; None where no price is known."""
    asked = [(provider, country_of(phone)) for provider, phone in places]
    prices = await budgets.list_prices(tx, asked)
    return [prices.get(one) for one in asked]


async def correct_spent(tx: Transaction, *, daily_spent_cents: Decimal, by: Actor) -> budgets.Budget:
    """Correct what counts as spent today, such as after a test that was not charged; audited."""
    before = await get_budget(tx)
    await budgets.put_spent(tx, daily_spent_cents=daily_spent_cents)
    await audit.write_entry(
        tx,
        actor=by,
        action="budgets.corrected",
        subject=f"tenant:{tx.tenant}",
        details={"before_cents": str(before.daily_spent_cents), "after_cents": str(daily_spent_cents)},
    )
    return await get_budget(tx)
