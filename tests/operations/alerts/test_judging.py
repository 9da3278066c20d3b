"""The life of an alert by the timetable: pending, firing, kept firing, over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.kernel.upkeep import Sample
from frontdesk.operations.alerts.judging import Measured, Seen, look, step
from frontdesk.operations.alerts.model import AlertState, Floor, Instance, Operator, Rule, fingerprint_of
from tests.operations.alerts.stage import Dial, rule

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TIMEOUT = timedelta(minutes=5)
HOT = [Seen({"tenant": "harbor"}, 20.0)]
COLD: list[Seen] = []
BLIND = None


def live(rule: Rule, timetable: Iterable[tuple[int, list[Seen] | None]]) -> list[str]:
    """Play a timetable of seconds and what is seen; tells the state after each line, '-' for none."""
    known: list[Instance] = []
    told = []
    for seconds, seen in timetable:
        after = step(rule, seen, known, now=NOON + timedelta(seconds=seconds), resolve_timeout=TIMEOUT)
        told.append(after[0].state.value if after else "-")
        known = [one for one in after if one.state is not AlertState.RESOLVED]
    return told


@pytest.mark.parametrize(
    ("seconds", "timetable", "told"),
    [
        ({}, [(0, HOT), (45, HOT), (60, HOT)], ["pending", "pending", "firing"]),
        ({}, [(0, HOT), (45, HOT), (50, COLD), (60, HOT)], ["pending", "pending", "-", "pending"]),
        ({"lasting": 0}, [(0, HOT), (15, COLD)], ["firing", "resolved"]),
        ({}, [(0, HOT), (60, HOT), (75, COLD), (90, HOT)], ["pending", "firing", "resolved", "pending"]),
        (
            {"keep": 300},
            [(0, HOT), (60, HOT), (75, COLD), (300, COLD), (359, COLD), (360, COLD)],
            ["pending", "firing", "firing", "firing", "firing", "resolved"],
        ),
        (
            {"keep": 300},
            [(0, HOT), (60, HOT), (75, COLD), (300, HOT), (500, COLD), (600, COLD)],
            ["pending", "firing", "firing", "firing", "firing", "resolved"],
        ),
        # A reading that fails tells neither that it is over nor that it goes on …
        (
            {},
            [(0, HOT), (60, HOT), (75, BLIND), (300, BLIND), (315, COLD)],
            ["pending", "firing", "firing", "firing", "resolved"],
        ),
        ({}, [(0, HOT), (45, BLIND), (60, HOT)], ["pending", "pending", "firing"]),
        # … until nothing was heard for five minutes.
        ({}, [(0, HOT), (60, HOT), (360, BLIND), (361, BLIND)], ["pending", "firing", "firing", "resolved"]),
        # Nobody looked for ten minutes: what was pending begins anew, what fired goes on.
        ({}, [(0, HOT), (600, HOT), (660, HOT)], ["pending", "pending", "firing"]),
        ({}, [(0, HOT), (60, HOT), (900, HOT), (915, COLD)], ["pending", "firing", "firing", "resolved"]),
    ],
)  # fmt: skip
def test_an_alert_lives_by_the_timetable(
    seconds: dict[str, int], timetable: list[tuple[int, list[Seen] | None]], told: list[str]
) -> None:
    lasting, keep = timedelta(seconds=seconds.get("lasting", 60)), timedelta(seconds=seconds.get("keep", 0))
    assert live(replace(rule(), lasting=lasting, keep_firing=keep), timetable) == told


def test_each_set_of_labels_is_an_alert_of_its_own() -> None:
    seen = [Seen({"tenant": "harbor"}, 20.0), Seen({"tenant": "mesa"}, 30.0)]
    after = step(rule(lasting=timedelta(0)), seen, [], now=NOON, resolve_timeout=TIMEOUT)
    assert [(one.tenant, one.value) for one in after] == [("harbor", 20.0), ("mesa", 30.0)]
    assert len({one.fingerprint for one in after}) == 2
    later = step(rule(lasting=timedelta(0)), seen[:1], after, now=NOON + timedelta(minutes=1), resolve_timeout=TIMEOUT)
    assert [(one.tenant, one.state) for one in later] == [
        ("harbor", AlertState.FIRING),
        ("mesa", AlertState.RESOLVED),
    ]


def test_the_mark_of_an_alert_does_not_depend_on_the_order_of_its_labels() -> None:
    assert fingerprint_of({"a": "1", "b": "2"}) == fingerprint_of({"b": "2", "a": "1"})
    assert fingerprint_of({"a": "1"}) != fingerprint_of({"a": "2"})


def measured(*dials: Dial) -> Measured:
    """Measure dials; those that are broken told nothing."""
    return Measured(
        {dial.name: dial.reading for dial in dials}, {dial.name: dial.samples for dial in dials if not dial.broken}
    )


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        (Operator.ABOVE, (9.9, 10, 10.1), (False, False, True)),
        (Operator.AT_LEAST, (9.9, 10, 10.1), (False, True, True)),
        (Operator.BELOW, (9.9, 10, 10.1), (True, False, False)),
        (Operator.AT_MOST, (9.9, 10, 10.1), (True, True, False)),
    ],
)
def test_a_threshold_is_compared_exactly(
    operator: Operator, values: tuple[float, ...], holds: tuple[bool, ...]
) -> None:
    for value, expected in zip(values, holds, strict=True):
        dial = Dial("heat", ("tenant",), [Sample(value, ("harbor",))])
        assert bool(look(rule(operator=operator), measured(dial))) is expected
    nothing = Dial("heat", ("tenant",), [Sample(float("nan"), ("harbor",))])
    assert not look(rule(operator=operator), measured(nothing))


def test_a_rate_of_few_events_is_no_alert() -> None:
    few = rule(floors=(Floor(reading="crowd", at_least=20),))
    heat = Dial("heat", ("tenant",), [Sample(50, ("harbor",)), Sample(50, ("mesa",))])
    crowd = Dial("crowd", ("tenant",), [Sample(19, ("harbor",)), Sample(20, ("mesa",))])
    assert [one.labels for one in look(few, measured(heat, crowd)) or []] == [{"tenant": "mesa"}]
    crowd.samples = []
    assert look(few, measured(heat, crowd)) == []
    crowd.broken = True
    assert look(few, measured(heat, crowd)) is None


def test_a_floor_without_labels_holds_for_all() -> None:
    few = rule(floors=(Floor(reading="all", at_least=5),))
    heat = Dial("heat", ("tenant",), [Sample(50, ("harbor",))])
    assert look(few, measured(heat, Dial("all", (), [Sample(5)])))
    assert not look(few, measured(heat, Dial("all", (), [Sample(4)])))


def test_labels_pick_the_samples_that_are_meant() -> None:
    heat = Dial("heat", ("tenant",), [Sample(50, ("harbor",)), Sample(50, ("mesa",))])
    assert len(look(rule(where={"tenant": "mesa"}), measured(heat)) or []) == 1
    assert len(look(rule(where={"tenant": "~mesa|harbor"}), measured(heat)) or []) == 2
    assert len(look(rule(where={"tenant": "~mes"}), measured(heat)) or []) == 0
