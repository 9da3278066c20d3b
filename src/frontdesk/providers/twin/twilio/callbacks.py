"""Twilio's webhooks: signed, posted, sometimes sabotaged, always written down."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urldefrag, urlencode

import aiohttp

from frontdesk.providers.twin.faults import POSTING_FAULTS, Fault
from frontdesk.providers.twin.twilio.state import Account
from frontdesk.providers.twin.wire import FaultKind, SignatureScheme, WebhookReport
from frontdesk.providers.twin.world import World

Observer: TypeAlias = Callable[[WebhookReport, Mapping[str, str]], None]
SWALLOWED: Final = -1
_REPLY_KEPT: Final = 16_384
_HTTP_ERROR: Final = 400
_SHARED_KEY_ID: Final = "webhooks_sharedkey_twin"
_CONNECTIONS: Final = 128
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
class Webhook:
    """A webhook to post; `recipient` is the customer's number, by which faults pick."""

    kind: WebhookKind
    account: Account
    url: str
    form: Mapping[str, str]
    recipient: str
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"


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


class Callbacks:
    """Posts webhooks; one per twin, closed with it."""

    def __init__(self, world: World, observer: Observer | None) -> None:
        self._world = world
        self._observer = observer
        self._lines: dict[str, deque[Webhook]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def close(self) -> None:
        """Close all connections; what would be posted after that meets none."""
        self._is_closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    def forget_lines(self) -> None:
        """Drop webhooks that wait for their predecessors."""
        self._lines.clear()

    async def post(self, webhook: Webhook) -> WebhookReport:
        """Post it with the faults that strike now, then its fallback if it failed; report the last answer."""
        faults = self._world.faults.strike_all(POSTING_FAULTS, webhook.kind, webhook.recipient)
        return await self._post_with(webhook, faults)

    def post_in_line(self, key: str, webhook: Webhook) -> None:
        """Post it once all earlier webhooks of `key` were answered; one that is to be late lets others pass."""
        faults = self._world.faults.strike_all(POSTING_FAULTS, webhook.kind, webhook.recipient)
        if faults:
            self._world.start(self._post_aside(webhook, faults))
            return
        line = self._lines.get(key)
        if line is not None:
            line.append(webhook)
            return
        self._lines[key] = deque((webhook,))
        self._world.start(self._post_line(key))

    def post_shuffled(self, key: str, webhooks: list[Webhook], seed: int) -> None:
        """Post them in line in another order than given."""
        shuffled = list(webhooks)
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - replayable, not a secret
        if shuffled == webhooks:
            shuffled.reverse()
        for webhook in shuffled:
            self.post_in_line(key, webhook)

    async def _post_aside(self, webhook: Webhook, faults: tuple[Fault, ...]) -> None:
        await self._post_with(webhook, faults)

    async def _post_line(self, key: str) -> None:
        line = self._lines[key]
        try:
            while line:
                await self._post_with(line[0], ())
                line.popleft()
        finally:
            if self._lines.get(key) is line:
                del self._lines[key]

    async def _post_with(self, webhook: Webhook, faults: tuple[Fault, ...]) -> WebhookReport:
        struck = {fault.kind: fault for fault in faults}
        names = tuple(fault.kind.value for fault in faults)
        token = str(uuid.uuid4())
        if FaultKind.LOST in struck:
            return self._remember(self._report(webhook, webhook.url, names, token, status=SWALLOWED))
        if (late := struck.get(FaultKind.LATE)) is not None:
            await self._world.clock.sleep(late.seconds)
        tokens = [token]
        if (twice := struck.get(FaultKind.DUPLICATE)) is not None:
            tokens += [token] * twice.copies
        if (renamed := struck.get(FaultKind.REIDENTIFIED)) is not None:
            tokens += [str(uuid.uuid4()) for _ in range(renamed.copies)]
        reports = await asyncio.gather(*(self._deliver(webhook, names, each) for each in tokens))
        return reports[0]

    async def _deliver(self, webhook: Webhook, faults: tuple[str, ...], token: str) -> WebhookReport:
        url, fragment = urldefrag(webhook.url)
        retries = _Retries.of(fragment)
        report = await self._send(webhook, url, webhook.method, faults, token)
        for _ in range(retries.count):
            if not retries.cover(report):
                break
            report = await self._send(webhook, url, webhook.method, faults, token)
        if webhook.fallback_url and not report.taken:
            told = Webhook(
                kind=webhook.kind,
                account=webhook.account,
                url=webhook.fallback_url,
                form={**webhook.form, "ErrorCode": _FALLBACK_ERROR, "ErrorUrl": url},
                recipient=webhook.recipient,
            )
            fallback = urldefrag(webhook.fallback_url).url
            report = await self._send(told, fallback, webhook.fallback_method, faults, token)
        return report

    async def _send(
        self, webhook: Webhook, url: str, method: str, faults: tuple[str, ...], token: str
    ) -> WebhookReport:
        form = dict(webhook.form)
        if method == "GET":
            url, form = url + ("&" if "?" in url else "?") + urlencode(form), {}
        headers = self._headers(webhook.account, url, form, token)
        if FaultKind.BAD_SIGNATURE in faults:
            headers["X-Twilio-Signature"] = base64.b64encode(bytes(20)).decode()
        report = self._report(webhook, url, faults, token, method=method)
        started = self._world.clock.monotonic()
        status, reply, error = await self._exchange(method, url, urlencode(form), headers)
        latency_ms = (self._world.clock.monotonic() - started) * 1000
        return self._remember(
            WebhookReport(
                kind=report.kind,
                url=url,
                method=method,
                fields=dict(webhook.form),
                started_us=report.started_us,
                latency_ms=round(latency_ms, 3),
                status=status,
                reply=reply,
                error=error,
                token=token,
                faults=faults,
            ),
            headers,
        )

    async def _exchange(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Tell status, reply and failure: `ct` no connection, `rt` no answer in time or a broken one."""
        if self._is_closed:
            return 0, "", "ct"
        session = self._open_session()
        timeout = aiohttp.ClientTimeout(total=self._world.settings.webhook_timeout_s, sock_connect=5)
        data = body.encode() if method == "POST" else None
        try:
            async with session.request(
                method, url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                text = (await answer.content.read(_REPLY_KEPT)).decode(errors="replace")
                return answer.status, text, ""
        except aiohttp.ClientConnectorError:
            return 0, "", "ct"
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0, "", "rt"

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

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

    def _report(
        self, webhook: Webhook, url: str, faults: tuple[str, ...], token: str, *, method: str = "POST", status: int = 0
    ) -> WebhookReport:
        return WebhookReport(
            kind=webhook.kind,
            url=url,
            method=method,
            fields=dict(webhook.form),
            started_us=self._world.now_us(),
            latency_ms=0.0,
            status=status,
            token=token,
            faults=faults,
        )

    def _remember(self, report: WebhookReport, headers: Mapping[str, str] | None = None) -> WebhookReport:
        self._world.journal.posted(report)
        if self._observer is not None and headers is not None:
            self._observer(report, headers)
        return report
