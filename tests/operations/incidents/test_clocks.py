"""The clocks of the sources: who is told when, and when somebody has to decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from frontdesk.operations.incidents.model import AskToDecide, Grade, Incident, Step, Tell, spoken, steps_due

OPENED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
P0 = Incident(
    id=UUID(int=1),
    number=1,
    title="Nobody is texted",
    grade=Grade.P0,
    tenant="",
    runbook="texts-not-going-out",
    alert_group="",
    opened_by="ada@example.com",
    opened_at=OPENED,
    began_at=OPENED,
    level=1,
    told_at=OPENED,
    notices=1,
    asked_at=None,
    acknowledged_at=None,
    acknowledged_by="",
    resolved_at=None,
    resolved_by="",
    resolution="",
    postmortem_due_at=None,
    published_at=None,
)
TAKEN = replace(P0, acknowledged_at=OPENED + timedelta(minutes=1), acknowledged_by="ben@example.com")


def due(incident: Incident, minutes: float, *, failed: int = 0) -> tuple[Step, ...]:
    """Tell what is due so long after the opening."""
    return steps_due(incident, now=OPENED + timedelta(minutes=minutes), failed_repairs=failed)


def play(incident: Incident, *, minutes: int) -> list[tuple[int, str]]:
    """Look every minute, do what is due, and list when what was done."""
    done = []
    for minute in range(minutes + 1):
        now = OPENED + timedelta(minutes=minute)
        for step in steps_due(incident, now=now, failed_repairs=0):
            if isinstance(step, Tell):
                incident = replace(incident, level=step.level, told_at=now)
                done.append((minute, f"L{step.level}"))
            else:
                incident = replace(incident, asked_at=now)
                done.append((minute, "decide"))
    return done


def test_an_incident_that_nobody_takes_goes_up_a_level_every_five_minutes_and_then_keeps_being_told() -> None:
    assert play(replace(P0, level=0, told_at=None), minutes=75) == [
        (0, "L1"), (5, "L2"), (10, "L3"), (30, "decide"), (40, "L3"), (70, "L3"),
    ]  # fmt: skip


def test_a_p0_that_somebody_has_taken_goes_up_after_15_minutes_and_is_decided_about_after_30() -> None:
    assert play(TAKEN, minutes=90) == [(15, "L2"), (30, "L3"), (30, "decide")]


@pytest.mark.parametrize(
    ("grade", "told"),
    [
        (Grade.P1, [(15, "decide"), (30, "L2"), (60, "L3")]),
        (Grade.P2, [(120, "L2"), (240, "L3")]),
        (Grade.P3, []),
    ],
)
def test_milder_incidents_have_slower_clocks(grade: Grade, told: list[tuple[int, str]]) -> None:
    assert play(replace(TAKEN, grade=grade), minutes=24 * 60) == told


def test_two_failed_repairs_in_a_row_are_told_to_the_second_level_at_once() -> None:
    assert due(TAKEN, 2, failed=1) == ()
    assert due(TAKEN, 2, failed=2) == (Tell(2, "two repairs in a row have failed"),)
    assert due(replace(TAKEN, level=2), 2, failed=2) == (), "they are told once"


def test_why_somebody_is_told_is_said() -> None:
    assert due(P0, 5) == (Tell(2, "not acknowledged within 5 min"),)
    assert due(TAKEN, 15) == (Tell(2, "not resolved within 15 min"),)
    assert due(replace(TAKEN, level=3), 31) == (AskToDecide("open for 30 min: roll back, or say why not"),)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=5), "5 min"),
        (timedelta(minutes=90), "90 min"),
        (timedelta(hours=4), "4 h"),
        (timedelta(days=7), "7 d"),
    ],
)
def test_spans_are_spoken_as_people_say_them(span: timedelta, words: str) -> None:
    assert spoken(span) == words
