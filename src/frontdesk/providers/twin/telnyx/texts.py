"""The life of a text of ours at Telnyx: queued, sent, and then one final word."""

from __future__ import annotations

import hashlib
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from frontdesk.providers.twin.memory import MediaFile
from frontdesk.providers.twin.phones import is_phone
from frontdesk.providers.twin.postman import new_uuid
from frontdesk.providers.twin.segments import count_segments, is_gsm
from frontdesk.providers.twin.telnyx.errors import TelnyxRefusal
from frontdesk.providers.twin.telnyx.events import EventKind, Events, Posting
from frontdesk.providers.twin.telnyx.magic import fate_of, refusal_of
from frontdesk.providers.twin.telnyx.shapes import message_json
from frontdesk.providers.twin.telnyx.state import Direction, Message, Number, TelnyxState
from frontdesk.providers.twin.wire import FaultKind
from frontdesk.providers.twin.world import World

FINAL_STATES: Final = frozenset({"delivered", "delivery_failed", "sending_failed", "delivery_unconfirmed", "expired"})
# Source: developers.telnyx.com, rate limiting: every queue holds four hours' worth of messages.
LONGEST_QUEUE: Final = timedelta(hours=4)
_MOST_PARTS: Final = 10
_REORDER: Final = frozenset({FaultKind.REORDER})
_BEFORE_REPLY: Final = frozenset({FaultKind.BEFORE_REPLY})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewText:
    """A request to send, as it came."""

    to: str
    sender: str
    profile_id: str
    body: str
    media_urls: tuple[str, ...]
    webhook_url: str
    failover_url: str
    encoding: str


