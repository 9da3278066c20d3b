"""The timeline's entries, and in words why a text was not sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TextState:
    """How a text of ours fares: `handed_over_at` is when its POST to the carrier started; `code` says why not."""

    job_id: UUID
    body: str
    status: str
    code: str
    citation: str
    handed_over_at: datetime | None
    held_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """A message that a caller left, with its length in seconds."""

    id: UUID
    call_id: UUID
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEntry:
    """A call on the timeline, with what became of it; `outcome` and `reason` are text-back's, if it was missed."""

    id: UUID
    caller_e164: str
    caller_name: str
    contact_id: UUID | None
    conversation_id: UUID | None
    status: str
    started_at: datetime
    missed_at: datetime | None
    missed_because: str | None
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
    outcome: str | None
    reason: str | None
    text: TextState | None
    voicemails: tuple[Voicemail, ...] = ()

    @property
    def milliseconds(self) -> float | None:
        """Milliseconds from the missed call to the start of the POST that carries its text."""
        if self.missed_at is None or self.text is None or self.text.handed_over_at is None:
            return None
        return max(0.0, (self.text.handed_over_at - self.missed_at).total_seconds() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEntry:
    """A text on the timeline that is not the answer to a missed call; an outbound one carries its state."""

    id: UUID
    conversation_id: UUID
    phone_e164: str
    name: str
    direction: str
    body: str
    author: str
    wording: str | None
    created_at: datetime
    text: TextState | None


Entry = CallEntry | TextEntry


@dataclass(frozen=True, slots=True)
class Changes:
    """What a stretch of events touched: calls, texts and send jobs by id."""

    calls: frozenset[UUID] = frozenset()
    messages: frozenset[UUID] = frozenset()
    jobs: frozenset[UUID] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.calls or self.messages or self.jobs)


_REASONS: Mapping[str, str] = {
    "ok": "nothing stands in the way",
    "textback.switched_off": "text-back is switched off",
    "textback.hidden_number": "the caller hid their number",
    "textback.costly_number": "texting that number costs extra",
    "textback.cooling_down": "{who} got a text for a call shortly before",
    "consent.opted_out": "{who} opted out",
    "consent.opted_out_of_marketing": "{who} opted out of marketing",
    "consent.no_basis": "nothing permits this text",
    "consent.unknown": "{who}'s consent could not be read; asked again",
    "delivery.too_late": "it would have come too late to be of use",
    "delivery.reply_too_late": "it would have come too late to be of use",
    "delivery.country_not_allowed": "texts to that country are not allowed; the settings say to which they are",
    "delivery.number_costs_extra": "texting that number costs extra",
    "delivery.range_too_busy": "too many neighbouring numbers asked for a text within the hour",
    "delivery.strangers_too_costly": "callers and sign-ups had used up what they may cost within an hour",
    "delivery.own_number": "the number is one of your own",
    "delivery.recipient_unknown": "the recipient could not be checked",
    "delivery.paused_setting": "all sending is switched off in the settings",
    "delivery.paused_global": "all sending is paused",
    "delivery.paused_tenant": "sending is paused",
    "delivery.paused_channel": "texting is paused everywhere",
    "delivery.switches_unknown": "the kill switches could not be read",
    "delivery.epoch_unclaimed": "this database was restored or copied, and nobody has said yet that it may send",
    "delivery.restored": "it waited when the database was put back to an earlier moment, and may have left since",
    "delivery.earlier_text_first": "an earlier text to {who} goes first",
    "senders.unknown_number": "the number it would come from is not yours any more",
    "budget.spent": "the budget is used up; it goes on by itself when there is room",
    "budget.unknown": "the price or the budget could not be read; asked again",
    "campaign.after_rehearsal": "it comes after the seven days that are rehearsed",
    "campaign.done": "the campaign was over before, with nothing more to send",
    "campaign.empty_text": "nothing is left of the text for {who} once it is filled in",
    "campaign.ended": "the campaign was ended before",
    "campaign.time_limit": "it is too late: the campaign's time limit comes first",
    "consent.refused_everywhere": "{who} is on the do-not-contact list of all businesses here",
    "contacts.deleted": "{who} is not among your people any more: deleted",
    "delivery.paused_campaign": "the campaign is paused",
    "law.cap": "{who} has had as many marketing texts in a day as the law or your own cap allows",
    "law.consent_unverifiable": "the written consent on record is incomplete: it lacks what proves it",
    "law.holiday": "it is a holiday where {who} may be, on which marketing is not allowed",
    "law.no_rules": "no law is on file for the country where {who} may be",
    "law.no_window": "the law leaves no hour in which all rules allow it",
    "law.no_written_consent": "no written consent on record, which marketing needs",
    "law.quiet_hours": "it is outside the hours in which marketing is allowed where {who} may be",
    "law.registration_missing": "the business lacks a registration that a state asks for",
    "law.sunday": "it is a Sunday where {who} may be, on which marketing is not allowed",
    "law.unknown": "the law could not be asked; asked again",
    "law.zone_unknown": "nobody knows in which time zone {who} is",
    "senders.brand_day_full": "the carriers take no more from this brand today; it goes on by itself after midnight",
    "senders.campaign_not_approved": "the carriers have approved no campaign for the number it would come from",
    "senders.number_retired": "the number it would come from is retired",
    "senders.registration_unknown": "nothing is known of the registration of the number it would come from",
    "senders.short_code_not_approved": "the carriers have not approved the short code it would come from",
    "senders.toll_free_not_verified": "the toll-free number it would come from is not verified",
    "senders.number_blocked": "the carrier has blocked the number it would come from",
    "delivery.in_doubt": "the carrier cannot say whether it has the text; it is never sent twice",
    "delivery.retries_exhausted": "the carrier refused every try",
}
_HELD_BY_CARRIER = re.compile(r"delivery\.sender_held_(\w+)")


