"""The judge: may this text go to this person now, and if not, when or why never."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from frontdesk.features.consent.law.book import in_force
from frontdesk.features.consent.law.house import SAFE_DEFAULT
from frontdesk.features.consent.law.places import LEADING, Place, find_place
from frontdesk.features.consent.law.question import (
    WIDEN_UNKNOWN,
    AppliedRule,
    ConsentProof,
    Question,
    Ruling,
    Verdict,
)
from frontdesk.features.consent.law.rule import AnyHour, Cap, Consent, Hours, KeptBy, Registered, Rule, TenantQuiet
from frontdesk.features.consent.law.windows import Timetable, Window, clocks_for, legal_holidays

_MARKETING = "C3"
_DEFAULT = "Default of the house: what no rule allows, or nobody knows, is not sent"
_CAP_PERIOD = timedelta(hours=24)
_KEPT = 256
_SUNDAY = 6


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that the law says of one kind of text to one kind of place, made once and asked often."""

    place: Place
    rules: tuple[Rule, ...]
    applied: tuple[AppliedRule, ...]
    timetable: Timetable
    quiet: tuple[time, time] | None
    refusal: Ruling | None
    consents: tuple[tuple[Rule, Consent], ...]
    registrations: tuple[tuple[Rule, Registered], ...]
    caps: tuple[tuple[Rule, Cap], ...]
    citation: str
    allowed: dict[Window, Ruling] = field(default_factory=dict)
    closed: dict[datetime, Ruling] = field(default_factory=dict)

    def find(self, at: datetime) -> Window | None:
        """Find the window that is open at `at` or opens next."""
        return None if self.refusal else self.timetable.find(at)


def judge(question: Question) -> Ruling:
    """Say whether the law allows the text now. The default is no: only a class and place with rules can be sent.

    Bars come before holds: no rules for the country, consent, registration; then the cap, then the clock. Codes:
    law.allowed, law.no_rules, law.no_written_consent, law.consent_unverifiable, law.registration_missing, law.cap,
    law.quiet_hours, law.sunday, law.holiday, law.zone_unknown. Raises ValueError for an instant without a zone.
    """
    at = _utc(question.at)
    plan = _plan_for(question, at)
    if plan.refusal is not None:
        return plan.refusal
    if question.message_class == _MARKETING and (refusal := _refusal_of_marketing(question, plan, at)):
        return refusal
    for window in plan.timetable.windows_on(at.toordinal()):
        if window[0] <= at < window[1]:
            return plan.allowed.get(window) or _allow(plan, window, at)
    return _closed(plan, at)


def next_window(question: Question) -> Window | None:
    """Find the first window in which the clock allows the text, from the question's moment on and within ten days.

    In UTC, from the moment itself if it is open. Consent, registration and caps are not asked. None: nobody knows where
    the person is, the country has no rules, or no hour of ten days is lawful everywhere the person may be.
    """
    at = _utc(question.at)
    return _plan_for(question, at).find(at)


def window_end(question: Question) -> datetime:
    """Tell until when (UTC) a text sent now may still arrive; the moment itself if it may not be sent now.

    Where no hour is closed, ten days ahead at the latest.
    """
    at = _utc(question.at)
    window = _plan_for(question, at).find(at)
    return window[1] if window and window[0] <= at else at


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _plan_for(question: Question, at: datetime) -> _Plan:
    day = question.as_of or at.date()
    widened = False
    if question.message_class == _MARKETING and (decision := question.registrations.get(WIDEN_UNKNOWN)):
        widened = decision.holds_on(day)
    return _plan(
        question.recipient_e164[:LEADING],
        question.known_zone,
        question.known_region,
        question.tenant_country,
        question.message_class,
        question.urgent,
        question.quiet_from,
        question.quiet_until,
        day,
        widened,
    )


