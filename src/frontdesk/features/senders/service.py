"""The verbs of senders."""

from __future__ import annotations

from frontdesk.features.senders import queries
from frontdesk.features.senders.model import SendingNumber
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id


async def add_number(tx: Transaction, *, phone_e164: str, provider: str, messaging_service: str = "") -> SendingNumber:
    """Give a number to the transaction's tenant; refuses one that is taken (`senders.number_taken`)."""
    number = SendingNumber(
        id=new_id(),
        tenant_id=tx.tenant,
        phone_e164=phone_e164,
        provider=provider,
        messaging_service=messaging_service,
        texting_allowed=True,
        texting_blocked_reason="",
        created_at=tx.now,
    )
    if not await queries.insert_number(tx, number):
        raise Refused("senders.number_taken", f"{phone_e164} belongs to a business already", status=409)
    return number


async def find_number(tx: Transaction, *, phone_e164: str) -> SendingNumber | None:
    """Find one of our numbers."""
    return await queries.find_number(tx, phone_e164=phone_e164)


async def list_numbers(tx: Transaction) -> list[SendingNumber]:
    """List the tenant's numbers, oldest first."""
    return await queries.list_numbers(tx)
