"""Businesses and queued texts for tests of the worker."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.cli.bench.drain import ClosedLane
from frontdesk.features import contacts, delivery, senders, tenants
from frontdesk.wiring import Frontdesk
from tests.support.actors import TEST_ACTS


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
        person = await contacts.ensure_contact(tx, phone_e164=recipient)
        await delivery.request_text(
            tx,
            delivery.TextIntent(
                key=f"test:{recipient}",
                message_class=delivery.MessageClass.TRANSACTIONAL,
                cause="test",
                template="test",
                basis="the person asked for it",
                basis_at=tx.now,
                contact_id=person.id,
                recipient_e164=recipient,
                sender_e164=sender,
                provider="twilio",
                body="A word from Harbor Plumbing.",
                useful_until=tx.now + timedelta(hours=1),
            ),
            ClosedLane(),
        )
