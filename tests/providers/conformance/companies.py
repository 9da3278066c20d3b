"""What the suite asks of each company: its provider, its way to be set up at the twin, and its webhooks read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from frontdesk.kernel.clock import SystemClock
from frontdesk.ports import InboundText, MessagingProvider, TextReceipt
from frontdesk.providers import telnyx, twilio
from frontdesk.providers.http import HttpClient
from frontdesk.providers.twin import TwinConfig, TwinControl
from frontdesk.providers.twin.wire import ServiceSetup
from tests.providers.conformance.listener import Hook

BUSINESS = "+12125550100"
SERVICE = "MG" + "1" * 32


@dataclass(frozen=True, slots=True)
class News:
    """A verified webhook: what it tells, and the name of the fact."""

    record: InboundText | TextReceipt
    dedupe_key: str


class Company(Protocol):
    """A carrier as the suite drives it; the numbers and words in it are those that the twin gives a meaning."""

    name: str
    key_of_repost: bool
    cut_off_customer: str
    failed_code: str
    opted_out_code: str
    undelivered_code: str
    expired_code: str

    def provider(self, http: HttpClient, *, right_key: bool = True) -> MessagingProvider: ...

    async def set_up(self, control: TwinControl, url: str) -> None: ...

    def read(self, hook: Hook) -> News | str: ...


class Twilio:
    """Twilio, at the twin."""

    name = "twilio"
    key_of_repost = False
    cut_off_customer = "+12065550142"
    failed_code = "30001"
    opted_out_code = "21610"
    undelivered_code = "30008"
    expired_code = "30036"

    def __init__(self, config: TwinConfig, url: str) -> None:
        self._account = twilio.TwilioAccount(
            account_sid=config.account_sid, auth_token=config.auth_token, api_base_url=url
        )

    def provider(self, http: HttpClient, *, right_key: bool = True) -> MessagingProvider:
        account = self._account if right_key else replace(self._account, auth_token="wrong")
        return twilio.TwilioMessaging(account, http, clock=SystemClock())

    async def set_up(self, control: TwinControl, url: str) -> None:
        await control.configure_number(BUSINESS, sms_url=url)
        await control.configure_service(
            ServiceSetup(service_sid=SERVICE, numbers=(BUSINESS,), inbound_url=url, advanced_opt_out=True)
        )

    def read(self, hook: Hook) -> News | str:
        form = twilio.verify(
            account=self._account,
            url=hook.url,
            body=hook.body,
            content_type=hook.content_type,
            headers=hook.headers,
        )
        if isinstance(form, twilio.Refusal):
            return form.reason.value
        inbound = form.get("SmsStatus") == "received"
        kind = twilio.WebhookKind.TEXT if inbound else twilio.WebhookKind.RECEIPT
        record = twilio.read_inbound_text(form) if inbound else twilio.read_text_receipt(form)
        return News(record, twilio.dedupe_key(kind, form))


class Telnyx:
    """Telnyx, at the twin."""

    name = "telnyx"
    key_of_repost = True
    cut_off_customer = "+12065550142"
    failed_code = "40011"
    opted_out_code = "40300"
    undelivered_code = "40008"
    expired_code = "40014"

    def __init__(self, config: TwinConfig, url: str) -> None:
        self._account = telnyx.TelnyxAccount(
            api_key=config.telnyx_api_key, public_keys=(config.telnyx_public_key,), api_base_url=url
        )

    def provider(self, http: HttpClient, *, right_key: bool = True) -> MessagingProvider:
        account = self._account if right_key else replace(self._account, api_key="wrong")
        return telnyx.TelnyxMessaging(account, http, clock=SystemClock())

    async def set_up(self, control: TwinControl, url: str) -> None:
        await control.configure_number(BUSINESS, sms_url=url, provider="telnyx")

    def read(self, hook: Hook) -> News | str:
        verified = telnyx.verify(account=self._account, body=hook.body, headers=hook.headers, now=datetime.now(UTC))
        if isinstance(verified, telnyx.Refusal):
            return verified.reason.value
        event = verified.event
        inbound = telnyx.kind_of(event) is telnyx.WebhookKind.TEXT
        record = telnyx.read_inbound_text(event) if inbound else telnyx.read_text_receipt(event)
        return News(record, telnyx.dedupe_key(event))


COMPANIES: tuple[type[Twilio | Telnyx], ...] = (Twilio, Telnyx)
