"""The gates: pure decisions on whether a text may leave now, each with its verdict and its source.

A message is ineligible until every gate has let it through; a missing fact never passes. The result is stored as it
is, so that a decision can be replayed from its facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from frontdesk.features.delivery.model import MessageClass

RULES_VERSION = "2026-11-5"
RECHECK = timedelta(seconds=1)
FENCE_RECHECK = timedelta(seconds=10)
SPENT_RECHECK = timedelta(minutes=5)


class Verdict(StrEnum):
    """What a gate says."""

    SEND = "send"
    HOLD = "hold"  # not now
    BAR = "bar"  # never
    DROP = "drop"  # too late to be of use


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRuling:
    """What the law says of one text at one moment, with the rules it came from as 'id@version'."""

    verdict: Verdict
    code: str
    citation: str
    until: datetime | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marketing:
    """What only marketing is asked for: the law's ruling, and all that it was ruled from; None means unknown."""

    ruling: LawRuling | None
    recipient_e164: str
    known_zone: str | None
    known_region: str | None
    tenant_country: str
    tenant_zone: str
    quiet_from: time
    quiet_until: time
    registrations: dict[str, dict[str, str | None]]
    written_consent: dict[str, object] | None
    marketing_last_24h: int
    daily_cap: int
    forgotten: bool | None
    refused_everywhere: bool | None
    another_unsettled: bool | None
    sender_not_registered: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a text costs and what its business may still spend, in cents; None means unknown."""

    cost_cents: Decimal | None
    left_cents: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provoked:
    """What outsiders have made the business send within the hour, and how much of that it takes.

    `range_` is of the thousand numbers around the recipient's, the rest of all texts that outsiders caused.
    """

    range_texts: int
    range_limit: int
    hour_cents: Decimal
    hour_limit_cents: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a text goes ("" is no country), where its business lets texts go, and who has caused it if not itself."""

    country: str
    costs_extra: bool
    allowed: tuple[str, ...]
    provoked: Provoked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandDay:
    """The day of a registered brand at its carriers: this text's segments, those that went, and how many may go."""

    segments: int
    used: int
    limit: int
    resets_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the gates may look at, read in the transaction that decides; None means unknown.

    Without a `destination` or `fenced` the facts are of a decision that was taken before anybody asked for them;
    without a `brand_day` no carrier limits what the text counts against.
    """

    at: datetime
    message_class: MessageClass
    basis: str
    basis_at: datetime
    useful_until: datetime
    recipient_is_own_number: bool | None
    opted_out_scope: str | None
    consent_known: bool
    opted_out_of_sender: bool
    paused: tuple[str, ...] | None
    sender_known: bool
    sender_may_text: bool | None
    sender_blocked_reason: str
    sender_held_until: datetime | None
    sender_held_because: str
    earlier_unsettled: bool | None
    marketing: Marketing | None = None
    money: Money | None = None
    destination: Destination | None = None
    fenced: bool | None = False
    brand_day: BrandDay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """One gate's word."""

    gate: str
    verdict: Verdict
    code: str
    citation: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict of all gates; `until` is set with hold."""

    verdict: Verdict
    code: str
    until: datetime | None
    gates: tuple[GateResult, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """A named question with its source; `ask` returns a verdict, a code and, with hold, until when.

    `cite` finds the source of this very answer, where it differs from text to text.
    """

    name: str
    citation: str
    ask: Callable[[Facts], tuple[Verdict, str, datetime | None]]
    cite: Callable[[Facts], str] | None = None


PASS = (Verdict.SEND, "ok", None)


def _is_wanted_still(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.at >= facts.useful_until:
        return Verdict.DROP, "delivery.too_late", None
    return PASS


def _has_a_basis(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if not facts.basis:
        return Verdict.BAR, "consent.no_basis", None
    if facts.message_class is MessageClass.REPLY and facts.at - facts.basis_at > timedelta(minutes=15):
        return Verdict.DROP, "delivery.reply_too_late", None
    return PASS


def _law_allows(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.message_class is not MessageClass.MARKETING:
        return PASS
    if facts.marketing is None or facts.marketing.ruling is None:
        return Verdict.HOLD, "law.unknown", facts.at + RECHECK
    ruling = facts.marketing.ruling
    return PASS if ruling.verdict is Verdict.SEND else (ruling.verdict, ruling.code, ruling.until)


def _cite_law(facts: Facts) -> str:
    return "" if facts.marketing is None or facts.marketing.ruling is None else facts.marketing.ruling.citation


def _money_is_there(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.message_class is MessageClass.COMPLIANCE or (
        facts.money is None and facts.message_class is not MessageClass.MARKETING
    ):
        return PASS
    if facts.money is None or facts.money.cost_cents is None or facts.money.left_cents is None:
        return Verdict.HOLD, "budget.unknown", facts.at + SPENT_RECHECK
    if facts.money.cost_cents > facts.money.left_cents:
        return Verdict.HOLD, "budget.spent", facts.at + SPENT_RECHECK
    return PASS


def _person_agrees(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if not facts.consent_known:
        return Verdict.HOLD, "consent.unknown", facts.at + RECHECK
    if facts.message_class is MessageClass.COMPLIANCE:
        return PASS
    if facts.opted_out_of_sender or facts.opted_out_scope == "all":
        return Verdict.BAR, "consent.opted_out", None
    return _person_agrees_to_marketing(facts) if facts.message_class is MessageClass.MARKETING else PASS


def _person_agrees_to_marketing(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.opted_out_scope == "marketing":
        return Verdict.BAR, "consent.opted_out_of_marketing", None
    if facts.marketing is None or facts.marketing.refused_everywhere is None:
        return Verdict.HOLD, "consent.unknown", facts.at + RECHECK
    if facts.marketing.refused_everywhere:
        return Verdict.BAR, "consent.refused_everywhere", None
    return PASS


def _recipient_is_a_person(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.recipient_is_own_number is None:
        return Verdict.HOLD, "delivery.recipient_unknown", facts.at + RECHECK
    if facts.recipient_is_own_number:
        return Verdict.BAR, "delivery.own_number", None
    if facts.marketing is not None and facts.marketing.forgotten is not False:
        return Verdict.BAR, "contacts.deleted", None
    return PASS


def _destination_is_wanted(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    to = facts.destination
    if to is None:
        return PASS
    if to.costs_extra:
        return Verdict.BAR, "delivery.number_costs_extra", None
    if to.country not in to.allowed:
        return Verdict.BAR, "delivery.country_not_allowed", None
    return PASS if to.provoked is None else _strangers_keep_measure(to.provoked, facts.money)


def _strangers_keep_measure(known: Provoked, money: Money | None) -> tuple[Verdict, str, datetime | None]:
    """Bar rather than hold: whoever pumps would be served an hour later, and a real caller is called back instead."""
    if known.range_texts >= known.range_limit:
        return Verdict.BAR, "delivery.range_too_busy", None
    cost = None if money is None else money.cost_cents
    if cost is not None and known.hour_cents + cost > known.hour_limit_cents:
        return Verdict.BAR, "delivery.strangers_too_costly", None
    return PASS


def _sending_is_on(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.paused is None:
        return Verdict.HOLD, "delivery.switches_unknown", facts.at + RECHECK
    if facts.paused:
        return Verdict.HOLD, f"delivery.paused_{facts.paused[0]}", facts.at
    return PASS


def _database_is_claimed(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.fenced is not False:
        return Verdict.HOLD, "delivery.epoch_unclaimed", facts.at + FENCE_RECHECK
    return PASS


def _sender_may_text(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if not facts.sender_known or facts.sender_may_text is None:
        return Verdict.BAR, "senders.unknown_number", None
    if not facts.sender_may_text:
        return Verdict.BAR, "senders.number_blocked", None
    if facts.marketing is not None and facts.marketing.sender_not_registered != "":
        return Verdict.BAR, facts.marketing.sender_not_registered or "senders.registration_unknown", None
    return PASS


def _sender_is_healthy(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.sender_held_until is not None and facts.sender_held_until > facts.at:
        return Verdict.HOLD, f"delivery.sender_held_{facts.sender_held_because or 'open'}", facts.sender_held_until
    return PASS


def _carriers_take_more(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    """Hold what carriers would refuse for the rest of their day; looked at again before, as the limit may be raised."""
    day = facts.brand_day
    if day is None or facts.message_class is MessageClass.COMPLIANCE or day.used + day.segments <= day.limit:
        return PASS
    return Verdict.HOLD, "senders.brand_day_full", min(day.resets_at, facts.at + SPENT_RECHECK)


def _is_next_in_thread(facts: Facts) -> tuple[Verdict, str, datetime | None]:
    if facts.message_class is MessageClass.COMPLIANCE:
        return PASS
    if facts.earlier_unsettled is None or facts.earlier_unsettled:
        return Verdict.HOLD, "delivery.earlier_text_first", facts.at
    if facts.marketing is not None and facts.marketing.another_unsettled is not False:
        return Verdict.HOLD, "delivery.earlier_text_first", facts.at + RECHECK
    return PASS


GATES: tuple[Gate, ...] = (
    Gate("wanted_still", "a reply to a call is useless later; 15 min, CTIA conversational consent", _is_wanted_still),
    Gate("basis", "CTIA Messaging Principles 2023: conversational, informational, promotional", _has_a_basis),
    Gate("consent", "47 CFR 64.1200(a)(10), (a)(12); FCC 24-24", _person_agrees),
    Gate("recipient", "no text to ourselves", _recipient_is_a_person),
    Gate("destination", "SMS pumping: no premium numbers, only wanted countries, no ranges", _destination_is_wanted),
    Gate("sender", "CTIA 10DLC registration; carrier errors 30032, 30034", _sender_may_text),
    Gate("kill_switch", "operator's kill switch, effective within 1 s", _sending_is_on),
    Gate("epoch", "a restored or copied database sends nothing until a person claims it", _database_is_claimed),
    Gate("sender_health", "breaker per number; provider's Retry-After", _sender_is_healthy),
    Gate("carriers", "T-Mobile: segments a day per 10DLC brand, counted from midnight Pacific", _carriers_take_more),
    Gate("order", "texts of one thread leave in their order", _is_next_in_thread),
    Gate("law", "hours, caps, registrations and written consent, by place and date", _law_allows, _cite_law),
    Gate("budget", "the business's own daily and monthly limit, reserved before the text leaves", _money_is_there),
)

# Made once: almost every gate lets almost every text through.
PASSED: tuple[GateResult, ...] = tuple(
    GateResult(gate=gate.name, verdict=Verdict.SEND, code="ok", citation=gate.citation) for gate in GATES
)
ALL_PASSED = Decision(verdict=Verdict.SEND, code="ok", until=None, gates=PASSED)

SEVERITY = {Verdict.SEND: 0, Verdict.HOLD: 1, Verdict.DROP: 2, Verdict.BAR: 3}


def decide(facts: Facts) -> Decision:
    """Ask every gate; the gravest verdict stands, the latest hold counts."""
    results = list(PASSED)
    gravest: GateResult | None = None
    until: datetime | None = None
    for position, gate in enumerate(GATES):
        answer = gate.ask(facts)
        if answer is PASS:
            continue
        verdict, code, hold = answer
        citation = gate.citation if gate.cite is None else gate.cite(facts) or gate.citation
        result = GateResult(gate=gate.name, verdict=verdict, code=code, citation=citation, until=hold)
        results[position] = result
        if hold is not None and (until is None or hold > until):
            until = hold
        if gravest is None or SEVERITY[verdict] > SEVERITY[gravest.verdict]:
            gravest = result
    if gravest is None:
        return ALL_PASSED
    until = until if gravest.verdict is Verdict.HOLD else None
    return Decision(verdict=gravest.verdict, code=gravest.code, until=until, gates=tuple(results))
