"""Alerts by text to the people on call: one text per incident and person, of two segments at most.

They do not pass the gates of `features.delivery`, on purpose: those gates stand between businesses and their customers,
and a kill switch that also silenced the people who have to look after it would be a fault. What protects these people
is here: a fixed list that the operator sets, one text per incident, so many an hour, and their own STOP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.journal import JournalReading
from frontdesk.kernel.telemetry import get_logger
from frontdesk.kernel.telemetry.redaction import Redactor
from frontdesk.operations.alerts.emergency import DATABASE_DOWN
from frontdesk.operations.alerts.queries import texts
from frontdesk.operations.alerts.queries.texts import AlertText, TextStatus
from frontdesk.operations.alerts.words import ENDING, LAST, alert_words
from frontdesk.ports import Accepted, FailureClass, MessagingProvider, OutboundText, ProviderError, SentTextQuery
from frontdesk.ports.alerts import Notice, NoticeStatus

SINK = "sms"
INCIDENT = "Incident"
HOUR = timedelta(hours=1)
VALIDITY_SECONDS = 3600
STOPPED = "alerts.person_stopped"
USED_UP = "alerts.texts_used_up"
TOLD_BEFORE = "alerts.told_of_its_alert"
# A carrier's list may lag behind its answers: only after this time does a missing text count as never taken.
LISTED_WITHIN = timedelta(seconds=60)
ASK_AGAIN_SECONDS = 30.0
STOPS = frozenset({"stop", "carrier_stop", "listed"})

log = get_logger("alerts")


class OptOuts(Protocol):
    """The journal of opt-outs, which can be read while there is no database."""

    def read_all(self) -> JournalReading:
        """Read every entry; blocks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallLine:
    """Who is texted from which number, and how many texts may leave in an hour; `carrier` is empty if not named."""

    sender_e164: str
    recipients: tuple[str, ...]
    hourly_limit: int
    carrier: str = ""


