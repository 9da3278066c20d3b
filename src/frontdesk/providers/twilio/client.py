"""Send texts through Twilio's Messages resource and list what was sent; one call is one request, never a retry."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import quote_plus, urlencode
from uuid import UUID

import msgspec

from frontdesk.kernel.clock import Clock
from frontdesk.ports import Accepted, OutboundText, ReceiptStatus, SentText, SentTextQuery
from frontdesk.providers.callback_reference import with_reference
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twilio.account import TwilioAccount
from frontdesk.providers.twilio.errors import PROVIDER, REFUSALS, error_from_reply
from frontdesk.providers.twilio.states import read_text_status

MAX_VALIDITY_SECONDS = 36_000
"""Twilio's longest ValidityPeriod, ten hours."""

PAGE_SIZE = 1000
MAX_PAGES = 20
MAX_LIST_BYTES = 8 * 1024 * 1024
"""A page of 1000 texts of 1600 characters fits."""

_OK, _CREATED = 200, 201


class _CreatedMessage(msgspec.Struct, frozen=True):
    sid: str
    status: str = ""


class _ListedMessage(msgspec.Struct, frozen=True, rename={"sender": "from", "recipient": "to"}):
    sid: str
    status: str
    direction: str
    date_created: str
    recipient: str | None = None
    sender: str | None = None
    body: str | None = None
    error_code: int | None = None


class _MessagePage(msgspec.Struct, frozen=True):
    messages: list[_ListedMessage]
    next_page_uri: str | None = None


_created_message = msgspec.json.Decoder(_CreatedMessage)
_message_page = msgspec.json.Decoder(_MessagePage)


