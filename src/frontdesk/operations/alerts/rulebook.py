"""Reading the rules of alerts from their file, and an operator's own changes to them from another."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts.model import Floor, Inhibition, MuteWindow, Operator, Rule, RuleBook, Timing

OURS = Path(__file__).with_name("rules.toml")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
COMPARISON = re.compile(r"(?P<reading>[a-z][a-z0-9_]*) (?P<operator>>=|<=|>|<) (?P<threshold>-?\d+(\.\d+)?)")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Floor(msgspec.Struct, forbid_unknown_fields=True):
    reading: str
    at_least: float
    where: dict[str, str] = {}


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    compare: str
    lasting: str = msgspec.field(name="for")
    severity: str
    owner: str
    runbook: str
    summary: str
    source: str
    where: dict[str, str] = {}
    floors: list[_Floor] = []
    labels: dict[str, str] = {}
    keep_firing_for: str = "0s"
    compliance: bool = False


class _Inhibition(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    targets: list[str]
    equal: list[str] = []


class _MuteWindow(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    alerts: list[str]
    days: list[str]
    begins: str
    ends: str
    zone: str


class _Timing(msgspec.Struct, forbid_unknown_fields=True):
    group_wait: str
    group_interval: str
    repeat_interval: str
    resolve_timeout: str


class _Book(msgspec.Struct, forbid_unknown_fields=True):
    timing: _Timing
    routes: dict[str, str]
    inhibition: list[_Inhibition]
    rule: list[_Rule]


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    """What an operator may change of a rule."""

    threshold: float | None = None
    lasting: str | None = msgspec.field(default=None, name="for")
    severity: str | None = None
    owner: str | None = None


class _Changes(msgspec.Struct, forbid_unknown_fields=True):
    change: dict[str, _Change] = {}
    mute_window: list[_MuteWindow] = []
    routes: dict[str, str] = {}


@cache
def our_rules() -> RuleBook:
    """Read the rules that come with the program."""
    book = msgspec.convert(tomllib.loads(OURS.read_text(encoding="utf-8")), _Book)
    rules = tuple(_rule(rule) for rule in book.rule)
    return RuleBook(
        rules=rules,
        inhibitions=tuple(
            Inhibition(source=one.source, targets=tuple(one.targets), equal=tuple(one.equal)) for one in book.inhibition
        ),
        mute_windows=(),
        routes={sink: _severity(word) for sink, word in book.routes.items()},
        timing=Timing(
            group_wait=read_span(book.timing.group_wait),
            group_interval=read_span(book.timing.group_interval),
            repeat_interval=read_span(book.timing.repeat_interval),
            resolve_timeout=read_span(book.timing.resolve_timeout),
        ),
    )


def read_rules(changes: Path | None = None) -> RuleBook:
    """Read the rules, with an operator's changes to thresholds, severities, routes, and their mute windows.

    Refuses a file that cannot be read or names an alert that there is none of (`alerts.bad_rules`). A compliance alert
    cannot be muted or made less severe.
    """
    book = our_rules()
    if changes is None:
        return book
    try:
        return _with_changes(book, msgspec.convert(tomllib.loads(changes.read_text(encoding="utf-8")), _Changes))
    except (OSError, ValueError, KeyError) as error:
        raise Refused("alerts.bad_rules", f"{changes} cannot be used: {error}", status=422) from None


def _with_changes(book: RuleBook, given: _Changes) -> RuleBook:
    unknown = set(given.change) - {rule.name for rule in book.rules}
    if unknown:
        raise ValueError(f"there is no alert {min(unknown)}")
    return replace(
        book,
        rules=tuple(_changed(rule, given.change.get(rule.name, _Change())) for rule in book.rules),
        mute_windows=tuple(_window(one, book) for one in given.mute_window),
        routes={**book.routes, **{sink: _severity(word) for sink, word in given.routes.items()}},
    )


def read_span(text: str) -> timedelta:
    """Read a span of time like 30s, 5m, 4h or 3d."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is no span of time like 5m")
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])


def _rule(rule: _Rule) -> Rule:
    found = COMPARISON.fullmatch(rule.compare)
    if found is None:
        raise ValueError(f"{rule.name}: {rule.compare!r} is no comparison like reading > 5")
    return Rule(
        name=rule.name,
        reading=found["reading"],
        operator=Operator(found["operator"]),
        threshold=float(found["threshold"]),
        lasting=read_span(rule.lasting),
        severity=_severity(rule.severity),
        owner=rule.owner,
        runbook=rule.runbook,
        summary=rule.summary,
        source=rule.source,
        where=rule.where,
        floors=tuple(Floor(reading=one.reading, at_least=one.at_least, where=one.where) for one in rule.floors),
        labels=rule.labels,
        keep_firing=read_span(rule.keep_firing_for),
        compliance=rule.compliance,
    )


def _changed(rule: Rule, change: _Change) -> Rule:
    severity = rule.severity if change.severity is None else _severity(change.severity)
    if rule.compliance and severity < rule.severity:
        raise ValueError(f"{rule.name} concerns the law and stays {rule.severity.word}")
    return replace(
        rule,
        threshold=rule.threshold if change.threshold is None else change.threshold,
        lasting=rule.lasting if change.lasting is None else read_span(change.lasting),
        severity=severity,
        owner=change.owner or rule.owner,
    )


def _window(window: _MuteWindow, book: RuleBook) -> MuteWindow:
    for name in window.alerts:
        rule = book.find(name)
        if rule is None:
            raise ValueError(f"there is no alert {name}")
        if rule.compliance:
            raise ValueError(f"{name} concerns the law and is never muted")
    ZoneInfo(window.zone)
    return MuteWindow(
        name=window.name,
        alerts=tuple(window.alerts),
        days=tuple(_day(day) for day in window.days),
        begins=time.fromisoformat(window.begins),
        ends=time.fromisoformat(window.ends),
        zone=window.zone,
    )


def _day(word: str) -> int:
    if word not in DAYS:
        raise ValueError(f"{word!r} is no day: {', '.join(DAYS)}")
    return DAYS.index(word)


def _severity(word: str) -> Severity:
    found: Mapping[str, Severity] = {one.word: one for one in (Severity.INFO, Severity.WARNING, Severity.CRITICAL)}
    if word not in found:
        raise ValueError(f"{word!r} is no severity: info, warning or critical")
    return found[word]
