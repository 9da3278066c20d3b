"""Messages and their detail records in the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from frontdesk.providers.twin.telnyx.errors import TelnyxRefusal
from frontdesk.providers.twin.telnyx.exchange import ApiCall, Reply
from frontdesk.providers.twin.telnyx.shapes import RECORD_WORDS, message_json, page_json, record_json
from frontdesk.providers.twin.telnyx.state import KEY_LIFETIME, Answered, Message, TelnyxState
from frontdesk.providers.twin.telnyx.texts import NewText, Texts
from frontdesk.providers.twin.world import World

_KEY: Final = re.compile(r"[A-Za-z0-9_:-]{1,255}")
_LARGEST_PAGE: Final = 50
_UNPROCESSABLE: Final = 422
_FILTER: Final = re.compile(r"filter\[(\w+)\](?:\[(\w+)\])?\Z")
_encode: Final = msgspec.json.Encoder().encode


class _SendRequest(msgspec.Struct, rename={"sender": "from"}):
    """The members of a request to send that are minded here; others are let through."""

    to: str = ""
    sender: str = ""
    text: str = ""
    messaging_profile_id: str = ""
    media_urls: list[str] = []
    webhook_url: str = ""
    webhook_failover_url: str = ""
    encoding: str = ""


class MessagesApi:
    """Answers about messages."""

    def __init__(self, world: World, state: TelnyxState, texts: Texts) -> None:
        self._world = world
        self._state = state
        self._texts = texts

    def create(self, call: ApiCall) -> Reply:
        """Take a message, or give the earlier answer to the same request under the same key."""
        if call.key and not _KEY.fullmatch(call.key):
            raise TelnyxRefusal(10015, detail="Idempotency-Key has 1 to 255 letters, digits, hyphens, colons")
        known = self._state.answers.get(call.key) if call.key else None
        if known is not None and call.now < known.until:
            if known.body != call.body:
                detail = "the Idempotency-Key was used with another request"
                raise TelnyxRefusal(10015, status=_UNPROCESSABLE, detail=detail)
            return Reply(known.status, content=known.content)
        message, before = self._texts.create(_read(call.body))
        reply = Reply(200, effect=message.id, before=before)
        reply.content = _encode({"data": message_json(message, base_url=self._world.base_url)})
        if call.key:
            answer = Answered(call.body, reply.status, reply.content, call.now + KEY_LIFETIME)
            self._state.keep_answer(call.key, answer)
        return reply

    def fetch(self, call: ApiCall) -> Reply:
        """Show a message."""
        message = self._state.messages.get(call.parts["id"])
        if message is None:
            raise TelnyxRefusal(10005, detail=call.path)
        return Reply(200, {"data": message_json(message, base_url=self._world.base_url)})

    def list_records(self, call: ApiCall) -> Reply:
        """List detail records by filter, newest first: of messages that have come to their end, without their words."""
        size = _count(call, "page[size]", default=20, most=_LARGEST_PAGE)
        number = _count(call, "page[number]", default=1, most=10_000)
        found = list(self._matching(call))
        shown = found[(number - 1) * size : number * size]
        items = [record_json(message) for message in shown]
        return Reply(200, page_json(items, number=number, size=size, total=len(found)))

    def _matching(self, call: ApiCall) -> Iterator[Message]:
        tests = [_filter_of(name, value) for name, value in call.query.items() if name.startswith("filter")]
        if call.query.get("filter[record_type]") != "messaging":
            raise TelnyxRefusal(10015, detail="filter[record_type] must be messaging here")
        visible_until = call.now - timedelta(milliseconds=self._world.settings.list_lag_ms)
        for message in self._state.newest_messages(to=call.query.get("filter[cld]", "")):
            is_there = message.status in RECORD_WORDS and message.created_at <= visible_until
            if is_there and all(test(message) for test in tests):
                yield message


def _read(body: bytes) -> NewText:
    try:
        given = msgspec.json.decode(body, type=_SendRequest)
    except msgspec.MsgspecError as error:
        raise TelnyxRefusal(10015, detail=str(error)) from error
    return NewText(
        to=given.to,
        sender=given.sender,
        profile_id=given.messaging_profile_id,
        body=given.text,
        media_urls=tuple(given.media_urls),
        webhook_url=given.webhook_url,
        failover_url=given.webhook_failover_url,
        encoding=given.encoding,
    )


def _count(call: ApiCall, name: str, *, default: int, most: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise TelnyxRefusal(10015, detail=f"{name} {text}")
    return int(text)


def _filter_of(name: str, value: str) -> Callable[[Message], bool]:
    """Read one filter; a field or comparison that is not known is refused."""
    matched = _FILTER.match(name)
    match matched.groups() if matched else ("", None):
        case ("record_type", None):
            return lambda _message: True
        case ("direction", None):
            return lambda message: message.direction == value
        case ("cld", None):
            return lambda message: message.to == value
        case ("cli", None):
            return lambda message: message.sender == value
        case ("created_at", "gte"):
            first = _moment(value)
            return lambda message: message.created_at >= first
        case ("created_at", "lt"):
            last = _moment(value)
            return lambda message: message.created_at < last
        case _:
            raise TelnyxRefusal(10015, detail=f"{name} is not a filter")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TelnyxRefusal(10015, detail=f"{text} is not a moment") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
