"""What customers write to us: kept, STOP and START minded as the carrier does, posted to our webhook."""

from __future__ import annotations

from typing import Final

from frontdesk.kernel.errors import Refused
from frontdesk.providers.twin.memory import MediaFile
from frontdesk.providers.twin.segments import count_segments
from frontdesk.providers.twin.twilio.callbacks import Callbacks, Webhook, WebhookKind
from frontdesk.providers.twin.twilio.forms import inbound_text_form
from frontdesk.providers.twin.twilio.state import Direction, Message, Service, TwilioState, new_sid
from frontdesk.providers.twin.twilio.texts import Texts
from frontdesk.providers.twin.twilio.twiml import TwimlFault, read_replies
from frontdesk.providers.twin.wire import SendText, TextReport, WebhookReport
from frontdesk.providers.twin.world import World

# Source: Twilio's default keyword lists for long codes.
STOP_WORDS: Final = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
HELP_WORDS: Final = frozenset({"HELP", "INFO"})
_CARRIER_REPLIES: Final = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number.",
    "START": "You have successfully been re-subscribed to messages from this number.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class Inbound:
    """Customers' texts on their way to us."""

    def __init__(self, world: World, state: TwilioState, callbacks: Callbacks, texts: Texts) -> None:
        self._world = world
        self._state = state
        self._callbacks = callbacks
        self._texts = texts
        texts.pass_on = self._pass_on

    async def receive(self, order: SendText) -> TextReport:
        """Take a customer's text to a number of ours, mind STOP and START, and post it to us.

        Refuses with `twin.number_unknown`. `order.message_sid` lets a test send the same text again.
        """
        number = self._state.numbers.get(order.to)
        if number is None:
            raise Refused("twin.number_unknown", f"{order.to} is not a number of the twin", status=404)
        service = self._state.service_of(order.to)
        message = self._inbound(order, number.account_sid, service)
        hint = self._mind_keywords(message, service)
        url = service.inbound_url if service and service.inbound_url else number.sms_url
        if not url:
            return TextReport(message_sid=message.sid, status=0, latency_ms=0.0, reply="", error="no sms_url")
        advanced = service is not None and service.advanced_opt_out
        report = await self._callbacks.post(
            Webhook(
                kind=WebhookKind.SMS_INBOUND,
                account=self._state.accounts[number.account_sid],
                url=url,
                method=number.sms_method,
                fallback_url=number.sms_fallback_url,
                fallback_method=number.sms_fallback_method,
                form=inbound_text_form(message, base_url=self._world.base_url, opt_out_type=hint if advanced else ""),
                recipient=order.customer,
            )
        )
        return TextReport.of(message.sid, report, error="" if report.error else self._answer(message, report))

    def _pass_on(self, message: Message) -> None:
        """Let a text that went to a number of ours arrive there, as one that a customer wrote."""
        number = self._state.numbers.get(message.to)
        if number is not None and number.sms_url and message.direction is Direction.OUTBOUND_API:
            self._world.start(self._arrive(SendText(customer=message.sender, to=message.to, body=message.body)))

    async def _arrive(self, order: SendText) -> None:
        await self.receive(order)

    def _inbound(self, order: SendText, account_sid: str, service: Service | None) -> Message:
        now = self._world.now()
        media = tuple(MediaFile.ordered(new_sid("ME"), each) for each in order.media)
        message = Message(
            sid=order.message_sid or new_sid("MM" if media else "SM"),
            account_sid=account_sid,
            direction=Direction.INBOUND,
            sender=order.customer,
            to=order.to,
            body=order.body,
            segments=count_segments(order.body),
            status="received",
            created_at=now,
            updated_at=now,
            sent_at=now,
            service_sid=service.sid if service else None,
            media=media,
        )
        self._state.add_message(message)
        self._texts.mark(message, "received", now)
        return message

    def _mind_keywords(self, message: Message, service: Service | None) -> str:
        """Keep or lift the block for a keyword alone in a text; tell which kind of keyword it was."""
        word = message.body.strip().upper()
        pair = self._state.stop_key(message.to, message.sender)
        start = self._world.settings.start_keywords
        hint = self._state.mind_keyword(word, pair, stop=STOP_WORDS, start=start, info=HELP_WORDS)
        if hint and (self._world.settings.auto_reply or (service is not None and service.advanced_opt_out)):
            self._texts.reply(message, _CARRIER_REPLIES[hint], by_carrier=True)
        return hint

    def _answer(self, message: Message, report: WebhookReport) -> str:
        """Send the texts our webhook answered with; tell what was wrong with its TwiML."""
        if not report.taken or not report.reply.lstrip().startswith("<"):
            return ""
        try:
            replies = read_replies(report.reply)
        except TwimlFault as fault:
            return str(fault)
        blocked = self._state.stop_key(message.to, message.sender) in self._state.stops
        for body in replies:
            if not blocked:
                self._texts.reply(message, body, by_carrier=False)
        return "21610" if blocked and replies else ""
