"""Businesses and queued texts for tests of the worker."""

from __future__ import annotations

from frontdesk.cli.bench.drain import ClosedLane
from frontdesk.features import senders, tenants
from frontdesk.wiring import Frontdesk
from tests.support.actors import TEST_ACTS
from tests.support.wishes import ask_for_text


async def add_business(parts: Frontdesk, tenant: tenants.Tenant, number: str) -> None:
    """Add a business with one number."""
    async with parts.system.transaction(tenant.id) as tx:
        await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
        await senders.add_number(tx, phone_e164=number, provider="twilio")


async def queue_text(parts: Frontdesk, *, slug: str, sender: str, recipient: str) -> None:
    """Ask for a text that waits for a worker."""
    async with parts.system.transaction() as tx:
        tenant = next(one for one in await tenants.list_tenants(tx) if one.slug == slug)
    async with parts.app.transaction(tenant.id) as tx:
        await ask_for_text(tx, ClosedLane(), recipient_e164=recipient, sender_e164=sender)
