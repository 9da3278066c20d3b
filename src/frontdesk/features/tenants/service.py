"""The verbs of tenants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from frontdesk.features.tenants import queries
from frontdesk.features.tenants.hours import BusinessHours, from_json, say_when
from frontdesk.features.tenants.model import Setup, SetupStep, Tenant, checked
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a business is open, and when it opens next in its own words."""

    is_open: bool
    opens_at: str


async def get_tenant(tx: Transaction) -> Tenant:
    """Get the business the transaction speaks for; refuses one that is gone (`tenants.not_found`)."""
    tenant = await queries.find_tenant(tx)
    if tenant is None:
        raise Refused("tenants.not_found", "no such business", status=404)
    return tenant


async def find_tenant_by_slug(tx: Transaction, *, slug: str) -> Tenant | None:
    """Find the business that an address names; the transaction sees every business."""
    return await queries.find_by_slug(tx, slug=slug)


async def list_tenants(tx: Transaction) -> list[Tenant]:
    """List the businesses that the transaction may see, by name."""
    return await queries.list_tenants(tx)


async def create_tenant(tx: Transaction, tenant: Tenant, *, by: Actor) -> None:
    """Add a business; refuses a slug that is taken (`tenants.slug_taken`) and settings that cannot be."""
    if not await queries.insert_tenant(tx, checked(tenant)):
        raise Refused("tenants.slug_taken", f"a business named {tenant.slug} exists already", status=409)
    await audit.write_entry(tx, actor=by, action="tenants.created", subject=f"tenant:{tenant.id}")


async def update_tenant(tx: Transaction, tenant: Tenant, *, by: Actor, changed: list[str]) -> None:
    """Write a business's settings; `changed` names the fields for the audit log; refuses settings that cannot be."""
    await queries.update_tenant(tx, checked(tenant))
    await audit.write_entry(
        tx, actor=by, action="tenants.updated", subject=f"tenant:{tenant.id}", details={"fields": sorted(changed)}
    )


async def begin_setup(tx: Transaction) -> None:
    """Ask a new business for what it needs, from its hours on."""
    await queries.insert_setup(tx)


async def find_setup(tx: Transaction) -> Setup | None:
    """Find how far the business's first set-up has come; None for one that was never asked."""
    return await queries.find_setup(tx)


async def find_open_setup(tx: Transaction, *, among: Sequence[UUID]) -> UUID | None:
    """Find which of some businesses is not set up yet, the one begun last; the transaction sees all of them."""
    return await queries.find_open_setup(tx, among=list(among))


async def reach_step(tx: Transaction, *, step: SetupStep) -> None:
    """Note that a step of the first set-up is asked next; going back to an earlier one forgets nothing."""
    setup = await queries.find_setup(tx)
    order = list(SetupStep)
    if setup is not None and order.index(step) > order.index(setup.step):
        await queries.update_setup(tx, Setup(step=step, finished_at=None))


async def finish_setup(tx: Transaction) -> None:
    """Note that the first set-up is done."""
    await queries.update_setup(tx, Setup(step=SetupStep.TEST, finished_at=tx.now))


def describe_opening(tenant: Tenant, *, at: datetime) -> Opening:
    """Tell whether a business is open at a moment, and when it opens next ('tomorrow at 8 AM', empty if never)."""
    hours = _read_hours(tenant.hours, tenant.timezone)
    if hours.is_open(at):
        return Opening(is_open=True, opens_at="")
    opens = hours.next_opening(at)
    return Opening(is_open=False, opens_at="" if opens is None else say_when(opens, now=at, zone=tenant.timezone))


@lru_cache(maxsize=1024)
def _read_hours(document: str, zone: str) -> BusinessHours:
    return from_json(document, zone=zone)
