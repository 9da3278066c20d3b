"""What conversations do when something happens elsewhere."""

from __future__ import annotations

from frontdesk.features import consent, delivery
from frontdesk.features.consent.events import OptInRequested
from frontdesk.features.conversations import service
from frontdesk.features.delivery.events import CarrierReportedOptOut, TextDelayed, TextGivenUp
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.outbox import Handler, NewsOf, on


async def _tell_about_delay(tx: Transaction, news: NewsOf[TextDelayed]) -> None:
    await service.raise_task_about(
        tx,
        phone_e164=news.event.recipient_e164,
        kind="text_delayed",
        subject="The text for a missed call has not left for a minute. Call back.",
        source_key=f"text_delayed:{news.event.job_id}",
    )


async def _tell_about_failure(tx: Transaction, news: NewsOf[TextGivenUp]) -> None:
    await service.raise_task_about(
        tx,
        phone_e164=news.event.recipient_e164,
        kind="text_failed",
        subject=f"A text did not get through ({news.event.reason}). Call back.",
        source_key=f"text_failed:{news.event.job_id}",
    )


def handlers(journal: consent.OptOutJournal, lane: delivery.InlineLane) -> list[Handler]:
    """List what conversations listen to; `lane` sends at once what a person waits for."""

    async def mirror_opt_out(tx: Transaction, news: NewsOf[CarrierReportedOptOut]) -> None:
        await consent.note_carrier_opt_out(
            tx,
            phone_e164=news.event.recipient_e164,
            sender_e164=news.event.sender_e164,
            provider=news.event.provider,
            journal=journal,
        )

    async def ask_to_confirm(tx: Transaction, news: NewsOf[OptInRequested]) -> None:
        event = news.event
        await service.ask_to_confirm(tx, request_id=event.request_id, phone_e164=event.phone_e164, lane=lane)

    return [
        on(OptInRequested, "conversations.ask_to_confirm", ask_to_confirm, inline=True),
        on(TextDelayed, "conversations.tell_about_delay", _tell_about_delay),
        on(TextGivenUp, "conversations.tell_about_failure", _tell_about_failure),
        on(CarrierReportedOptOut, "conversations.mirror_opt_out", mirror_opt_out),
    ]