@lru_cache(maxsize=65_536)
def _plan(  # noqa: PLR0913, PLR0917 - the key of a cache, asked by position on the hottest path
    leading: str,
    known_zone: str | None,
    known_region: str | None,
    tenant_country: str,
    message_class: str,
    urgent: bool,  # noqa: FBT001 - the same
    quiet_from: time,
    quiet_until: time,
    day: date,
    widened: bool,  # noqa: FBT001 - the same
) -> _Plan:
    place = find_place(leading, known_zone, known_region)
    rules = tuple(
        rule
        for rule in in_force(day)
        if message_class in rule.classes and _binds(rule, place, tenant_country, widened=widened)
    )
    hours = tuple(rule.effect for rule in rules if isinstance(rule.effect, Hours))
    courteous = not urgent or message_class == _MARKETING
    quiet = next(
        ((quiet_from, quiet_until) for rule in rules if isinstance(rule.effect, TenantQuiet) and courteous), None
    )
    applied = tuple(
        AppliedRule(rule.id, rule.version, rule.sha256) for rule in rules if not isinstance(rule.effect, KeptBy)
    )
    return _Plan(
        place=place,
        rules=rules,
        applied=applied,
        timetable=_timetable(place.zones, hours, quiet),
        quiet=quiet,
        refusal=_refusal(rules, place, message_class, applied, clock_needed=bool(hours) or quiet is not None),
        consents=tuple((rule, rule.effect) for rule in rules if isinstance(rule.effect, Consent)),
        registrations=tuple((rule, rule.effect) for rule in rules if isinstance(rule.effect, Registered)),
        caps=tuple((rule, rule.effect) for rule in rules if isinstance(rule.effect, Cap)),
        citation=next((rule.citation for rule in rules if rule.country or isinstance(rule.effect, AnyHour)), _DEFAULT),
    )


@lru_cache(maxsize=16_384)
def _timetable(zones: frozenset[str], hours: tuple[Hours, ...], quiet: tuple[time, time] | None) -> Timetable:
    return Timetable(clocks_for(zones, hours, quiet))


def _binds(rule: Rule, place: Place, tenant_country: str, *, widened: bool) -> bool:
    """Tell whether a rule binds a text to `place`.

    Where the region is unknown, the safe default stands for the hours of all states; their other rules bind, until the
    business has widened the default and so taken the decision.
    """
    if rule.id == SAFE_DEFAULT:
        return not place.region_known and not widened
    if not rule.country:
        return True
    if rule.country not in place.countries:
        return isinstance(rule.effect, Consent) and rule.effect.of_sender and rule.country == tenant_country
    if not rule.regions or place.region_known:
        return not rule.regions or not place.regions.isdisjoint(rule.regions)
    return isinstance(rule.effect, Cap) or (isinstance(rule.effect, Consent | Registered) and not widened)


def _refusal(
    rules: tuple[Rule, ...],
    place: Place,
    message_class: str,
    applied: tuple[AppliedRule, ...],
    *,
    clock_needed: bool,
) -> Ruling | None:
    """Refuse what no rule allows, and hold what needs a clock that nobody knows.

    A known clock does not stand for a country: marketing to a number of none, like a satellite phone's, has no rules.
    """
    found = bool(place.countries or place.zones)
    lawful = [rule for rule in rules if rule.country in place.countries and isinstance(rule.effect, Hours)]
    if not rules or (message_class == _MARKETING and found and not lawful):
        return Ruling(verdict=Verdict.BAR, code="law.no_rules", citation=_DEFAULT, until=None, rules=applied)
    if not place.zones and (clock_needed or message_class == _MARKETING):
        return Ruling(verdict=Verdict.HOLD, code="law.zone_unknown", citation=_DEFAULT, until=None, rules=applied)
    return None


def _refusal_of_marketing(question: Question, plan: _Plan, at: datetime) -> Ruling | None:
    """Check what marketing needs beside the hour: consent, registration, and room under the cap."""
    for rule, consent in plan.consents:
        if code := fault_of_consent(question.written_consent, consent, at):
            return Ruling(verdict=Verdict.BAR, code=code, citation=rule.citation, until=None, rules=plan.applied)
    for rule, registered in plan.registrations:
        registration = question.registrations.get(registered.key)
        if registration is None or not registration.holds_on(question.as_of or at.date()):
            known = plan.place.region_known
            return Ruling(
                verdict=Verdict.BAR if known else Verdict.HOLD,
                code="law.registration_missing" if known else "law.zone_unknown",
                citation=rule.citation,
                until=None,
                rules=plan.applied,
            )
    return _refusal_by_cap(question, plan, at)