class TextAlerts:
    """A sink that is people's phones; what becomes of each text is kept in `alert_texts`.

    While the database is away, its own alert is told from memory: once per person and process, within the same limit,
    and to nobody whose STOP stands in the journal.
    """

    name = SINK

    def __init__(
        self,
        line: OnCallLine,
        *,
        system: Database,
        providers: Mapping[str, MessagingProvider],
        journal: OptOuts,
        secrets: Sequence[str] = (),
    ) -> None:
        self._line = line
        self._system = system
        self._providers = providers
        self._journal = journal
        self._redactor = Redactor(secrets)
        self._remembered: set[tuple[str, int, str]] = set()
        self._left: deque[datetime] = deque()

    async def tell(self, notice: Notice) -> None:
        """Text everybody who has no text about this incident yet; the end of an incident is told by other sinks.

        Refuses with ProviderError if somebody is still to be texted, or if no one's text was taken for good.
        """
        if notice.status is NoticeStatus.RESOLVED:
            return
        away = notice.alertname == DATABASE_DOWN and not await self._system.alive()
        tell_one = self._tell_from_memory if away else self._tell_one
        failures = [failure for one in self._line.recipients if (failure := await tell_one(notice, one)) is not None]
        lasting = [one for one in failures if one.permanent]
        if len(failures) > len(lasting) or len(lasting) == len(self._line.recipients):
            raise next((one for one in failures if not one.permanent), failures[0])

    async def _tell_one(self, notice: Notice, recipient: str) -> ProviderError | None:
        async with self._system.transaction() as tx:
            await texts.lock_texts(tx)
            carrier, service = await texts.find_carrier(tx, phone_e164=self._line.sender_e164) or ("", "")
            provider = self._provider(carrier)
            text = await self._decide(tx, notice, recipient)
        if text.status in {TextStatus.SENT, TextStatus.HELD}:
            return None
        if text.status is TextStatus.FAILED:
            return self._refusal(text.reason)
        if text.status is TextStatus.UNKNOWN:
            found = await self._look_up(provider, text)
            if found is not False:
                return None if found is True else found
        return await self._post(provider, text, service=service)

    async def _decide(self, tx: Transaction, notice: Notice, recipient: str) -> AlertText:
        """Write down that a person is texted now, or why not; one that is in doubt comes back as `unknown`."""
        began_at = await texts.find_opened(tx, group_key=notice.group_key) or min(
            (one.starts_at for one in notice.firing), default=notice.at
        )
        known = await texts.find_text(tx, group_key=notice.group_key, began_at=began_at, recipient_e164=recipient)
        if known is not None and known.status is TextStatus.WAITING:
            return await self._once_more(tx, known)
        if known is not None:
            # Whoever was posting it has died: the lease of the notice has run out.
            return replace(known, status=TextStatus.UNKNOWN) if known.status is TextStatus.POSTING else known
        count = await texts.count_posted(tx, within=HOUR)
        held = await self._why_held(tx, notice, recipient, count)
        ending = LAST if count + 1 == self._line.hourly_limit else ENDING
        if held:
            log.warning("alerts.text_held", alert=notice.alertname, reason=held, recipient=recipient)
        return await texts.insert_text(
            tx,
            group_key=notice.group_key,
            began_at=began_at,
            recipient_e164=recipient,
            sender_e164=self._line.sender_e164,
            body=alert_words(notice, self._redactor, ending=ending),
            status=TextStatus.HELD if held else TextStatus.POSTING,
            reason=held,
        )

    async def _once_more(self, tx: Transaction, text: AlertText) -> AlertText:
        if await texts.is_stopped(tx, sender_e164=self._line.sender_e164, phone_e164=text.recipient_e164):
            await texts.settle_text(tx, text_id=text.id, status=TextStatus.HELD, reason=STOPPED)
            return replace(text, status=TextStatus.HELD)
        await texts.record_posting(tx, text_id=text.id)
        return text

    async def _why_held(self, tx: Transaction, notice: Notice, recipient: str, count: int) -> str:
        if await texts.is_stopped(tx, sender_e164=self._line.sender_e164, phone_e164=recipient):
            return STOPPED
        number = next((one.labels.get("incident", "") for one in notice.alerts if notice.alertname == INCIDENT), "")
        if number.isdecimal() and await texts.is_told_of_alert(
            tx, incident_number=int(number), recipient_e164=recipient
        ):
            return TOLD_BEFORE
        return USED_UP if count >= self._line.hourly_limit else ""

    def _provider(self, of_number: str) -> MessagingProvider:
        """Choose the carrier: that of the number, the one that is named, or the only one."""
        wanted = of_number or self._line.carrier or (next(iter(self._providers)) if len(self._providers) == 1 else "")
        found = self._providers.get(wanted)
        if found is None:
            raise self._refusal("no carrier for ALERT_SMS_FROM: set its keys, or name one with ALERT_SMS_CARRIER")
        return found

    async def _look_up(self, provider: MessagingProvider, text: AlertText) -> bool | ProviderError:
        """Ask the carrier about a text in doubt: whether it has it, or why that is not known yet."""
        if provider.repost_safe is None and text.posted_at is not None:
            query = SentTextQuery(
                recipient_e164=text.recipient_e164,
                sender_e164=self._line.sender_e164,
                since=text.posted_at - LISTED_WITHIN,
            )
            try:
                listed = await provider.list_sent_texts(query)
            except ProviderError as error:
                return self._refusal(str(error), permanent=False)
            found = next((one for one in listed if one.body == text.body), None)
            if found is not None:
                await self._settle(text, TextStatus.SENT, provider_message_id=found.provider_message_id)
                return True
            if self._system.clock.now() - text.posted_at < LISTED_WITHIN:
                return self._refusal("it is not known yet whether the text left", permanent=False)
        async with self._system.transaction() as tx:
            await texts.record_posting(tx, text_id=text.id)
        return False

    async def _post(self, provider: MessagingProvider, text: AlertText, *, service: str) -> ProviderError | None:
        try:
            taken = await self._hand_over(provider, text, service=service)
        except ProviderError as error:
            status = TextStatus.FAILED if error.permanent else TextStatus.WAITING
            await self._settle(text, TextStatus.UNKNOWN if error.ambiguous else status, reason=str(error)[:200])
            return error
        await self._settle(text, TextStatus.SENT, provider_message_id=taken.provider_message_id)
        return None

    async def _hand_over(self, provider: MessagingProvider, text: AlertText, *, service: str = "") -> Accepted:
        """Post it once; no receipt is asked for, since nobody's texts but businesses' are followed up."""
        return await provider.send_text(
            OutboundText(
                reference=text.id,
                sender_e164=self._line.sender_e164,
                recipient_e164=text.recipient_e164,
                body=text.body,
                validity_seconds=VALIDITY_SECONDS,
                status_callback="",
                messaging_service=service,
            ),
            starting=lambda: None,
        )

    async def _settle(
        self, text: AlertText, status: TextStatus, *, reason: str = "", provider_message_id: str = ""
    ) -> None:
        async with self._system.transaction() as tx:
            await texts.settle_text(
                tx, text_id=text.id, status=status, reason=reason, provider_message_id=provider_message_id
            )

    async def _tell_from_memory(self, notice: Notice, recipient: str) -> ProviderError | None:
        key, now = (notice.group_key, notice.sequence, recipient), self._system.clock.now()
        while self._left and now - self._left[0] > HOUR:
            self._left.popleft()
        if key in self._remembered or len(self._left) >= self._line.hourly_limit:
            return None
        if await asyncio.to_thread(self._said_stop, recipient):
            return None
        text = AlertText(
            id=new_id(),
            recipient_e164=recipient,
            body=alert_words(notice, self._redactor, ending=ENDING),
            status=TextStatus.POSTING,
            reason="",
            posted_at=now,
        )
        try:
            await self._hand_over(self._provider(""), text)
        except ProviderError as error:
            if not error.ambiguous:
                return error
        self._remembered.add(key)
        self._left.append(now)
        return None

    def _said_stop(self, recipient: str) -> bool:
        """Read from the journal whether a person's last word to the number, or to anybody of ours, was STOP."""
        said = ""
        for one in self._journal.read_all().entries:
            entry = one.entry
            if entry.get("phone_e164") == recipient and entry.get("sender_e164") in {self._line.sender_e164, ""}:
                said = str(entry.get("event_type"))
        return said in STOPS

    def _refusal(self, words: str, *, permanent: bool = True) -> ProviderError:
        return ProviderError(
            words,
            provider=SINK,
            failure=FailureClass.REJECTED if permanent else FailureClass.AMBIGUOUS,
            permanent=permanent,
            retry_after=None if permanent else ASK_AGAIN_SECONDS,
        )
