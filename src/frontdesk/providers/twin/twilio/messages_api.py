"""Messages and their media in the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

from frontdesk.providers.twin.memory import MediaFile
from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.exchange import ApiCall, Reply, list_reply, not_found
from frontdesk.providers.twin.twilio.shapes import media_json, message_json
from frontdesk.providers.twin.twilio.state import Message, NewText, TwilioState
from frontdesk.providers.twin.twilio.texts import Texts
from frontdesk.providers.twin.world import World

_SOONEST, _LATEST = timedelta(seconds=300), timedelta(days=35)


class MessagesApi:
    """Answers about texts."""

    def __init__(self, world: World, state: TwilioState, texts: Texts) -> None:
        self._world = world
        self._state = state
        self._texts = texts

    def create(self, call: ApiCall) -> Reply:
        """Take a text."""
        form = call.form
        text = NewText(
            to=form.get("To"),
            sender=form.get("From"),
            service_sid=form.get("MessagingServiceSid"),
            body=form.get("Body"),
            media_urls=form.get_all("MediaUrl"),
            status_callback=form.get("StatusCallback"),
            validity=form.get("ValidityPeriod"),
            send_in=_send_in(call) if "SendAt" in form else None,
        )
        message, before = self._texts.create(call.account, text)
        return Reply(201, message_json(message), effect=message.sid, before=before)

    def list_all(self, call: ApiCall) -> Reply:
        """List texts, newest first, filtered by To, From and DateSent."""
        return list_reply(call, "messages", self._matching(call), sid=lambda m: m.sid, shape=message_json)

    def _matching(self, call: ApiCall) -> Iterator[Message]:
        query, settings = call.query, self._world.settings
        sender = query.get("From")
        bounds = [(how, query.get(f"DateSent{how}")) for how in ("", "<", ">") if f"DateSent{how}" in query]
        visible_until = call.now - timedelta(milliseconds=settings.list_lag_ms)
        for message in self._state.newest_messages(to=query.get("To")):
            if message.account_sid != call.account.sid or (sender and message.sender != sender):
                continue
            if message.created_at > visible_until:
                continue
            dated = message.sent_at or (None if settings.list_hides_unsent else message.created_at)
            if bounds and (dated is None or not all(_within(dated, how, text) for how, text in bounds)):
                continue
            yield message

    def fetch(self, call: ApiCall) -> Reply:
        """Show a text."""
        return Reply(200, message_json(self._message(call)))

    def update(self, call: ApiCall) -> Reply:
        """Redact a text (an empty Body) or cancel one that has not left (Status canceled)."""
        message = self._message(call)
        if "Body" in call.form:
            if call.form.get("Body"):
                raise TwilioRefusal(20001, detail="Body can only be emptied")
            message.body = ""
            message.updated_at = call.now
        if call.form.get("Status") == "canceled":
            self._texts.cancel(message)
        return Reply(200, message_json(message))

    def delete(self, call: ApiCall) -> Reply:
        """Forget a text."""
        self._state.remove_message(self._message(call).sid)
        return Reply(204)

    def list_media(self, call: ApiCall) -> Reply:
        """List a text's files."""
        message = self._message(call)
        return list_reply(call, "media_list", message.media, sid=lambda m: m.id, shape=lambda m: media_json(message, m))

    def fetch_media(self, call: ApiCall) -> Reply:
        """Give a file: its JSON with `.json`, else its bytes."""
        message = self._message(call)
        media = self._file(call, message)
        if call.path.endswith(".json"):
            return Reply(200, media_json(message, media))
        return Reply(200, content=media.content, content_type=media.content_type)

    def _file(self, call: ApiCall, message: Message) -> MediaFile:
        found = next((each for each in message.media if each.id == call.parts["media_sid"]), None)
        if found is None:
            raise not_found(call)
        return found

    def _message(self, call: ApiCall) -> Message:
        message = self._state.messages.get(call.parts["sid"])
        if message is None or message.account_sid != call.account.sid:
            raise not_found(call)
        return message


def _send_in(call: ApiCall) -> float:
    if not call.form.get("MessagingServiceSid"):
        raise TwilioRefusal(35118)
    try:
        moment = datetime.fromisoformat(call.form.get("SendAt"))
    except ValueError as error:
        raise TwilioRefusal(35117) from error
    wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - call.now
    if not _SOONEST <= wait <= _LATEST:
        raise TwilioRefusal(35117)
    return wait.total_seconds()


@lru_cache(maxsize=64)
def _span(text: str, how: str) -> tuple[datetime, datetime]:
    """Read a date, which means the whole day, or a moment; GMT where no zone is given.

    The official SDK writes a day to be equal to as its midnight.
    """
    try:
        first = datetime.fromisoformat(text)
    except ValueError as error:
        raise TwilioRefusal(20001, detail=f"DateSent {text}") from error
    first = first if first.tzinfo else first.replace(tzinfo=UTC)
    is_day = len(text) == len("2026-01-05") or (not how and first.time() == time())
    return first, first + timedelta(days=1) - timedelta(seconds=1) if is_day else first


def _within(dated: datetime, how: str, text: str) -> bool:
    """Compare by the second, as the carrier keeps dates: `<` and `>` both include the bound."""
    moment = dated.replace(microsecond=0)
    first, last = _span(text, how)
    return (how == "<" or moment >= first) and (how == ">" or moment <= last)
