"""What conversations do when something happens elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.features import consent, delivery
from frontdesk.features.consent.events import OptInRequested, PersonSignedUp
from frontdesk.features.conversations import service
from frontdesk.features.delivery.events import CarrierReportedOptOut, StrangersTurnedAway, TextDelayed, TextGivenUp
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.jobs import RunContext, Workflows
from frontdesk.kernel.outbox import Handler, NewsOf, on

WAKE = "conversations.wake_threads.v1"


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


STRANGERS: Mapping[str, str] = {
    "delivery.country_not_allowed": "Texts to callers abroad were not sent, as their countries are not allowed. If they"
    " are customers of yours, allow the country in the settings.",
    "delivery.number_costs_extra": "Texts to numbers that cost extra were not sent. It is most likely fraud.",
    "delivery.range_too_busy": "Many neighbouring numbers asked for texts within an hour; the rest got none. It may be"
    " fraud: look at the calls and sign-ups of this hour.",
    "delivery.strangers_too_costly": "Callers and sign-ups used up what they may cost within an hour; the rest got no"
    " text. Look at the calls and sign-ups of this hour, and call back who is a customer.",
}


async def _tell_about_strangers(tx: Transaction, news: NewsOf[StrangersTurnedAway]) -> None:
    """Raise one task an hour for each limit: whoever pumps must not bury the business under tasks."""
    code = news.event.code
    await service.raise_task(
        tx,
        conversation_id=None,
        kind="strangers_turned_away",
        subject=STRANGERS.get(code, "A text that an outsider caused was not sent."),
        source_key=f"{code}:{tx.now:%Y-%m-%dT%H}",
    )


def add_workflows(workflows: Workflows, *, system: Database) -> None:
    """Register the waking of threads whose rest is over, every minute."""

    @workflows.workflow(WAKE)
    async def wake(run: RunContext) -> None:
        async def wake_all() -> int:
            async with system.transaction() as tx:
                return await service.wake_threads(tx)

        await run.call("threads", wake_all)

    workflows.schedule("conversations.wake", workflow=WAKE, expression="* * * * *")


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

    async def welcome(tx: Transaction, news: NewsOf[PersonSignedUp]) -> None:
        event = news.event
        await service.welcome(
            tx, opt_in_id=event.opt_in_id, phone_e164=event.phone_e164, frequency=event.frequency, lane=lane
        )

    return [
        on(PersonSignedUp, "conversations.welcome", welcome, inline=True),
        on(OptInRequested, "conversations.ask_to_confirm", ask_to_confirm, inline=True),
        on(TextDelayed, "conversations.tell_about_delay", _tell_about_delay),
        on(StrangersTurnedAway, "conversations.tell_about_strangers", _tell_about_strangers),
        on(TextGivenUp, "conversations.tell_about_failure", _tell_about_failure),
        on(CarrierReportedOptOut, "conversations.mirror_opt_out", mirror_opt_out),
    ]