def why_no_text(code: str, *, who: str, citation: str = "") -> str:
    """Say in words why a text was not sent or waits, with the source of the rule where the law is one."""
    held = _HELD_BY_CARRIER.fullmatch(code)
    known = _REASONS.get(code, code.replace("_", " ") or "no reason given")
    words = "the carrier asked the number to wait" if held else known
    lawful = citation if "CFR" in citation or "CTIA" in citation else ""
    return words.format(who=who) + (f" ({lawful})" if lawful else "")


_CARRIER_CODES: Mapping[str, str] = {
    "21610": "the carrier has {who} as opted out",
    "21211": "the carrier knows no such number",
    "21614": "the number cannot get texts",
    "30003": "the phone cannot be reached",
    "30004": "the carrier has blocked it",
    "30005": "the carrier knows no such number",
    "30006": "the number cannot get texts",
    "30007": "the carrier filtered it",
    "30032": "the toll-free number it comes from is not verified",
    "30034": "the number it comes from is not registered with the carriers",
}


def why_not_delivered(code: str, *, who: str) -> str:
    """Say in words why a carrier did not deliver a text, with its error code (twilio.com/docs/api/errors)."""
    words = _CARRIER_CODES.get(code, "the carrier gives no reason").format(who=who)
    return f"{words} ({code})" if code else words


def read_changes(events: Iterable[tuple[str, Mapping[str, object]]]) -> Changes:
    """Tell what events (name and payload) touched; those that no entry shows add nothing."""
    calls: set[UUID] = set()
    messages: set[UUID] = set()
    jobs: set[UUID] = set()
    for name, payload in events:
        area = name.partition(".")[0]
        if area in {"calls", "textback"}:
            _add(calls, payload.get("call_id"))
        elif area == "conversations":
            _add(messages, payload.get("message_id"))
        elif area == "delivery":
            _add(jobs, payload.get("job_id"))
    return Changes(frozenset(calls), frozenset(messages), frozenset(jobs))


def _add(ids: set[UUID], value: object) -> None:
    if isinstance(value, str):
        ids.add(UUID(value))
