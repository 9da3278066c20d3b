"""Who is told what and when: the times of Alertmanager, and what mutes whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from frontdesk.operations.alerts.grouping import Group, decide, key_of, muted
from frontdesk.operations.alerts.model import (
    AlertState,
    Inhibition,
    Instance,
    MuteWindow,
    RuleBook,
    Silence,
    fingerprint_of,
)
from frontdesk.operations.alerts.rulebook import our_rules
from tests.operations.alerts.stage import rule

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
TIMING = our_rules().timing


def alert(name: str = "Hot", tenant: str = "harbor", **labels: str) -> Instance:
    """Make an alert that fires."""
    known = {
        "alertname": name,
        "severity": "critical",
        "owner": "ops",
        **({"tenant": tenant} if tenant else {}),
        **labels,
    }
    return Instance(
        fingerprint=fingerprint_of(known), alertname=name, labels=known, state=AlertState.FIRING, value=20.0,
        active_at=NOON, seen_at=NOON, heard_at=NOON, fired_at=NOON,
    )  # fmt: skip


A, B = alert(place="kitchen"), alert(place="cellar")
Line = tuple[int, list[Instance], str]


@pytest.mark.parametrize(
    "timetable",
    [
        # Told after the wait, then not again while nothing changes, then again after four hours.
        [(0, [A], ""), (29, [A], ""), (30, [A], "firing 1"), (14_429, [A], ""), (14_430, [A], "repeat 1")],
        # Over before the wait has passed: nobody hears of it.
        [(0, [A], ""), (15, [], ""), (30, [], ""), (45, [A], ""), (60, [A], ""), (75, [A], "firing 1")],
        # What joins within the wait is told together.
        [(0, [A], ""), (15, [A, B], ""), (30, [A, B], "firing 2")],
        # What joins later waits for the interval.
        [(0, [A], ""), (30, [A], "firing 1"), (60, [A, B], ""), (329, [A, B], ""), (330, [A, B], "firing 2")],
        # The end, too, waits for the interval; then the group is done.
        [(0, [A], ""), (30, [A], "firing 1"), (60, [], ""), (330, [], "over 1"), (345, [], ""), (99_999, [], "")],
        # Flapping within the interval changes nothing that anybody knows.
        [(0, [A], ""), (30, [A], "firing 1"), (60, [], ""), (90, [A], ""), (120, [], ""), (330, [A], "")],
        # One of two ends: told that one is over and the other goes on.
        [(0, [A, B], ""), (30, [A, B], "firing 2"), (400, [A], "firing 1 over 1")],
        # A new incident after the end waits anew.
        [(0, [A], ""), (30, [A], "firing 1"), (400, [], "over 1"), (500, [A], ""), (530, [A], "firing 1")],
    ],
)  # fmt: skip
def test_a_group_is_told_by_the_timetable(timetable: list[Line]) -> None:
    group = Group(key=key_of(A), alertname="Hot", tenant="harbor")
    for seconds, firing, expected in timetable:
        group, telling = decide(
            group, firing=firing, hidden=frozenset(), timing=TIMING, now=NOON + timedelta(seconds=seconds)
        )
        told = ""
        if telling is not None:
            words = [f"{'repeat' if telling.repeats else 'firing'} {len(telling.firing)}"] if telling.firing else []
            told = " ".join([*words, *([f"over {len(telling.resolved)}"] if telling.resolved else [])])
        assert told == expected, seconds


def test_each_telling_has_a_number_of_its_own() -> None:
    group = Group(key="Hot/", alertname="Hot", tenant="", opened_at=NOON, notified_at=None, sequence=4)
    after, telling = decide(group, firing=[A], hidden=frozenset(), timing=TIMING, now=NOON + timedelta(minutes=1))
    assert telling is not None
    assert after.sequence == 5


def test_what_is_muted_after_it_was_told_is_not_told_to_be_over() -> None:
    told = Group(
        key="Hot/", alertname="Hot", tenant="", opened_at=NOON, notified_at=NOON, sequence=1,
        told=frozenset({A.fingerprint}),
    )  # fmt: skip
    later = NOON + timedelta(hours=9)
    after, telling = decide(told, firing=[A], hidden=frozenset({A.fingerprint}), timing=TIMING, now=later)
    assert (after, telling) == (told, None)


def book(**changes: object) -> RuleBook:
    """Make a book of rules."""
    return replace(our_rules(), rules=(rule(),), inhibitions=(), **changes)  # type: ignore[arg-type]  # its fields


def test_a_cause_keeps_its_symptoms_quiet_where_the_labels_agree() -> None:
    rules = book()
    rules = replace(rules, inhibitions=(Inhibition(source="Fire", targets=("Hot",), equal=("tenant",)),))
    firing = [alert("Fire", "harbor"), alert("Hot", "harbor"), alert("Hot", "mesa"), alert("Cold", "harbor")]
    hidden = muted(firing, book=rules, silences=[], now=NOON)
    assert hidden == {firing[1].fingerprint: "inhibited by Fire"}


def test_a_cause_may_keep_everything_quiet_but_itself_and_what_concerns_the_law() -> None:
    rules = replace(book(), inhibitions=(Inhibition(source="Fire", targets=("*",)),))
    firing = [alert("Fire"), alert("Hot"), alert("Breach", compliance="true")]
    assert set(muted(firing, book=rules, silences=[], now=NOON)) == {firing[1].fingerprint}


@pytest.mark.parametrize(
    ("matchers", "silenced"),
    [
        ({"alertname": "Hot"}, 2),
        ({"alertname": "Hot", "tenant": "mesa"}, 1),
        ({"tenant": "~har.*"}, 1),
        ({"tenant": "har"}, 0),
    ],
)
def test_a_silence_covers_the_labels_that_it_names(matchers: dict[str, str], silenced: int) -> None:
    firing = [alert(tenant="harbor"), alert(tenant="mesa")]
    silence = Silence(matchers=matchers, starts_at=NOON, silenced_until=NOON + timedelta(hours=1))
    assert len(muted(firing, book=book(), silences=[silence], now=NOON)) == silenced
    assert not muted(firing, book=book(), silences=[silence], now=NOON + timedelta(hours=1))


def test_neither_a_silence_nor_a_window_mutes_what_concerns_the_law() -> None:
    law = alert("Breach", compliance="true")
    silence = Silence(matchers={"alertname": "Breach"}, starts_at=NOON, silenced_until=NOON + timedelta(hours=1))
    every_day = MuteWindow(
        name="all", alerts=("Breach", "Hot"), days=tuple(range(7)), begins=time(0), ends=time(23, 59), zone="UTC"
    )
    hidden = muted([law, alert()], book=book(mute_windows=(every_day,)), silences=[silence], now=NOON)
    assert set(hidden.values()) == {"mute window all"}
    assert law.fingerprint not in hidden


@pytest.mark.parametrize(
    ("moment", "covered"),
    [
        ("2026-11-20T22:59+00:00", False),
        ("2026-11-20T23:00+00:00", True),
        ("2026-11-21T03:59+00:00", True),  # Saturday, in the window that began on Friday
        ("2026-11-21T04:00+00:00", False),
        ("2026-11-21T23:30+00:00", False),
    ],
)
def test_a_window_that_lasts_past_midnight_belongs_to_the_day_on_which_it_began(moment: str, *, covered: bool) -> None:
    window = MuteWindow(name="night", alerts=("Hot",), days=(4,), begins=time(23), ends=time(4), zone="UTC")
    assert window.covers(datetime.fromisoformat(moment)) is covered


def test_a_window_is_read_on_its_own_zones_clock() -> None:
    window = MuteWindow(name="lunch", alerts=("Hot",), days=(4,), begins=time(7), ends=time(8), zone="America/New_York")
    assert window.covers(NOON)
    assert not window.covers(NOON + timedelta(hours=1))
