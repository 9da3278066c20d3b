"""What the control API and its client say to each other: orders in, reports out."""

from __future__ import annotations

from enum import StrEnum

import msgspec

_HTTP_OK, _HTTP_REDIRECT = 200, 300


class CallOutcome(StrEnum):
    """What becomes of a call from a customer once the business is rung."""

    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"
    ANSWERED = "answered"
    CALLER_HANGS_UP = "caller_hangs_up"


class FaultKind(StrEnum):
    """Ways in which a carrier misbehaves; the first ten hit our requests to it, the others its webhooks to us."""

    REPLY_LOST = "reply_lost"  # takes effect, then closes without a reply (or hangs for `seconds` first)
    ERROR_AFTER_ACCEPT = "error_after_accept"  # takes effect, answers `status` (500)
    ERROR_BEFORE_ACCEPT = "error_before_accept"  # no effect, answers `status` (503)
    RATE_LIMITED = "rate_limited"  # no effect, 429 with `retry_after` as it stands
    REFUSED = "refused"  # no effect, `status` (400) with carrier error `code`
    SLOW = "slow"  # answers after `seconds`
    SLOW_LORIS = "slow_loris"  # takes effect, body at one byte per `seconds` (1)
    RESET = "reset"  # takes effect, TCP reset in the middle of the body
    TRUNCATED = "truncated"  # takes effect, half of the JSON as a complete reply
    HTML = "html"  # takes effect, 200 with a web page
    DUPLICATE = "duplicate"  # the webhook `copies` more times at once, the same to the byte
    REIDENTIFIED = "reidentified"  # `copies` more times under new idempotency tokens
    REORDER = "reorder"  # a text's receipts are held back and shuffled
    LATE = "late"  # after `seconds`
    LOST = "lost"  # never
    BEFORE_REPLY = "before_reply"  # the first receipt arrives before the reply to the create request
    BAD_SIGNATURE = "bad_signature"


class StopRule(StrEnum):
    """How the carrier keeps a STOP: refuse at once (21610), or accept through a service and fail the text later."""

    REFUSE = "refuse"
    FAIL_LATER = "fail_later"


class SignatureScheme(StrEnum):
    """How webhooks are signed: with the account's token, or with a shared key and the settings header."""

    HMAC_SHA1 = "HMAC_SHA1"
    HMAC_SHA256 = "HMAC_SHA256"


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to the control API; a misspelt member is refused."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the control API."""


class Settings(Order, frozen=True, kw_only=True):
    """How the twin's world runs; times in milliseconds of real time unless said otherwise.

    `time_scale` turns a carrier's seconds (ringing, talking, queueing) into real ones: 0.0015 rings 20 s in 30 ms.
    `callback_share` 0 switches delivery receipts off, 0.1 posts those of every tenth text. `queue_seconds` is how long
    a text waits in the carrier's queue, in carrier's seconds. `list_lag_ms` hides a new text from lists for so long;
    `list_hides_unsent` leaves texts without a sent date out of lists filtered by one.
    `start_keywords` re-open a stopped pair; `auto_reply` lets the carrier confirm STOP, START and HELP by itself.
    """

    sent_ms: float = 15.0
    delivered_ms: float = 30.0
    time_scale: float = 0.0015
    callback_share: float = 1.0
    queue_seconds: float = 0.0
    webhook_timeout_s: float = 15.0
    list_lag_ms: float = 0.0
    list_hides_unsent: bool = False
    signature: SignatureScheme = SignatureScheme.HMAC_SHA1
    stop_rule: StopRule = StopRule.REFUSE
    auto_reply: bool = False
    start_keywords: tuple[str, ...] = ("START", "UNSTOP", "YES")


class AccountSetup(Order, frozen=True, kw_only=True):
    """An account and its live token; `older_token` stays valid for API requests while keys are rotated."""

    account_sid: str
    auth_token: str
    older_token: str = ""
    shared_key: str = ""


class NumberSetup(Order, frozen=True, kw_only=True):
    """A number of ours and where its calls and texts are announced; `account_sid` empty is the first account.

    `provider` is whose number it is: twilio, or telnyx with its `messaging_profile_id` (empty: one for all), which
    keeps STOPs for all of its numbers.
    """

    number: str
    voice_url: str = ""
    voice_fallback_url: str = ""
    sms_url: str = ""
    sms_fallback_url: str = ""
    status_callback: str = ""
    friendly_name: str = ""
    account_sid: str = ""
    provider: str = "twilio"
    messaging_profile_id: str = ""


class ServiceSetup(Order, frozen=True, kw_only=True):
    """A messaging service: the numbers it sends from, its own receipt address, Advanced Opt-Out or not."""

    service_sid: str
    numbers: tuple[str, ...] = ()
    status_callback: str = ""
    inbound_url: str = ""
    advanced_opt_out: bool = False
    account_sid: str = ""


class Fate(Order, frozen=True, kw_only=True):
    """What happens to texts to `number`: `status` delivered, undelivered, failed or sent (stuck there).

    At Telnyx it may be unconfirmed too.
    """

    number: str
    error_code: int = 0
    status: str = ""
    provider: str = "twilio"


class StopEntry(Order, frozen=True, kw_only=True):
    """A pair the carrier keeps apart: `customer` said STOP to `number`, or to the service it belongs to."""

    number: str
    customer: str


