"""Receipts: what a carrier says became of a text, in whatever order it says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from frontdesk.features.delivery.events import CarrierReportedOptOut, TextGivenUp, TextProgressed
from frontdesk.features.delivery.model import MessageClass
from frontdesk.features.delivery.queries import doubt, receipts
from frontdesk.features.delivery.retry import RECEIPT_TO_STATUS
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.intake import Webhook, headers_json
from frontdesk.ports import RECEIPTS_OF_FAILURE, FailureClass, ReceiptStatus, TextReceipt


async def take_receipt(tx: Transaction, receipt: TextReceipt) -> bool:
    """Move the text a receipt speaks of, never backwards; False if it speaks of none that we know.

    A receipt also settles a text whose POST was in doubt: it could not exist if the carrier had not taken it.
    """
    failed, opted_out = _judge(receipt)
    taken = await doubt.take_receipt(
        tx,
        provider=receipt.provider,
        provider_message_id=receipt.provider_message_id,
        reference=receipt.reference,
        status=RECEIPT_TO_STATUS[receipt.status],
        error_code=receipt.error_code,
        reason=_reason(failed=failed, opted_out=opted_out),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptNews:
    """A receipt as its webhook told it; `tenant_id` is whose number it names, if that is known."""

    webhook: Webhook
    receipt: TextReceipt
    tenant_id: UUID | None


async def take_in_receipts(tx: Transaction, news: Sequence[ReceiptNews], *, heard: Sequence[str]) -> list[bool]:
    """Take in receipts of any businesses in one statement, each with all that follows from it; False for repeats.

    Several of one text in one batch count as the highest of them. One of a text that is not known yet is kept until
    the text turns up. `heard` names the events that somebody listens to.
    """
    return await receipts.take_in_receipts(tx, [_told(one) for one in news], heard=heard)


def _told(news: ReceiptNews) -> receipts.ToldReceipt:
    webhook, receipt = news.webhook, news.receipt
    failed, opted_out = _judge(receipt)
    return receipts.ToldReceipt(
        archive_id=new_id(),
        tenant_id=news.tenant_id,
        provider=webhook.provider,
        kind=webhook.kind,
        dedupe_key=webhook.dedupe_key,
        content_type=webhook.content_type,
        body=webhook.body,
        headers_json=headers_json(webhook),
        correlation_id=webhook.correlation_id,
        message_id=receipt.provider_message_id,
        reference=receipt.reference,
        status=RECEIPT_TO_STATUS[receipt.status],
        word=receipt.status.value,
        error_code=receipt.error_code,
        failure=receipt.failure or "",
        reason=_reason(failed=failed, opted_out=opted_out),
        opted_out=opted_out,
        event_id=new_id(),
        other_event_id=new_id(),
    )


def _judge(receipt: TextReceipt) -> tuple[bool, bool]:
    """Tell whether a text failed, and whether it did because the person had told the carrier to stop."""
    return receipt.status in RECEIPTS_OF_FAILURE, receipt.failure is FailureClass.OPTED_OUT


def _reason(*, failed: bool, opted_out: bool) -> str:
    return ("Consent" if opted_out else "Provider error") if failed else ""


async def join_parked(tx: Transaction) -> int:
    """Apply receipts that were parked just before their text became known, or that came before it was found again.

    A receipt and the result of its POST can be written at the same moment, neither seeing the other.
    """
    known = await doubt.unpark_known(tx)
    for parked in known:
        await take_parked(tx, parked)
    return len(known)


async def take_parked(tx: Transaction, parked: doubt.ParkedReceipt) -> None:
    """Apply a receipt that was kept until its text became known."""
    await take_receipt(
        tx,
        TextReceipt(
            provider=parked.provider,
            provider_message_id=parked.provider_message_id,
            status=ReceiptStatus(parked.status),
            error_code=parked.error_code,
            failure=FailureClass(parked.failure) if parked.failure else None,
        ),
    )
