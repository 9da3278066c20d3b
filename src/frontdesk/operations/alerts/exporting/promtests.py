"""Tests of the exported rules, from the same data: each fires when it should, and not before, without, or for ever."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from frontdesk.kernel.upkeep import Reading
from frontdesk.operations.alerts.exporting.document import span, write_yaml
from frontdesk.operations.alerts.exporting.prometheus import said_of
from frontdesk.operations.alerts.model import Floor, Labels, Operator, Rule, RuleBook

STEP = timedelta(seconds=15)
WELL_FIRST = timedelta(minutes=1)
FIRES_FOR = timedelta(minutes=2)
EXAMPLES = {
    "tenant": "harbor", "provider": "twilio", "kind": "api", "check": "delivery.queue_moves", "severity": "critical",
    "window": "1h", "reading": "send_queue_length",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    """What is shown of one rule: series with their values, and whether it fires at moments."""

    series: dict[str, str]
    expects: tuple[dict[str, object], ...]


def prometheus_tests_file(book: RuleBook, readings: Mapping[str, Reading], *, rules: str, base_url: str) -> str:
    """Write unit tests for promtool; `rules` is the name of the file of rules beside this one."""
    cases: list[_Case] = []
    for rule in book.rules:
        cases.append(_fires(rule, readings, base_url))
        cases += [_stays_silent(rule, readings, missing=number) for number in range(len(rule.floors))]
    tests: list[dict[str, object]] = [
        {
            "interval": span(STEP),
            "input_series": [
                {"series": series, "values": values} for case in together for series, values in case.series.items()
            ],
            "alert_rule_test": [expected for case in together for expected in case.expects],
        }
        for together in _packed(cases)
    ]
    return write_yaml({"rule_files": [rules], "evaluation_interval": span(STEP), "tests": tests})


def _packed(cases: Sequence[_Case]) -> list[list[_Case]]:
    """Put cases together that show different series: promtool needs a while for each test."""
    packs: list[list[_Case]] = []
    for case in cases:
        readings = _readings_of(case)
        room = next((pack for pack in packs if not any(readings & _readings_of(other) for other in pack)), None)
        if room is None:
            packs.append([case])
        else:
            room.append(case)
    return packs


def _readings_of(case: _Case) -> set[str]:
    return {series.partition("{")[0] for series in case.series}


def _fires(rule: Rule, readings: Mapping[str, Reading], base_url: str) -> _Case:
    """Well for a minute, wrong for as long as the rule waits and two minutes more, then well again."""
    labels = _sample_labels(rule, readings)
    begins, fires = WELL_FIRST, WELL_FIRST + rule.lasting
    ends = fires + FIRES_FOR
    over = ends + rule.keep_firing + STEP
    series = {_series(rule.reading, labels): _values(well(rule), wrong(rule), begins, ends, over)}
    for floor in rule.floors:
        series[_floor_series(floor, labels, readings)] = _flat(floor.at_least, over)
    expected = {
        "exp_labels": {name: value for name, value in rule.labels_of(labels).items() if name != "alertname"},
        "exp_annotations": _annotations(rule, labels, wrong(rule), base_url),
    }
    moments: list[tuple[timedelta, bool]] = [(begins - STEP, False), (fires, True), (ends - STEP, True)]
    if rule.lasting:
        moments.append((fires - STEP, False))
    if rule.keep_firing:
        moments.append((ends + rule.keep_firing - STEP, True))
    moments.append((over + STEP, False))
    return _Case(
        series,
        tuple(
            {"eval_time": span(moment), "alertname": rule.name, "exp_alerts": [expected] if fires_now else []}
            for moment, fires_now in sorted(moments)
        ),
    )


def _stays_silent(rule: Rule, readings: Mapping[str, Reading], *, missing: int) -> _Case:
    """Wrong all the time, with one floor not reached."""
    labels = _sample_labels(rule, readings)
    until = rule.lasting + FIRES_FOR
    series = {_series(rule.reading, labels): _flat(wrong(rule), until)}
    for number, floor in enumerate(rule.floors):
        reached = floor.at_least - 1 if number == missing else floor.at_least
        series[_floor_series(floor, labels, readings)] = _flat(reached, until)
    return _Case(series, ({"eval_time": span(until), "alertname": rule.name, "exp_alerts": []},))


def wrong(rule: Rule) -> float:
    """Give a value at which the rule holds."""
    above = rule.operator in {Operator.ABOVE, Operator.AT_LEAST}
    return rule.threshold + 1 if above else rule.threshold - 1


def well(rule: Rule) -> float:
    """Give a value at which the rule just does not hold."""
    match rule.operator:
        case Operator.ABOVE | Operator.BELOW:
            return rule.threshold
        case Operator.AT_LEAST:
            return rule.threshold - 1
        case Operator.AT_MOST:
            return rule.threshold + 1


def _sample_labels(rule: Rule, readings: Mapping[str, Reading]) -> dict[str, str]:
    return {name: _example(name, rule.where.get(name)) for name in readings[rule.reading].labels}


def _example(name: str, wanted: str | None) -> str:
    if wanted is None:
        return EXAMPLES[name]
    return wanted[1:].split("|")[-1] if wanted.startswith("~") else wanted


def _floor_series(floor: Floor, labels: Labels, readings: Mapping[str, Reading]) -> str:
    return _series(floor.reading, {name: labels[name] for name in readings[floor.reading].labels})


def _series(name: str, labels: Labels) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{inside}}}" if inside else name


def _values(before: float, during: float, begins: timedelta, ends: timedelta, over: timedelta) -> str:
    parts = [
        f"{before:g}x{_steps(begins) - 1}",
        f"{during:g}x{_steps(ends - begins) - 1}",
        f"{before:g}x{_steps(over - ends) + 4}",
    ]
    return " ".join(parts)


def _flat(value: float, until: timedelta) -> str:
    return f"{value:g}x{_steps(until) + 8}"


def _steps(length: timedelta) -> int:
    return int(length / STEP)


def _annotations(rule: Rule, labels: Labels, value: float, base_url: str) -> dict[str, str]:
    known = rule.labels_of(labels)
    words = re.sub(
        r"\{(\w+)\}", lambda found: f"{value:.4g}" if found[1] == "value" else known.get(found[1], ""), rule.summary
    )
    return {**said_of(rule, base_url), "summary": words}