class FaultOrder(Order, frozen=True, kw_only=True):
    """A fault to inject: how often (`count`, null without end), with which chance, on what, for whom.

    `on` is an operation (`messages.create`, the default for requests), a webhook kind (`sms.status`) or `*` (the
    default for webhooks); `seconds`, `status`, `retry_after`, `copies`, `code` as the kind uses them.
    """

    kind: FaultKind
    on: str = ""
    recipient: str = ""
    count: int | None = 1
    probability: float = 1.0
    seed: int | None = None
    seconds: float | None = None
    status: int | None = None
    retry_after: str | None = "1"
    copies: int = 1
    code: int = 0


class PlaceCall(Order, frozen=True, kw_only=True):
    """A customer calls a number of ours; seconds are the carrier's, scaled by `time_scale`.

    `seconds`: talk time when answered, time until the caller gives up for `caller_hangs_up` (default 5).
    `wait` false answers as soon as the call exists.
    """

    caller: str = msgspec.field(name="from")
    to: str
    outcome: CallOutcome = CallOutcome.NO_ANSWER
    seconds: int | None = None
    voicemail: bool = False
    voicemail_seconds: int = 12
    caller_name: str = ""
    forwarded_from: str = ""
    call_sid: str = ""
    wait: bool = True


class MediaOrder(Order, frozen=True, kw_only=True):
    """A file to go with a text; without `content` (base64 in JSON) the twin makes a small one."""

    content_type: str = "image/png"
    content: bytes = b""


class SendText(Order, frozen=True, kw_only=True):
    """A customer texts a number of ours."""

    customer: str = msgspec.field(name="from")
    to: str
    body: str = ""
    media: tuple[MediaOrder, ...] = ()
    message_sid: str = ""


class ResetOrder(Order, frozen=True, kw_only=True):
    """What to forget; numbers, services and accounts stay unless `numbers` says so."""

    numbers: bool = False


class WebhookReport(Report, frozen=True, kw_only=True):
    """One webhook posted: `status` is our HTTP answer, 0 when none came, -1 when a fault swallowed it."""

    kind: str
    url: str
    method: str
    fields: dict[str, str]
    started_us: int
    latency_ms: float
    status: int
    reply: str = ""
    error: str = ""
    token: str = ""
    faults: tuple[str, ...] = ()

    @property
    def taken(self) -> bool:
        """Tell whether we answered 2xx."""
        return _HTTP_OK <= self.status < _HTTP_REDIRECT


class CallReport(Report, frozen=True, kw_only=True):
    """A call as the carrier saw it; `webhooks` in the order they were posted, `error` a TwiML or webhook fault."""

    call_sid: str
    status: str
    direction: str
    caller: str = msgspec.field(name="from")
    to: str
    duration_seconds: int
    recording_sid: str = ""
    error: str = ""
    webhooks: tuple[WebhookReport, ...] = ()


class TextReport(Report, frozen=True, kw_only=True):
    """An inbound text and how our webhook answered."""

    message_sid: str
    status: int
    latency_ms: float
    reply: str
    error: str = ""

    @classmethod
    def of(cls, message_sid: str, report: WebhookReport, *, error: str = "") -> TextReport:
        """Tell how a text was taken; `error` is what else was wrong with the answer."""
        return cls(
            message_sid=message_sid,
            status=report.status,
            latency_ms=report.latency_ms,
            reply=report.reply,
            error=report.error or error,
        )


class Step(Report, frozen=True, kw_only=True):
    """A state that a text reached, in Unix microseconds."""

    status: str
    at_us: int


class MessageView(Report, frozen=True, kw_only=True):
    """A text as the carrier keeps it."""

    sid: str
    sender: str = msgspec.field(name="from")
    to: str
    body: str
    direction: str
    status: str
    created_us: int
    error_code: int = 0
    status_callback: str = ""
    messaging_service_sid: str = ""
    num_segments: int = 1
    history: tuple[Step, ...] = ()
    provider: str = "twilio"


class JournalView(Report, frozen=True, kw_only=True):
    """One API request: arrival on the machine-wide monotonic clock and on the wall clock, in microseconds."""

    seq: int
    monotonic_us: int
    wall_us: int
    method: str
    path: str
    operation: str
    account_sid: str
    fields: dict[str, str]
    status: int
    effect: str = ""
    fault: str = ""


class FaultView(Report, frozen=True, kw_only=True):
    """A fault and how often it has struck; `remaining` None is without end."""

    fault_id: int
    kind: FaultKind
    on: str
    recipient: str
    remaining: int | None
    hits: int


class NumberView(Report, frozen=True, kw_only=True):
    """A number of ours at the carrier."""

    number: str
    sid: str
    account_sid: str
    voice_url: str
    sms_url: str
    status_callback: str
    provider: str = "twilio"


class WaitReport(Report, frozen=True, kw_only=True):
    """What a wait found: `met` false means that the time ran out."""

    met: bool
    count: int
    messages: tuple[MessageView, ...] = ()


class StateReport(Report, frozen=True, kw_only=True):
    """The twin at a glance."""

    base_url: str
    account_sid: str
    settings: Settings
    numbers: tuple[NumberView, ...]
    services: tuple[str, ...]
    stops: tuple[StopEntry, ...]
    faults: tuple[FaultView, ...]
    messages: int
    calls: int
    recordings: int
    requests: int
    webhooks: int
    pending: int
    totals: dict[str, int]
