"""What else the law asks: consent, registration, caps, classes of message, and old law replayed."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta

import pytest

from frontdesk.features.consent.law import (
    TEXAS_REGISTRATION,
    WIDEN_UNKNOWN,
    Registration,
    Verdict,
    judge,
    next_window,
    read_registrations,
    window_end,
)
from tests.features.consent.law.cases import (
    AUSTRALIAN,
    BRITISH,
    EL_PASO,
    HOUSTON,
    NEW_YORK,
    NUMBERS,
    PROOF,
    REGISTERED,
    TOLL_FREE,
    TORONTO,
    hours_on,
    local,
    marketing,
    ruled,
)

NOON = local("America/New_York", "2026-11-18 12:00")
NIGHT = local("America/New_York", "2026-11-18 23:30")


def test_a_marketing_text_with_everything_in_order_is_allowed_and_says_by_which_rules() -> None:
    ruling = ruled(NEW_YORK, NOON)
    assert (ruling.verdict, ruling.code, ruling.citation) == (
        Verdict.SEND,
        "law.allowed",
        "47 CFR 64.1200(c)(1); 16 CFR 310.4(c)",
    )
    assert {"us-hours", "us-written-consent", "us-ny-hours", "house-daily-cap"} <= {one.id for one in ruling.rules}
    assert all(one.version >= 1 and len(one.sha256) == 64 for one in ruling.rules)


def test_marketing_without_consent_is_barred() -> None:
    ruling = ruled(NEW_YORK, NOON, written_consent=None)
    assert (ruling.verdict, ruling.code) == (Verdict.BAR, "law.no_written_consent")
    assert ruling.until is None


@pytest.mark.parametrize(
    "change",
    [
        {"given_at": None},
        {"given_at": datetime(2026, 12, 1, tzinfo=UTC)},
        {"given_at": datetime(2025, 12, 1)},  # noqa: DTZ001 - an instant without a zone proves nothing
        {"zone": ""},
        {"text": ""},
        {"text": "Other words than were hashed"},
        {"text_sha256": ""},
        {"url": " "},
        {"ip": ""},
        {"user_agent": ""},
        {"seller": ""},
        {"condition_of_purchase": None},
    ],
)
def test_a_consent_with_a_missing_or_impossible_field_cannot_be_verified(change: dict[str, object]) -> None:
    proof = dataclasses.replace(PROOF, **change)  # type: ignore[arg-type]  # a test names the fields it changes
    ruling = ruled(NEW_YORK, NOON, written_consent=proof)
    assert (ruling.verdict, ruling.code) == (Verdict.BAR, "law.consent_unverifiable")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "oral"},
        {"kind": "implied"},
        {"revoked_at": datetime(2026, 11, 1, tzinfo=UTC)},
        {"condition_of_purchase": True},
    ],
)
def test_a_consent_that_is_not_in_writing_revoked_or_forced_is_none(change: dict[str, object]) -> None:
    proof = dataclasses.replace(PROOF, **change)  # type: ignore[arg-type]  # a test names the fields it changes
    ruling = ruled(NEW_YORK, NOON, written_consent=proof)
    assert (ruling.verdict, ruling.code) == (Verdict.BAR, "law.no_written_consent")


def test_abroad_less_proof_is_needed_but_never_none() -> None:
    bare = dataclasses.replace(PROOF, kind="implied", ip="", url="", user_agent="", condition_of_purchase=None)
    recent = dataclasses.replace(bare, given_at=NOON - timedelta(days=100))
    noon_in = {AUSTRALIAN: "Australia/Sydney", BRITISH: "Europe/London", TORONTO: "America/Toronto"}
    for phone, zone in noon_in.items():
        at = local(zone, "2026-11-18 14:00")
        home = {"tenant_country": "GB", "known_zone": zone}
        assert ruled(phone, at, written_consent=recent, **home).verdict is Verdict.SEND, phone
        assert ruled(phone, at, written_consent=None, **home).code == "law.no_written_consent"
        anonymous = dataclasses.replace(recent, seller="")
        assert ruled(phone, at, written_consent=anonymous, **home).code == "law.consent_unverifiable"


def test_implied_consent_ends_after_six_months_in_canada() -> None:
    at = local("America/Toronto", "2026-11-18 14:00").astimezone(UTC)
    for days, code in ((181, "law.allowed"), (182, "law.no_written_consent")):
        proof = dataclasses.replace(PROOF, kind="implied", given_at=at - timedelta(days=days))
        assert ruled(TORONTO, at, written_consent=proof).code == code


def test_a_canadian_sender_is_bound_by_its_own_law_wherever_the_person_is() -> None:
    ids = {one.id for one in ruled(BRITISH, local("Europe/London", "2026-11-18 14:00"), tenant_country="CA").rules}
    assert {"ca-consent", "gb-consent", "gb-hours"} <= ids
    assert "ca-hours" not in ids


def test_a_country_without_rules_gets_no_marketing_but_answers_to_its_own_people() -> None:
    paris = "+33612345678"
    assert (ruled(paris, NOON).verdict, ruled(paris, NOON).code) == (Verdict.BAR, "law.no_rules")
    assert ruled(paris, NIGHT, message_class="C1").verdict is Verdict.SEND
    assert ruled(paris, local("Europe/Paris", "2026-11-18 12:00"), message_class="C2").verdict is Verdict.SEND


@pytest.mark.parametrize("phone", ["", "+", "+1", "+999123", "hello", "+0", "+٣٣٤"])
def test_a_number_that_tells_no_country_is_held(phone: str) -> None:
    ruling = ruled(phone, NOON)
    assert ruling.verdict is Verdict.HOLD
    assert ruling.code == "law.zone_unknown"


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Honolulu"])
@pytest.mark.parametrize("phone", ["+870776123456", "+88213123456", "+99912345678"])
def test_a_known_clock_does_not_stand_for_a_country(phone: str, zone: str) -> None:
    ruling = ruled(phone, NOON.replace(hour=15), known_zone=zone)
    assert (ruling.verdict, ruling.code) == (Verdict.BAR, "law.no_rules")


@pytest.mark.parametrize("phone", ["", "hello", "2125550123"])
def test_what_is_no_number_is_held_whatever_is_known_of_its_holder(phone: str) -> None:
    ruling = ruled(phone, NOON, known_zone="America/Los_Angeles", known_region="US-CA")
    assert (ruling.verdict, ruling.code) == (Verdict.HOLD, "law.zone_unknown")


@pytest.mark.parametrize("message_class", ["", "C5", "c3", "marketing"])
def test_a_class_nobody_knows_is_barred(message_class: str) -> None:
    ruling = ruled(NEW_YORK, NOON, message_class=message_class)
    assert (ruling.verdict, ruling.code) == (Verdict.BAR, "law.no_rules")


@pytest.mark.parametrize("message_class", ["C1", "C4"])
@pytest.mark.parametrize("phone", [NEW_YORK, TOLL_FREE, AUSTRALIAN, EL_PASO, "+33612345678"])
def test_an_answer_to_the_persons_own_act_goes_at_any_hour(message_class: str, phone: str) -> None:
    changes = {"message_class": message_class, "quiet_from": time(21), "quiet_until": time(9), "written_consent": None}
    ruling = ruled(phone, NIGHT, registrations={}, marketing_last_24h=9, **changes)
    assert ruling.verdict is Verdict.SEND
    question = marketing(phone, NIGHT, **changes)
    assert window_end(question) >= NIGHT + timedelta(days=9)


def test_a_transactional_text_waits_for_the_morning_unless_it_would_be_useless_then() -> None:
    quiet = {"message_class": "C2", "quiet_from": time(21), "quiet_until": time(9), "written_consent": None}
    held = ruled(NEW_YORK, NIGHT, **quiet)
    assert (held.verdict, held.code) == (Verdict.HOLD, "law.quiet_hours")
    assert held.until == local("America/New_York", "2026-11-19 09:00")
    assert ruled(NEW_YORK, NIGHT, urgent=True, **quiet).verdict is Verdict.SEND
    # A state's hours for solicitations do not bind it.
    assert ruled(NUMBERS["AL"][0], local("America/Chicago", "2026-11-15 12:00"), **quiet).verdict is Verdict.SEND


def test_nothing_is_urgent_about_marketing() -> None:
    assert ruled(NEW_YORK, NIGHT, urgent=True).code == "law.quiet_hours"
    seed = {"quiet_from": time(21), "quiet_until": time(9)}
    assert ruled(NEW_YORK, local("America/New_York", "2026-11-18 08:30"), urgent=True, **seed).verdict is Verdict.HOLD


@pytest.mark.parametrize(
    ("state", "own", "sent", "verdict"),
    [
        ("NY", 1, 0, Verdict.SEND),
        ("NY", 1, 1, Verdict.HOLD),
        ("NY", 5, 4, Verdict.SEND),
        ("NY", 0, 0, Verdict.HOLD),
        *((state, 9, sent, verdict) for state in ("FL", "OK", "MD", "OR") for sent, verdict in (
            (2, Verdict.SEND), (3, Verdict.HOLD)
        )),
        ("ME", 9, 1, Verdict.HOLD),
    ],
)  # fmt: skip
def test_the_stricter_cap_counts(state: str, own: int, sent: int, verdict: Verdict) -> None:
    phone, zone = NUMBERS[state]
    ruling = ruled(phone, local(zone, "2026-11-18 12:00"), daily_cap=own, marketing_last_24h=sent)
    assert ruling.verdict is verdict
    assert (ruling.code == "law.cap") is (verdict is Verdict.HOLD)


def test_a_cap_holds_until_there_is_room_and_the_window_is_open() -> None:
    full = ruled(NEW_YORK, NOON, marketing_last_24h=1)
    assert full.until == NOON + timedelta(hours=24)
    evening = ruled(NEW_YORK, NOON, marketing_last_24h=1, cap_frees_at=local("America/New_York", "2026-11-18 22:00"))
    assert evening.until == local("America/New_York", "2026-11-19 08:00")


def test_texas_asks_for_a_registration_or_a_recorded_exemption() -> None:
    at = local("America/Chicago", "2026-11-18 12:00")
    missing = ruled(HOUSTON, at, registrations={})
    assert (missing.verdict, missing.code) == (Verdict.BAR, "law.registration_missing")
    for registration, verdict in (
        (Registration(number="TX-1", valid_until=date(2026, 11, 18)), Verdict.SEND),
        (Registration(number="TX-1", valid_until=date(2026, 11, 17)), Verdict.BAR),
        (Registration(number="TX-1"), Verdict.BAR),
        (Registration(reason="exempt: 302.058"), Verdict.SEND),
        (Registration(reason="exempt", valid_until=date(2026, 1, 1)), Verdict.BAR),
        (Registration(number=" ", reason=" ", valid_until=date(2027, 1, 1)), Verdict.BAR),
    ):
        assert ruled(HOUSTON, at, registrations={TEXAS_REGISTRATION: registration}).verdict is verdict, registration
    assert ruled(NEW_YORK, NOON, registrations={}).verdict is Verdict.SEND
    assert ruled(NEW_YORK, NOON, registrations={}, known_region="US-TX").code == "law.registration_missing"


def test_who_may_be_in_texas_is_held_until_somebody_knows() -> None:
    at = local("America/New_York", "2026-11-18 16:00")
    assert ruled(TOLL_FREE, at).verdict is Verdict.SEND
    held = ruled(TOLL_FREE, at, registrations={})
    assert (held.verdict, held.code, held.until) == (Verdict.HOLD, "law.zone_unknown", None)


def test_a_business_widens_the_safe_default_with_a_reason_on_record() -> None:
    day = "2026-11-18"
    widened = {WIDEN_UNKNOWN: Registration(reason="our toll-free customers are offices; decided by Ada")}
    # 8:00 in Honolulu is 13:00 in New York, where it closes at 21:00.
    assert hours_on(TOLL_FREE, "America/New_York", day, registrations=widened) == "13:00-21:00"
    silent = REGISTERED | {WIDEN_UNKNOWN: Registration()}
    assert hours_on(TOLL_FREE, "America/New_York", day, registrations=silent) == "15:00-18:00"
    # It widens nothing for people whose region is known.
    assert hours_on(*NUMBERS["PA"], day, registrations=widened) == "09:00-19:00"


def test_registrations_are_read_as_they_are_stored() -> None:
    found = read_registrations(
        {
            TEXAS_REGISTRATION: {"number": "TX-1", "valid_until": "2027-03-01"},
            "broken": {"number": "X", "valid_until": "soon"},
            "told": {"reason": "exempt", "valid_until": None},
        }
    )
    assert found[TEXAS_REGISTRATION] == Registration(number="TX-1", valid_until=date(2027, 3, 1))
    assert not found["broken"].holds_on(date(2026, 1, 1))
    assert found["told"].holds_on(date(2026, 1, 1))


def test_an_old_date_replays_old_law() -> None:
    at = local("America/Chicago", "2026-11-18 12:00")
    assert ruled(HOUSTON, at, registrations={}, as_of=date(2025, 8, 31)).verdict is Verdict.SEND
    assert ruled(HOUSTON, at, registrations={}, as_of=date(2025, 9, 1)).code == "law.registration_missing"
    phone, zone = NUMBERS["CT"]
    assert hours_on(phone, zone, "2026-11-18", as_of=date(2023, 9, 30)) == "08:00-21:00"
    assert hours_on(phone, zone, "2026-11-18", as_of=date(2023, 10, 1)) == "09:00-20:00"
    assert ruled(NEW_YORK, NOON, as_of=date(1990, 1, 1)).verdict is Verdict.BAR


def test_without_a_date_the_law_of_the_moment_counts() -> None:
    proof = dataclasses.replace(PROOF, given_at=datetime(2025, 1, 1, tzinfo=UTC))
    before, after = (local("America/Chicago", f"2025-{day} 12:00") for day in ("08-30", "09-06"))
    assert ruled(HOUSTON, before, registrations={}, written_consent=proof).verdict is Verdict.SEND
    assert ruled(HOUSTON, after, registrations={}, written_consent=proof).code == "law.registration_missing"


def test_the_same_question_has_the_same_answer_in_every_zone_it_is_asked_in() -> None:
    for at in (NOON, NIGHT):
        for zone in ("UTC", "Asia/Tokyo"):
            elsewhere = local(zone, "2026-01-01 00:00").tzinfo
            assert ruled(NEW_YORK, at.astimezone(elsewhere)) == ruled(NEW_YORK, at)


def test_an_instant_without_a_zone_is_no_instant() -> None:
    bare = NOON.replace(tzinfo=None)
    for ask in (judge, next_window, window_end):
        with pytest.raises(ValueError, match="zone"):
            ask(marketing(NEW_YORK, bare))
