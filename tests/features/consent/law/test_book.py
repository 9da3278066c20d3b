"""The book of rules: dated, cited, versioned, complete, and never changed in silence."""

from __future__ import annotations

import dataclasses
import re
from datetime import date

import pytest

from frontdesk.features.consent.law import RULES, RULESET_SHA256, RULESET_VERSION
from frontdesk.features.consent.law.book import (
    ChangedInSilence,
    check_pins,
    contents,
    in_force,
    read_pins,
    versions_in_force,
)
from frontdesk.features.consent.law.rule import Hours, Rule, every_day
from tests.features.consent.law.cases import NUMBERS

BASE = Rule(
    id="us-xx-hours",
    version=1,
    title="Hours",
    country="US",
    effect=every_day("08:00", "21:00"),
    citation="Statute 1",
    effective_from=date(2024, 1, 1),
)


def test_every_rule_has_a_statute_a_date_and_a_version() -> None:
    assert len(RULES) >= 60
    for rule in RULES:
        assert rule.citation.strip(), rule.id
        assert rule.title.strip(), rule.id
        assert rule.version >= 1, rule.id
        assert rule.effective_from <= date(2026, 12, 31), rule.id
        assert rule.effective_to is None or rule.effective_to >= rule.effective_from, rule.id
        assert (rule.entered is None) is (rule.version == 1), rule.id
        assert re.fullmatch(r"(house|us|ca|au|gb)(-[a-z]+)+(-[0-9]+)?", rule.id), rule.id


def test_no_rule_is_written_for_a_state_that_does_not_exist() -> None:
    states = {f"US-{state}" for state in NUMBERS}
    assert {region for rule in RULES for region in rule.regions} <= states


def test_all_hours_are_clock_times_in_order() -> None:
    for rule in RULES:
        if isinstance(rule.effect, Hours):
            for span in (rule.effect.weekdays, rule.effect.saturday, rule.effect.sunday):
                assert span is None or "00:00" <= span[0] < span[1] <= "24:00", rule.id


def test_what_ships_is_what_was_pinned() -> None:
    found = contents()
    assert found["rule-set", RULESET_VERSION] == RULESET_SHA256
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    "change",
    [
        {"effect": every_day("08:00", "21:30")},
        {"citation": "Statute 2"},
        {"effective_from": date(2024, 1, 2)},
        {"effective_to": date(2027, 1, 1)},
        {"regions": ("US-FL",)},
        {"classes": ("C2", "C3")},
        {"unsure": "everything"},
        {"title": "Other hours"},
        {"entered": date(2026, 1, 1)},
    ],
)
def test_a_rule_that_changed_without_a_new_version_is_refused(change: dict[str, object]) -> None:
    pins = {(BASE.id, "1"): BASE.sha256}
    check_pins(pins, {(BASE.id, "1"): BASE.sha256})
    changed = dataclasses.replace(BASE, **change)  # type: ignore[arg-type]  # a test names the fields it changes
    with pytest.raises(ChangedInSilence, match=r"us-xx-hours 1 [0-9a-f]{64} \(changed: give it a new version\)"):
        check_pins(pins, {(changed.id, "1"): changed.sha256})


def test_a_version_that_nobody_pinned_is_refused_with_the_line_that_would_pin_it() -> None:
    with pytest.raises(ChangedInSilence, match=r"us-xx-hours 2 [0-9a-f]{64}$"):
        check_pins({(BASE.id, "1"): BASE.sha256}, {(BASE.id, "2"): BASE.sha256})


def test_the_same_content_has_the_same_hash_however_it_was_made() -> None:
    again = Rule(
        effective_from=date(2024, 1, 1),
        citation="Statute 1",
        effect=Hours(weekdays=("08:00", "21:00"), saturday=("08:00", "21:00"), sunday=("08:00", "21:00")),
        country="US",
        title="Hours",
        version=1,
        id="us-xx-hours",
    )
    assert again.sha256 == BASE.sha256


def test_pins_are_read_line_by_line() -> None:
    assert read_pins(["# remark", "", "a 1 ff", "b 2 ee"]) == {("a", "1"): "ff", ("b", "2"): "ee"}


def test_changed_law_counts_from_its_day() -> None:
    stricter = dataclasses.replace(
        BASE, version=2, effective_from=date(2026, 7, 1), entered=date(2026, 5, 1), effect=every_day("09:00", "20:00")
    )
    rules = (stricter, BASE)
    assert versions_in_force(rules, date(2023, 12, 31)) == ()
    assert versions_in_force(rules, date(2024, 1, 1)) == (BASE,)
    assert versions_in_force(rules, date(2026, 6, 30)) == (BASE,)
    assert versions_in_force(rules, date(2026, 7, 1)) == (stricter,)


def test_a_correction_is_not_seen_by_a_replay_of_the_days_before_it_was_entered() -> None:
    corrected = dataclasses.replace(BASE, version=2, entered=date(2026, 5, 1), citation="Statute 1, read again")
    assert versions_in_force((BASE, corrected), date(2026, 4, 30)) == (BASE,)
    assert versions_in_force((BASE, corrected), date(2026, 5, 1)) == (corrected,)


def test_repealed_law_does_not_fall_back_to_an_earlier_version() -> None:
    repealed = dataclasses.replace(BASE, version=2, entered=date(2026, 5, 1), effective_to=date(2026, 6, 30))
    assert versions_in_force((BASE, repealed), date(2026, 6, 30)) == (repealed,)
    assert versions_in_force((BASE, repealed), date(2026, 7, 1)) == ()


def test_federal_law_is_in_force_today_and_was_not_before_it_was_made() -> None:
    assert "us-hours" in {rule.id for rule in in_force(date(2026, 11, 21))}
    assert "us-hours" not in {rule.id for rule in in_force(date(1992, 12, 19))}
