"""Twilio's webhooks: signed as the account asks, tried again as the address asks, then posted to the fallback."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urldefrag, urlencode

import aiohttp

from frontdesk.providers.twin.postman import Parcel, Postman
from frontdesk.providers.twin.twilio.state import Account
from frontdesk.providers.twin.wire import FaultKind, SignatureScheme, WebhookReport
from frontdesk.providers.twin.world import World

Observer: TypeAlias = Callable[[WebhookReport, Mapping[str, str]], None]
_HTTP_ERROR: Final = 400
_SHARED_KEY_ID: Final = "webhooks_sharedkey_twin"
_FALLBACK_ERROR: Final = "11200"


class WebhookKind(StrEnum):
    """Which webhook it is; faults name these in `on`."""

    SMS_INBOUND = "sms.inbound"
    SMS_STATUS = "sms.status"
    VOICE_ANSWER = "voice.answer"
    VOICE_DIAL = "voice.dial"
    VOICE_RECORD = "voice.record"
    VOICE_REDIRECT = "voice.redirect"
    VOICE_STATUS = "voice.status"
    RECORDING_STATUS = "recording.status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Parcel):
    """A webhook to post; its token is the idempotency token that Twilio sends along."""

    kind: WebhookKind
    account: Account
    form: Mapping[str, str]
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"

    def fields(self) -> dict[str, str]:
        """Show the form."""
        return dict(self.form)


def sign(secret: str, url: str, form: Mapping[str, str], scheme: SignatureScheme) -> str:
    """Sign as Twilio does: base64 HMAC over the address followed by the sorted names and values.

    Source: twilio.com/docs/usage/security, checked against the official SDK's RequestValidator.
    """
    text = url + "".join(name + form[name] for name in sorted(form))
    digest = hashlib.sha1 if scheme is SignatureScheme.HMAC_SHA1 else hashlib.sha256
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), digest).digest()).decode()


@dataclass(frozen=True, slots=True)
class _Retries:
    """How often a webhook is tried again (`#rc=`) and after what (`#rp=`), from the address's fragment."""

    count: int
    after: frozenset[str]

    @classmethod
    def of(cls, fragment: str) -> _Retries:
        wanted = parse_qs(fragment)
        count = wanted.get("rc", ["1"])[0]
        after = frozenset(wanted.get("rp", ["ct"])[0].split(","))
        return cls(min(int(count), 5) if count.isdigit() else 1, after)

    def cover(self, report: WebhookReport) -> bool:
        reason = report.error or (f"{report.status // 100}xx" if report.status >= _HTTP_ERROR else "")
        return bool(reason) and ("all" in self.after or reason in self.after)


class Callbacks(Postman[Webhook]):
    """Posts webhooks."""

    def __init__(self, world: World, observer: Observer | None) -> None:
        super().__init__(world)
        self._observer = observer

    async def _deliver(self, parcel: Webhook, faults: tuple[str, ...]) -> WebhookReport:
        url, fragment = urldefrag(parcel.url)
        retries = _Retries.of(fragment)
        report = await self._send(parcel, url, parcel.method, faults)
        for _ in range(retries.count):
            if not retries.cover(report):
                break
            report = await self._send(parcel, url, parcel.method, faults)
        if parcel.fallback_url and not report.taken:
            told = replace(parcel, form={**parcel.form, "ErrorCode": _FALLBACK_ERROR, "ErrorUrl": url})
            fallback = urldefrag(parcel.fallback_url).url
            report = await self._send(told, fallback, parcel.fallback_method, faults)
        return report

    async def _send(self, parcel: Webhook, url: str, method: str, faults: tuple[str, ...]) -> WebhookReport:
        form = dict(parcel.form)
        if method == "GET":
            url, form = url + ("&" if "?" in url else "?") + urlencode(form), {}
        headers = self._headers(parcel.account, url, form, parcel.token)
        if FaultKind.BAD_SIGNATURE in faults:
            headers["X-Twilio-Signature"] = base64.b64encode(bytes(20)).decode()
        opened = self._opened(parcel, faults, url=url, method=method)
        body = urlencode(form).encode() if method == "POST" else None
        patience = aiohttp.ClientTimeout(total=self._world.settings.webhook_timeout_s, sock_connect=5)
        report = await self._exchange(opened, body, headers, patience)
        if self._observer is not None:
            self._observer(report, headers)
        return report

    def _headers(self, account: Account, url: str, form: Mapping[str, str], token: str) -> dict[str, str]:
        scheme = self._world.settings.signature
        shared = scheme is SignatureScheme.HMAC_SHA256
        secret = account.shared_key or account.tokens[0] if shared else account.tokens[0]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "I-Twilio-Idempotency-Token": token,
            "X-Twilio-Signature": sign(secret, url, form, scheme),
        }
        if shared:
            headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={_SHARED_KEY_ID},algorithm={scheme}"
        return headers