def _refusal_by_cap(question: Question, plan: _Plan, at: datetime) -> Ruling | None:
    limits = [(question.daily_cap if not rule.country else cap.texts, rule.citation) for rule, cap in plan.caps]
    limit, citation = min(limits, key=lambda one: one[0])
    if question.marketing_last_24h < limit:
        return None
    frees = at + _CAP_PERIOD if question.cap_frees_at is None else max(_utc(question.cap_frees_at), at)
    window = plan.timetable.find(frees)
    until = window[0] if window else None
    return Ruling(verdict=Verdict.HOLD, code="law.cap", citation=citation, until=until, rules=plan.applied)


def _allow(plan: _Plan, window: Window, at: datetime) -> Ruling:
    found = plan.timetable.find(at)
    if len(plan.allowed) >= _KEPT:
        plan.allowed.clear()
    ruling = plan.allowed[window] = Ruling(
        verdict=Verdict.SEND,
        code="law.allowed",
        citation=plan.citation,
        until=found[1] if found else window[1],
        rules=plan.applied,
    )
    return ruling


def _closed(plan: _Plan, at: datetime) -> Ruling:
    """Hold a text for its clock; the answer is kept for the second, in which many ask it."""
    second = at.replace(microsecond=0)
    if found := plan.closed.get(second):
        return found
    if len(plan.closed) >= _KEPT:
        plan.closed.clear()
    window = plan.timetable.find(at)
    code, citation = ("law.zone_unknown", _DEFAULT) if window is None else _reason(plan, at)
    ruling = plan.closed[second] = Ruling(
        verdict=Verdict.HOLD, code=code, citation=citation, until=window[0] if window else None, rules=plan.applied
    )
    return ruling


def _reason(plan: _Plan, at: datetime) -> tuple[str, str]:
    """Name the rule that closes this moment: one that closes the entire day before one that closes the hour."""
    by_the_hour: list[tuple[str, str]] = []
    for rule in plan.rules:
        if isinstance(rule.effect, Hours) and not _timetable(plan.place.zones, (rule.effect,), None).is_open(at):
            code = _closed_day(rule.effect, plan.place.zones, at)
            if rule.id == SAFE_DEFAULT:
                by_the_hour.append(("law.zone_unknown", rule.citation))
            elif code:
                return code, rule.citation
            else:
                by_the_hour.append(("law.quiet_hours", rule.citation))
    # What is left is the tenant's own, or windows in zones so far apart that they never overlap.
    tenant = [("law.quiet_hours", rule.citation) for rule in plan.rules if isinstance(rule.effect, TenantQuiet)]
    return (*by_the_hour, *tenant)[0]


def _closed_day(hours: Hours, zones: frozenset[str], at: datetime) -> str:
    days = {at.astimezone(ZoneInfo(zone)).date() for zone in (*zones, *filter(None, [hours.clock]))}
    if hours.holidays and any(day.toordinal() in legal_holidays(hours.holidays, day.year) for day in days):
        return "law.holiday"
    return "law.sunday" if hours.sunday is None and any(day.weekday() == _SUNDAY for day in days) else ""


def fault_of_consent(proof: ConsentProof | None, needed: Consent, at: datetime) -> str:
    """Tell why a consent does not count at `at`, as a code; empty if it does (47 CFR 64.1200(f)(9))."""
    if proof is None or (proof.revoked_at is not None and proof.revoked_at <= at):
        return "law.no_written_consent"
    if proof.kind not in needed.kinds or proof.condition_of_purchase:
        return "law.no_written_consent"
    present = {
        "given_at": proof.given_at is not None and proof.given_at.tzinfo is not None and proof.given_at <= at,
        "zone": bool(proof.zone.strip()),
        "text": bool(proof.text.strip()),
        "text_sha256": proof.text_sha256 == _sha256(proof.text),
        "url": bool(proof.url.strip()),
        "ip": bool(proof.ip.strip()),
        "user_agent": bool(proof.user_agent.strip()),
        "seller": bool(proof.seller.strip()),
        "condition_of_purchase": proof.condition_of_purchase is False,
    }
    if not all(present[name] for name in needed.fields):
        return "law.consent_unverifiable"
    if proof.kind == "implied" and needed.implied_days is not None and proof.given_at is not None:
        return "" if at - proof.given_at <= timedelta(days=needed.implied_days) else "law.no_written_consent"
    return ""


@lru_cache(maxsize=1_024)
def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
