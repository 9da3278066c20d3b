"""What customers write to a number at Telnyx: kept, STOP and START minded as Telnyx does, announced to us."""

from __future__ import annotations

from typing import Final

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.memory import MediaFile
from frontdesk.providers.twin.postman import new_uuid
from frontdesk.providers.twin.segments import count_segments
from frontdesk.providers.twin.telnyx.events import EventKind, Events, Posting
from frontdesk.providers.twin.telnyx.shapes import message_json
from frontdesk.providers.twin.telnyx.state import Direction, Message, Number, TelnyxState
from frontdesk.providers.twin.telnyx.texts import Texts
from frontdesk.providers.twin.wire import SendText, TextReport
from frontdesk.providers.twin.world import World

# Source: developers.telnyx.com, advanced opt-in and opt-out: the default keywords.
STOP_WORDS: Final = frozenset({"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START_WORDS: Final = frozenset({"START", "UNSTOP"})
HELP_WORDS: Final = frozenset({"HELP", "INFO"})
_REPLIES: Final = {
    "STOP": "You have been unsubscribed and will get no more messages from this number.",
    "START": "You are subscribed to messages from this number again.",
    "HELP": "Reply STOP to unsubscribe. Msg&data rates may apply.",
}


class Inbound:
    """Customers' texts on their way to us."""

    def __init__(self, world: World, state: TelnyxState, events: Events, texts: Texts) -> None:
        self._world = world
        self._state = state
        self._events = events
        self._texts = texts

    async def receive(self, order: SendText) -> TextReport:
        """Take a customer's text to a number of ours, mind STOP and START, and announce it to us.

        Refuses with `twin.number_unknown`. `order.message_sid` lets a test send the same text again.
        """
        number = self._state.numbers.get(order.to)
        if number is None:
            raise Refused("twin.number_unknown", f"{order.to} is not a number of the twin", status=404)
        message = self._keep(order, number)
        message.autoresponse = self._mind_keywords(message)
        if not number.webhook_url:
            return TextReport(message_sid=message.id, status=0, latency_ms=0.0, reply="", error="no sms_url")
        report = await self._events.post(
            Posting(
                kind=EventKind.SMS_INBOUND,
                event_type="message.received",
                payload=message_json(message, base_url=self._world.base_url),
                recipient=order.customer,
                url=number.webhook_url,
                failover_url=number.failover_url,
            )
        )
        return TextReport.of(message.id, report)

    def _keep(self, order: SendText, number: Number) -> Message:
        now = self._world.now()
        message = Message(
            id=order.message_sid or new_uuid(),
            direction=Direction.INBOUND,
            sender=order.customer,
            to=order.to,
            body=order.body,
            segments=count_segments(order.body),
            status="webhook_delivered",
            profile_id=number.profile_id,
            created_at=now,
            updated_at=now,
            webhook_url=number.webhook_url,
            failover_url=number.failover_url,
            media=tuple(MediaFile.ordered(new_uuid(), each) for each in order.media),
        )
        self._state.add_message(message)
        self._texts.mark(message, message.status, now)
        return message

    def _mind_keywords(self, message: Message) -> str:
        """Keep or lift the profile's block for a keyword alone in a text; tell which kind of keyword it was."""
        word = " ".join(message.body.split()).upper()
        pair = (message.profile_id, message.sender)
        hint = self._state.mind_keyword(word, pair, stop=STOP_WORDS, start=START_WORDS, info=HELP_WORDS)
        if hint and self._world.settings.auto_reply:
            self._texts.answer_for_company(message, _REPLIES[hint])
        return hint