class TwilioMessaging:
    """Twilio as a MessagingProvider, for one account.

    `http` is shared by all accounts and closed by its owner. Twilio keeps the text as given: SmartEncoded is off,
    because segments are counted and a lost reply is reconciled by the body, and both need the very characters that
    were sent.
    """

    def __init__(self, account: TwilioAccount, http: HttpClient, *, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._target = account.target("Messages.json")
        self._api = account.open_api(http)

    @property
    def name(self) -> str:
        """Twilio's key in webhook paths and tables."""
        return PROVIDER

    @property
    def repost_safe(self) -> timedelta | None:
        """Tell that Twilio knows no idempotency key: its list says what it has."""
        return None

    async def send_text(self, text: OutboundText, *, starting: Callable[[], None]) -> Accepted:
        """Hand one text over with one POST and a total deadline of 10 s; refuses with ProviderError.

        Only 201 (or 200) with a message SID counts as taken. A validity below one second is refused without asking
        Twilio; above ten hours it is cut to that. With a Messaging Service, From still names the sender, which must
        be in its pool. `starting` is called right before the first byte is written and may call it off by raising.
        """
        reply = await self._api.post_text(text, target=self._target, body=self._encode(text), starting=starting)
        if reply.status in {_OK, _CREATED}:
            try:
                created = _created_message.decode(reply.body)
            except msgspec.MsgspecError:
                created = None
            if created is not None and created.sid.startswith(("SM", "MM")):
                status = read_text_status(created.status) or ReceiptStatus.ACCEPTED
                return Accepted(provider_message_id=created.sid, status=status)
        raise error_from_reply(reply, now=self._clock.now(), may_repeat=False)

    async def list_sent_texts(self, query: SentTextQuery) -> list[SentText]:
        """List texts of ours to one person, newest first, over all pages; refuses with ProviderError.

        Filters by creation, cut to the second as Twilio tells it, and by sender, where a text still without one (a
        Messaging Service has not chosen yet) counts as a match. Twilio is not asked to filter by DateSent: a queued
        text may have none yet, and one that is left out would be sent again. `since` is by the caller's clock: take
        off a margin for Twilio's.
        """
        target = f"{self._target}?{urlencode({'To': query.recipient_e164, 'PageSize': PAGE_SIZE})}"
        since = query.since.replace(microsecond=0)
        found: list[SentText] = []
        for _ in range(MAX_PAGES):
            page = await self._fetch_page(target)
            for message in page.messages:
                text = _read_sent_text(message)
                if (
                    message.direction.startswith("outbound")
                    and text.recipient_e164 == query.recipient_e164
                    and (not query.sender_e164 or text.sender_e164 in {query.sender_e164, ""})
                    and text.created_at >= since
                ):
                    found.append(text)
            if not page.next_page_uri:
                return sorted(found, key=lambda text: text.created_at, reverse=True)
            target = page.next_page_uri
        raise REFUSALS.unusable_list("has more pages than are read")

    async def _fetch_page(self, target: str) -> _MessagePage:
        if not target.startswith(f"{self._target}?"):
            raise REFUSALS.unusable_list("leads to another resource")
        try:
            reply = await self._api.get(target, max_response_bytes=MAX_LIST_BYTES)
        except ValueError as error:
            raise REFUSALS.unusable_list("names a page that cannot be asked for") from error
        if reply.status == _OK:
            try:
                return _message_page.decode(reply.body)
            except msgspec.MsgspecError as error:
                raise REFUSALS.unusable_list("cannot be read") from error
        raise error_from_reply(reply, now=self._clock.now(), may_repeat=True)

    def _encode(self, text: OutboundText) -> bytes:
        """Write the form; what is alike for all texts from one number is quoted once."""
        service = text.messaging_service or self._account.messaging_service_sid
        form = b"To=%b&Body=%b&ValidityPeriod=%d%b" % (
            _quote(text.recipient_e164),
            _quote(text.body),
            min(text.validity_seconds, MAX_VALIDITY_SECONDS),
            _common_fields(text.sender_e164, service),
        )
        if text.status_callback:
            form += b"&StatusCallback=" + _quoted_callback(text.status_callback, text.reference)
        return form


@lru_cache(maxsize=4096)
def _common_fields(sender_e164: str, service: str) -> bytes:
    fields = {"SmartEncoded": "false"}
    if service:
        fields["MessagingServiceSid"] = service
    if sender_e164:
        fields["From"] = sender_e164
    return b"&" + urlencode(fields).encode("ascii")


_UNSAFE = re.compile(rb"[^A-Za-z0-9_.~ -]")
_ESCAPES = {bytes((byte,)): b"%%%02X" % byte for byte in range(256)}


def _quote(text: str) -> bytes:
    """Quote a form value as `quote_plus` does, in a fifth of its time: most of a text needs no escape."""
    return _UNSAFE.sub(_escape, text.encode()).replace(b" ", b"+")


def _escape(found: re.Match[bytes]) -> bytes:
    return _ESCAPES[found[0]]


_NOBODY = UUID(int=0)


@lru_cache(maxsize=4096)
def _around_reference(status_callback: str) -> tuple[bytes, bytes]:
    before, _, after = quote_plus(with_reference(status_callback, _NOBODY)).partition(str(_NOBODY))
    return before.encode("ascii"), after.encode("ascii")


def _quoted_callback(status_callback: str, reference: UUID) -> bytes:
    """Quote the callback with our reference; a UUID needs no quoting, so only its place is looked for once."""
    if "00000000-0000" in status_callback:
        return quote_plus(with_reference(status_callback, reference)).encode("ascii")
    before, after = _around_reference(status_callback)
    return b"%b%b%b" % (before, str(reference).encode("ascii"), after)


def _read_sent_text(message: _ListedMessage) -> SentText:
    try:
        created_at = parsedate_to_datetime(message.date_created)
    except ValueError as error:
        raise REFUSALS.unusable_list("holds a date that is none") from error
    return SentText(
        provider_message_id=message.sid,
        sender_e164=message.sender or "",
        recipient_e164=message.recipient or "",
        body=message.body or "",
        status=read_text_status(message.status) or ReceiptStatus.ACCEPTED,
        created_at=created_at.astimezone(UTC) if created_at.tzinfo else created_at.replace(tzinfo=UTC),
        error_code=str(message.error_code or ""),
    )
