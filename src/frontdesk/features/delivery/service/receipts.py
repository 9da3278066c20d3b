"""Receipts: what a carrier says became of a text, in whatever order it says it."""

from __future__ import annotations

from frontdesk.features.delivery.events import CarrierReportedOptOut, TextGivenUp, TextProgressed
from frontdesk.features.delivery.model import MessageClass
from frontdesk.features.delivery.queries import doubt
from frontdesk.features.delivery.retry import RECEIPT_TO_STATUS
from frontdesk.kernel.db import Transaction
from frontdesk.ports import ReceiptStatus, TextReceipt

OPT_OUT_CODES = frozenset({"21610", "40300"})


async def take_receipt(tx: Transaction, receipt: TextReceipt) -> bool:
    """Move the text a receipt speaks of, never backwards; False if it speaks of none that we know.

    A receipt also settles a text whose POST was in doubt: it could not exist if the carrier had not taken it.
    """
    failed = receipt.status in (ReceiptStatus.FAILED, ReceiptStatus.UNDELIVERED)
    opted_out = failed and receipt.error_code in OPT_OUT_CODES
    taken = await doubt.take_receipt(
        tx,
        provider=receipt.provider,
        provider_message_id=receipt.provider_message_id,
        reference=receipt.reference,
        status=RECEIPT_TO_STATUS[receipt.status],
        error_code=receipt.error_code,
        reason=("Consent" if opted_out else "Provider error") if failed else "",
    )
    if taken is None:
        return False
    if taken.status is not taken.was and taken.message_class != MessageClass.MARKETING.value:
        tx.announce(
            TextProgressed(job_id=taken.job_id, status=taken.status.value, code=receipt.error_code),
            tenant_id=taken.tenant_id,
            correlation_id=taken.correlation_id,
        )
    if taken.status is not taken.was and failed and not opted_out:
        tx.announce(
            TextGivenUp(
                job_id=taken.job_id,
                recipient_e164=taken.recipient_e164,
                message_class=taken.message_class,
                reason=receipt.error_code or taken.status.value,
            ),
            tenant_id=taken.tenant_id,
            correlation_id=taken.correlation_id,
        )
    if opted_out and taken.message_class != MessageClass.COMPLIANCE.value:
        tx.announce(
            CarrierReportedOptOut(
                job_id=taken.job_id,
                recipient_e164=taken.recipient_e164,
                sender_e164=taken.sender_e164,
                provider=receipt.provider,
            ),
            tenant_id=taken.tenant_id,
            correlation_id=taken.correlation_id,
        )
    return True


async def park_receipt(tx: Transaction, receipt: TextReceipt) -> None:
    """Keep a receipt for a text that is not known yet; it is joined when the text turns up."""
    await doubt.park_receipt(
        tx,
        provider=receipt.provider,
        provider_message_id=receipt.provider_message_id,
        status=receipt.status.value,
        error_code=receipt.error_code,
    )


async def join_parked(tx: Transaction) -> int:
    """Apply receipts that were parked just before their text became known, or that came before it was found again.

    A receipt and the result of its POST can be written at the same moment, neither seeing the other.
    """
    known = await doubt.unpark_known(tx)
    for provider, message_id, status, error_code in known:
        await take_receipt(
            tx,
            TextReceipt(
                provider=provider, provider_message_id=message_id, status=ReceiptStatus(status), error_code=error_code
            ),
        )
    return len(known)