class Texts:
    """All texts of the company; steps along the timeline are taken by the world."""

    def __init__(self, world: World, state: TelnyxState, events: Events) -> None:
        self._world = world
        self._state = state
        self._events = events

    def create(self, text: NewText) -> tuple[Message, Coroutine[None, None, None] | None]:
        """Take a text as the API does, or refuse it with TelnyxRefusal.

        Returns the text, and what has to be awaited before the reply when a `before_reply` fault strikes.
        """
        _check(text)
        number = self._number(text)
        if (code := refusal_of(text.to)) != 0:
            raise TelnyxRefusal(code, detail=text.to)
        if (number.profile_id, text.to) in self._state.stops:
            detail = f"Messages cannot be sent from '{number.phone}' to '{text.to}' due to an existing block rule."
            raise TelnyxRefusal(40300, detail=detail)
        message = self._accept(text, number)
        faults = self._world.faults
        if (shuffle := faults.strike(_REORDER, EventKind.SMS_STATUS, text.to)) is not None:
            message.held, message.hold_seed = [], shuffle.chance.getrandbits(32)
        if faults.strike(_BEFORE_REPLY, EventKind.SMS_STATUS, text.to) is not None:
            return message, self._leave_at_once(message)
        self._schedule(message)
        return message, None

    def _number(self, text: NewText) -> Number:
        """Find the number it leaves from: the one named, or one of the profile's, the same for the same customer."""
        if text.sender:
            number = self._state.numbers.get(text.sender)
            if number is None:
                raise TelnyxRefusal(40305, detail=f"{text.sender} is not a number of this account", pointer="/from")
            return number
        pool = [each for each in self._state.numbers.values() if each.profile_id == text.profile_id]
        if not pool:
            raise TelnyxRefusal(40305, detail="neither a number nor a profile with numbers", pointer="/from")
        return pool[int.from_bytes(hashlib.sha256(text.to.encode()).digest()[:4], "big") % len(pool)]

    def _accept(self, text: NewText, number: Number) -> Message:
        now = self._world.now()
        message = Message(
            id=new_uuid(),
            direction=Direction.OUTBOUND,
            sender=number.phone,
            to=text.to,
            body=text.body,
            segments=count_segments(text.body),
            status="queued",
            profile_id=number.profile_id,
            created_at=now,
            updated_at=now,
            valid_until=now + LONGEST_QUEUE,
            webhook_url=text.webhook_url or number.webhook_url,
            failover_url=text.failover_url or (number.failover_url if not text.webhook_url else ""),
            receipted=self._state.draw_receipt(self._world.settings.callback_share),
            media=tuple(MediaFile.fetched(new_uuid()) for _ in text.media_urls),
        )
        self._state.add_message(message)
        self.mark(message, "queued", now)
        return message

    def _schedule(self, message: Message) -> None:
        settings = self._world.settings
        longest = LONGEST_QUEUE.total_seconds()
        queue = min(settings.queue_seconds, longest) * settings.time_scale
        expired = settings.queue_seconds > longest
        self._world.after(queue + settings.sent_ms / 1000, lambda: self._leave(message, expired=expired))

    async def _leave_at_once(self, message: Message) -> None:
        """Send now and let the first event arrive before the reply to the request."""
        self._advance(message, "sent")
        self._world.after(self._world.settings.delivered_ms / 1000, lambda: self._arrive(message))
        if message.receipted and message.webhook_url:
            await self._events.post(self._posting(message, "message.sent", self._payload(message)))

    def _leave(self, message: Message, *, expired: bool) -> None:
        if message.status in FINAL_STATES:
            return
        fate = fate_of(message.to, self._state.fates)
        if expired:
            self._finish(message, "sending_failed", 40014)
        elif (message.profile_id, message.to) in self._state.stops:
            self._finish(message, "sending_failed", 40300)
        elif fate.status == "sending_failed":
            self._finish(message, "sending_failed", fate.error_code)
        else:
            self._advance(message, "sent")
            self._tell(message, "message.sent")
            self._world.after(self._world.settings.delivered_ms / 1000, lambda: self._arrive(message))

    def _arrive(self, message: Message) -> None:
        fate = fate_of(message.to, self._state.fates)
        if message.status not in FINAL_STATES and fate.status != "sent":
            self._finish(message, fate.status, fate.error_code)

    def _finish(self, message: Message, status: str, code: int) -> None:
        if message.id not in self._state.messages:
            return
        message.error_code = code or None
        message.completed_at = self._world.now()
        self._advance(message, status)
        self._tell(message, "message.finalized")

    def _advance(self, message: Message, status: str) -> None:
        now = self._world.now()
        message.valid_until = None
        if status == "sent":
            message.sent_at = now
        self.mark(message, status, now)

    def mark(self, message: Message, status: str, now: datetime) -> None:
        """Write down that a text reached a state."""
        self._state.mark(message, status, now)
        self._world.changed()

    def _tell(self, message: Message, event_type: str) -> None:
        if not message.receipted or not message.webhook_url:
            return
        payload = self._payload(message)
        if message.held is None:
            self._events.post_in_line(message.id, self._posting(message, event_type, payload))
            return
        message.held.append((event_type, payload))
        if message.status in FINAL_STATES:
            postings = [self._posting(message, kind, told) for kind, told in message.held]
            self._events.post_shuffled(message.id, postings, message.hold_seed)

    def _payload(self, message: Message) -> dict[str, object]:
        return message_json(message, base_url=self._world.base_url)

    def _posting(self, message: Message, event_type: str, payload: dict[str, object]) -> Posting:
        return Posting(
            kind=EventKind.SMS_STATUS,
            event_type=event_type,
            payload=payload,
            recipient=message.to,
            url=message.webhook_url,
            failover_url=message.failover_url,
        )

    def answer_for_company(self, inbound: Message, body: str) -> None:
        """Confirm a keyword by Telnyx itself, past the block that it has just set."""
        now = self._world.now()
        message = Message(
            id=new_uuid(),
            direction=Direction.OUTBOUND,
            sender=inbound.to,
            to=inbound.sender,
            body=body,
            segments=count_segments(body),
            status="queued",
            profile_id=inbound.profile_id,
            created_at=now,
            updated_at=now,
            receipted=False,
        )
        self._state.add_message(message)
        self.mark(message, "queued", now)
        self._advance(message, "sent")
        self._world.after(self._world.settings.delivered_ms / 1000, lambda: self._arrive(message))


def _check(text: NewText) -> None:
    _check_ends(text)
    if not text.body and not text.media_urls:
        raise TelnyxRefusal(40316, pointer="/text")
    if count_segments(text.body) > _MOST_PARTS:
        raise TelnyxRefusal(40302, pointer="/text")
    if text.encoding == "gsm7" and not is_gsm(text.body):
        raise TelnyxRefusal(40009, detail="the text has characters beyond GSM-7", pointer="/text")
    if text.encoding not in {"", "auto", "gsm7", "ucs2"}:
        raise TelnyxRefusal(10015, detail=f"encoding {text.encoding}", pointer="/encoding")
    for name, url in (("webhook_url", text.webhook_url), ("webhook_failover_url", text.failover_url)):
        if url and not url.startswith(("http://", "https://")):
            raise TelnyxRefusal(10003, detail=url, pointer=f"/{name}")


def _check_ends(text: NewText) -> None:
    if not text.to:
        raise TelnyxRefusal(10004, detail="The 'to' parameter is required.", pointer="/to")
    if not is_phone(text.to):
        raise TelnyxRefusal(40310, detail=f"{text.to} is not a valid destination", pointer="/to")
    if text.sender and not text.sender.startswith("+"):
        raise TelnyxRefusal(10016, detail=text.sender, pointer="/from")
    if text.to == text.sender:
        raise TelnyxRefusal(40310, detail="'to' and 'from' are the same", pointer="/to")
