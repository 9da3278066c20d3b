"""The life of a text of ours at the carrier: accepted, queued, sent, delivered or not."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Final

from frontdesk.providers.twin.memory import MediaFile
from frontdesk.providers.twin.phones import is_phone
from frontdesk.providers.twin.segments import count_segments
from frontdesk.providers.twin.twilio import magic
from frontdesk.providers.twin.twilio.callbacks import Callbacks, Webhook, WebhookKind
from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.forms import receipt_form
from frontdesk.providers.twin.twilio.state import (
    Account,
    Direction,
    Message,
    NewText,
    Service,
    TwilioState,
    new_sid,
)
from frontdesk.providers.twin.wire import FaultKind, StopRule
from frontdesk.providers.twin.world import World

FINAL_STATES: Final = frozenset({"delivered", "undelivered", "failed", "canceled"})
_LONGEST_BODY: Final = 1600
_LONGEST_VALIDITY: Final = 36_000
_PRICE: Final = 0.0079
_REORDER: Final = frozenset({FaultKind.REORDER})
_BEFORE_REPLY: Final = frozenset({FaultKind.BEFORE_REPLY})


class Texts:
    """All texts of the carrier; steps along the timeline are taken by the world."""

    def __init__(self, world: World, state: TwilioState, callbacks: Callbacks) -> None:
        self._world = world
        self._state = state
        self._callbacks = callbacks
        self.pass_on: Callable[[Message], None] | None = None

    def create(self, account: Account, text: NewText) -> tuple[Message, Coroutine[None, None, None] | None]:
        """Take a text as the API does, or refuse it with TwilioRefusal.

        Returns the text, and what has to be awaited before the reply when a `before_reply` fault strikes.
        """
        if account.is_test:
            return magic.create_text(account, text, self._world.now()), None
        service = self._service(account, text)
        _check(text)
        sender = self._sender(account, text, service)
        if text.to == sender:
            raise TwilioRefusal(21266)
        stopped = bool(self._state.stops) and self._state.stop_key(sender, text.to) in self._state.stops
        if stopped and not (service and self._world.settings.stop_rule is StopRule.FAIL_LATER):
            raise TwilioRefusal(21610)
        message = self._accept(account, text, service, sender)
        faults = self._world.faults
        if (shuffle := faults.strike(_REORDER, WebhookKind.SMS_STATUS, text.to)) is not None:
            message.held, message.hold_seed = [], shuffle.chance.getrandbits(32)
        if faults.strike(_BEFORE_REPLY, WebhookKind.SMS_STATUS, text.to) is not None:
            return message, self._leave_at_once(message)
        self._schedule(message, text.send_in)
        return message, None

    def _service(self, account: Account, text: NewText) -> Service | None:
        if not text.service_sid:
            if not text.sender:
                raise TwilioRefusal(21603)
            return None
        service = self._state.services.get(text.service_sid)
        if service is None or service.account_sid != account.sid:
            raise TwilioRefusal(21701, status=404)
        if not service.numbers:
            raise TwilioRefusal(21703)
        return service

    def _sender(self, account: Account, text: NewText, service: Service | None) -> str:
        if service is not None:
            # The same customer always hears from the same number of the pool.
            return text.sender or service.numbers[zlib.crc32(text.to.encode()) % len(service.numbers)]
        number = self._state.numbers.get(text.sender)
        if number is None or number.account_sid != account.sid:
            raise TwilioRefusal(21606 if is_phone(text.sender) else 21212, detail=text.sender)
        return text.sender

    def _accept(self, account: Account, text: NewText, service: Service | None, sender: str) -> Message:
        now = self._world.now()
        media = tuple(MediaFile.fetched(new_sid("ME")) for _ in text.media_urls)
        message = Message(
            sid=new_sid("MM" if media else "SM"),
            account_sid=account.sid,
            direction=Direction.OUTBOUND_API,
            sender=sender,
            to=text.to,
            body=text.body,
            segments=count_segments(text.body),
            status="queued",
            created_at=now,
            updated_at=now,
            service_sid=service.sid if service else None,
            validity_seconds=int(text.validity or _LONGEST_VALIDITY),
            media=media,
        )
        wanted = text.status_callback or (service.status_callback if service else "")
        if wanted and self._state.draw_receipt(self._world.settings.callback_share):
            message.status_callback = wanted
        self._state.add_message(message)
        first = "queued" if service is None else "accepted" if text.send_in is None else "scheduled"
        self.mark(message, first, now)
        return message

    def _schedule(self, message: Message, send_in: float | None) -> None:
        settings = self._world.settings
        wait = 0.0 if send_in is None else send_in * settings.time_scale
        if message.service_sid is not None:
            self._world.after(wait + settings.sent_ms / 2000, lambda: self._move(message, "queued"))
        queue = min(settings.queue_seconds, message.validity_seconds) * settings.time_scale
        expired = settings.queue_seconds > message.validity_seconds
        self._world.after(wait + queue + settings.sent_ms / 1000, lambda: self._leave(message, expired=expired))

    async def _leave_at_once(self, message: Message) -> None:
        """Send now and let the receipt arrive before the reply to the create request."""
        self._advance(message, "sent")
        self._world.after(self._world.settings.delivered_ms / 1000, lambda: self._arrive(message))
        if message.status_callback:
            await self._callbacks.post(self._receipt(message))

    def _leave(self, message: Message, *, expired: bool) -> None:
        if message.status in FINAL_STATES:
            return
        if expired:
            self._fail(message, "failed", 30036)
            return
        if self._state.stops and self._state.stop_key(message.sender, message.to) in self._state.stops:
            self._fail(message, "failed", 21610)
            return
        fate = magic.fate_of(message.to, self._state.fates)
        if fate is not None and fate.status == "failed":
            self._fail(message, "failed", fate.error_code)
            return
        self._move(message, "sent")
        self._world.after(self._world.settings.delivered_ms / 1000, lambda: self._arrive(message))

    def _arrive(self, message: Message) -> None:
        fate = magic.fate_of(message.to, self._state.fates)
        if message.status in FINAL_STATES or (fate is not None and fate.status == "sent"):
            return
        if fate is not None and fate.status == "undelivered":
            self._fail(message, "undelivered", fate.error_code)
        else:
            self._move(message, "delivered")
            if self.pass_on is not None:
                self.pass_on(message)

    def _fail(self, message: Message, status: str, code: int) -> None:
        message.error_code = code
        self._move(message, status)

    def _move(self, message: Message, status: str) -> None:
        """Advance a text and post the receipt where one is wanted."""
        if message.sid not in self._state.messages or message.status in FINAL_STATES:
            return
        self._advance(message, status)
        if not message.status_callback:
            return
        if message.held is None:
            self._callbacks.post_in_line(message.sid, self._receipt(message))
            return
        message.held.append(receipt_form(message))
        if status in FINAL_STATES:
            receipts = [self._receipt(message, form) for form in message.held]
            self._callbacks.post_shuffled(message.sid, receipts, message.hold_seed)

    def _advance(self, message: Message, status: str) -> None:
        now = self._world.now()
        if status == "sent":
            message.sent_at = now
            message.price = f"-{message.segments * _PRICE:.5f}"
        self.mark(message, status, now)

    def mark(self, message: Message, status: str, now: datetime) -> None:
        """Write down that a text reached a state."""
        self._state.mark(message, status, now)
        self._world.changed()

    def _receipt(self, message: Message, form: dict[str, str] | None = None) -> Webhook:
        return Webhook(
            kind=WebhookKind.SMS_STATUS,
            account=self._state.accounts[message.account_sid],
            url=message.status_callback,
            form=form or receipt_form(message),
            recipient=message.to,
        )

    def cancel(self, message: Message) -> None:
        """Call back a text that has not left; refuses with TwilioRefusal afterwards."""
        if message.status not in ("scheduled", "accepted", "queued"):
            raise TwilioRefusal(30109)
        self._move(message, "canceled")

    def reply(self, message: Message, body: str, *, by_carrier: bool) -> None:
        """Answer a customer's text; the carrier's own confirmation passes the block that it has just set."""
        now = self._world.now()
        reply = Message(
            sid=new_sid("SM"),
            account_sid=message.account_sid,
            direction=Direction.OUTBOUND_REPLY,
            sender=message.to,
            to=message.sender,
            body=body,
            segments=count_segments(body),
            status="queued",
            created_at=now,
            updated_at=now,
            service_sid=message.service_sid,
        )
        self._state.add_message(reply)
        self.mark(reply, "queued", now)
        if by_carrier:
            self._move(reply, "sent")
            self._world.after(self._world.settings.delivered_ms / 1000, lambda: self._arrive(reply))
        else:
            self._schedule(reply, None)


def _check(text: NewText) -> None:
    if not text.to:
        raise TwilioRefusal(21604)
    if not is_phone(text.to):
        raise TwilioRefusal(21211, detail=text.to)
    if not text.body and not text.media_urls:
        raise TwilioRefusal(21602)
    if len(text.body) > _LONGEST_BODY:
        raise TwilioRefusal(21617)
    if text.validity and not (text.validity.isdigit() and 1 <= int(text.validity) <= _LONGEST_VALIDITY):
        raise TwilioRefusal(21624)
    if text.status_callback and not text.status_callback.startswith(("http://", "https://")):
        raise TwilioRefusal(21609)
