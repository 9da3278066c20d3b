"""Send texts through Telnyx's messages endpoint and find what was sent; one call never repeats a POST by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

import msgspec

from frontdesk.kernel.clock import Clock
from frontdesk.ports import Accepted, OutboundText, ReceiptStatus, SentText, SentTextQuery
from frontdesk.providers.account_api import AccountApi
from frontdesk.providers.callback_reference import read_reference, with_reference
from frontdesk.providers.http import HttpClient, HttpResponse
from frontdesk.providers.telnyx.account import TelnyxAccount
from frontdesk.providers.telnyx.errors import PROVIDER, REFUSALS, error_from_reply
from frontdesk.providers.telnyx.states import read_text_status

REPOST_SAFE_SECONDS = 86_400
"""For so long after a success Telnyx answers the same POST under the same key with that success, and sends nothing.

Source: developers.telnyx.com, API fundamentals, idempotency: 24 hours, the body the same to the byte.
"""

PAGE_SIZE = 50
MAX_PAGES = 20
MAX_FOUND = 20
"""More texts than this to one person in the time asked about are not told apart."""

_MESSAGES, _RECORDS = "/v2/messages", "/v2/detail_records"
_SUCCESSES = range(200, 300)
_OK = 200


class _Address(msgspec.Struct, frozen=True):
    phone_number: str | None = None
    status: str | None = None


class _Error(msgspec.Struct, frozen=True):
    code: str | int = ""


class _Message(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    id: str
    direction: str | None = None
    sender: _Address | None = None
    to: list[_Address] = []
    text: str | None = None
    errors: list[_Error] | None = None
    webhook_url: str | None = None


class _OneMessage(msgspec.Struct, frozen=True):
    data: _Message


class _Record(msgspec.Struct, frozen=True):
    uuid: str
    direction: str
    created_at: datetime
    cld: str | None = None
    cli: str | None = None


class _Page(msgspec.Struct, frozen=True):
    total_pages: int = 1


class _RecordPage(msgspec.Struct, frozen=True):
    data: list[_Record]
    meta: _Page = _Page()


_one_message = msgspec.json.Decoder(_OneMessage)
_record_page = msgspec.json.Decoder(_RecordPage)
_encode = msgspec.json.Encoder().encode


class TelnyxMessaging:
    """Telnyx as a MessagingProvider, for one account.

    `http` is shared by all accounts and closed by its owner. A text's reference is the key of its POST: whoever posts
    the same text again within 24 h gets the first answer again, and one text leaves.
    """

    def __init__(self, account: TelnyxAccount, http: HttpClient, *, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._api = AccountApi(
            http,
            REFUSALS,
            base_url=account.api_base_url,
            authorization=account.authorization,
            content_type="application/json",
        )

    @property
    def name(self) -> str:
        """Telnyx's key in webhook paths and tables."""
        return PROVIDER

    @property
    def repost_safe(self) -> timedelta | None:
        """Tell that Telnyx recognises the key of a POST for 24 h; its list is never complete."""
        return timedelta(seconds=REPOST_SAFE_SECONDS)

    async def send_text(self, text: OutboundText, *, starting: Callable[[], None]) -> Accepted:
        """Hand one text over with one POST and a total deadline of 10 s; refuses with ProviderError.

        Only a 2xx with a message id counts as taken. A validity below one second is refused without asking; a longer
        one cannot be told to Telnyx, which lets a text wait in its queue as it sees fit: send no faster than the
        number may. `starting` is called right before the first byte is written and may call it off by raising.
        """
        reply = await self._api.post_text(
            text,
            target=_MESSAGES,
            headers=(("Idempotency-Key", str(text.reference)),),
            body=self._write(text),
            starting=starting,
        )
        if reply.status in _SUCCESSES:
            try:
                taken = _one_message.decode(reply.body).data
            except msgspec.MsgspecError:
                taken = None
            if taken is not None and taken.id:
                return Accepted(provider_message_id=taken.id, status=_state_of(taken))
        raise error_from_reply(reply, now=self._clock.now(), may_repeat=False)

    async def list_sent_texts(self, query: SentTextQuery) -> list[SentText]:
        """List texts of ours to one person, newest first; refuses with ProviderError.

        Telnyx lists detail records by recipient, without words: each that fits is fetched. There is a record only
        once a text has come to its end, so what is not listed may be on its way all the same: only a POST under the
        same reference settles that.
        `since` is by the caller's clock: take off a margin for Telnyx's.
        """
        since = query.since.replace(microsecond=0)
        records = [
            record
            for record in await self._list_records(query.recipient_e164, since)
            if record.direction == "outbound"
            and record.cld == query.recipient_e164
            and (not query.sender_e164 or record.cli in {query.sender_e164, "", None})
            and _aware(record.created_at) >= since
        ]
        if len(records) > MAX_FOUND:
            raise REFUSALS.unusable_list("holds more texts than are read")
        found = [await self._fetch(record) for record in records]
        return sorted(found, key=lambda text: text.created_at, reverse=True)

    async def _list_records(self, recipient_e164: str, since: datetime) -> list[_Record]:
        wanted = {
            "filter[record_type]": "messaging",
            "filter[direction]": "outbound",
            "filter[cld]": recipient_e164,
            "filter[created_at][gte]": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "sort": "-created_at",
            "page[size]": str(PAGE_SIZE),
        }
        records: list[_Record] = []
        for number in range(1, MAX_PAGES + 1):
            reply = await self._get(f"{_RECORDS}?{urlencode({**wanted, 'page[number]': number})}")
            try:
                page = _record_page.decode(reply.body)
            except msgspec.MsgspecError as error:
                raise REFUSALS.unusable_list("cannot be read") from error
            records += page.data
            if number >= page.meta.total_pages:
                return records
        raise REFUSALS.unusable_list("has more pages than are read")

    async def _fetch(self, record: _Record) -> SentText:
        reply = await self._get(f"{_MESSAGES}/{quote(record.uuid, safe='')}")
        try:
            message = _one_message.decode(reply.body).data
        except msgspec.MsgspecError as error:
            raise REFUSALS.unusable_list("names a text that cannot be read") from error
        return SentText(
            provider_message_id=message.id,
            sender_e164=(message.sender.phone_number or "") if message.sender else "",
            recipient_e164=(message.to[0].phone_number or "") if message.to else "",
            body=message.text or "",
            status=_state_of(message),
            created_at=_aware(record.created_at),
            error_code=str(message.errors[0].code) if message.errors else "",
            reference=reference_in(message.webhook_url),
        )

    async def _get(self, target: str) -> HttpResponse:
        reply = await self._api.get(target)
        if reply.status != _OK:
            raise error_from_reply(reply, now=self._clock.now(), may_repeat=True)
        return reply

    def _write(self, text: OutboundText) -> bytes:
        """Write the body, which is the same to the byte however often and by whomever the text is posted."""
        fields: dict[str, str | bool] = {
            "to": text.recipient_e164,
            "text": text.body,
            "type": "SMS",
            "encoding": "auto",
        }
        if text.sender_e164:
            fields["from"] = text.sender_e164
        if profile := text.messaging_service or self._account.messaging_profile_id:
            fields["messaging_profile_id"] = profile
        if text.status_callback:
            fields["webhook_url"] = with_reference(text.status_callback, text.reference)
        else:
            fields["use_profile_webhooks"] = False  # whoever wants no receipts gets none by the profile either
        return _encode(fields)


def reference_in(webhook_url: str | None) -> UUID | None:
    """Read our reference from the webhook address that a text was posted with."""
    try:
        query = parse_qs(urlsplit(webhook_url or "").query)
    except ValueError:
        return None
    return read_reference({name: values[0] for name, values in query.items()})


def _state_of(message: _Message) -> ReceiptStatus:
    word = message.to[0].status if message.to else None
    return read_text_status(word or "") or ReceiptStatus.ACCEPTED


def _aware(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
