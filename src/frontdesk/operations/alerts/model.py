"""Alerts without a database: rules, what they see, and what is known of each alert."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from frontdesk.kernel.upkeep import Sample, Severity

Labels = Mapping[str, str]
TENANT = "tenant"


class Operator(StrEnum):
    """How a reading is compared with a threshold."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="

    def holds(self, value: float, threshold: float) -> bool:
        """Tell whether `value` compares so with `threshold`; what is no number never does."""
        match self:
            case Operator.ABOVE:
                return value > threshold
            case Operator.AT_LEAST:
                return value >= threshold
            case Operator.BELOW:
                return value < threshold
            case Operator.AT_MOST:
                return value <= threshold


class AlertState(StrEnum):
    """How far an alert has come."""

    PENDING = "pending"  # true, but not for long enough
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """A second reading that must be at least so high: a rate of few events says nothing."""

    reading: str
    at_least: float
    where: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert: a comparison of one reading, how long it must hold, how bad it is and who looks after it.

    `where` picks samples by their labels; a value that begins with `~` is a regular expression for the whole label.
    A `compliance` alert is never muted.
    """

    name: str
    reading: str
    operator: Operator
    threshold: float
    lasting: timedelta
    severity: Severity
    owner: str
    runbook: str
    summary: str
    source: str
    where: Labels = field(default_factory=dict)
    floors: tuple[Floor, ...] = ()
    labels: Labels = field(default_factory=dict)
    keep_firing: timedelta = timedelta(0)
    compliance: bool = False

    def labels_of(self, sample: Labels) -> dict[str, str]:
        """Name an alert of this rule; what the rule says of itself stands above what the reading says."""
        own = {"alertname": self.name, "severity": self.severity.word, "owner": self.owner}
        if self.compliance:
            own["compliance"] = "true"
        return {**sample, **self.labels, **own}

    def words(self, labels: Labels, value: float | None) -> str:
        """Say what is wrong, with the value and the labels filled in."""
        shown = "?" if value is None else f"{value:.4g}"
        return re.sub(
            r"\{(\w+)\}", lambda found: shown if found[1] == "value" else labels.get(found[1], ""), self.summary
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While an alert of `source` fires, those of `targets` are not told, if their labels `equal` are the same."""

    source: str
    targets: tuple[str, ...]
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteWindow:
    """Hours of a week in which some alerts are not told; `days` are 0 (Monday) to 6, the times on that zone's clock."""

    name: str
    alerts: tuple[str, ...]
    days: tuple[int, ...]
    begins: time
    ends: time
    zone: str

    def covers(self, moment: datetime) -> bool:
        """Tell whether the window is open; one that ends before it begins lasts past midnight."""
        local = moment.astimezone(ZoneInfo(self.zone))
        if self.begins <= self.ends:
            return local.weekday() in self.days and self.begins <= local.time() < self.ends
        if local.time() >= self.begins:
            return local.weekday() in self.days
        return local.time() < self.ends and (local.weekday() - 1) % 7 in self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When groups are told: after a wait, then at changes at most so often, then again and again."""

    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    resolve_timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All rules, and what is done with the alerts that they raise; `routes` says from which severity a sink is told."""

    rules: tuple[Rule, ...]
    inhibitions: tuple[Inhibition, ...]
    mute_windows: tuple[MuteWindow, ...]
    routes: Mapping[str, Severity]
    timing: Timing

    def find(self, name: str) -> Rule | None:
        """Find a rule."""
        return next((rule for rule in self.rules if rule.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One alert, from the first time it was true until it is over.

    `seen_at` is when it was last true, `heard_at` when its reading last told anything.
    """

    fingerprint: str
    alertname: str
    labels: Labels
    state: AlertState
    value: float | None
    active_at: datetime
    seen_at: datetime
    heard_at: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return Severity[self.labels["severity"].upper()]

    @property
    def tenant(self) -> str:
        """Whose it is; empty for the platform."""
        return self.labels.get(TENANT, "")

    @property
    def is_compliance(self) -> bool:
        """Whether nothing may mute it."""
        return self.labels.get("compliance") == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What nobody wants to be told for a while; matchers as in `Rule.where`."""

    matchers: Labels
    starts_at: datetime
    silenced_until: datetime

    def covers(self, labels: Labels, moment: datetime) -> bool:
        """Tell whether an alert with these labels is silenced at a moment."""
        return self.starts_at <= moment < self.silenced_until and fits(self.matchers, labels)


def page_url(base_url: str, slug: str) -> str:
    """Tell where a runbook's page is."""
    return f"{base_url}/operations/runbooks/{slug}"


def fingerprint_of(labels: Labels) -> str:
    """Make the mark by which an alert is known: the same labels, the same mark."""
    text = json.dumps(dict(labels), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fits(where: Labels, labels: Labels) -> bool:
    """Tell whether labels have every value that is asked for; a missing label is an empty one."""
    return all(_fits(wanted, labels.get(name, "")) for name, wanted in where.items())


def _fits(wanted: str, found: str) -> bool:
    return re.fullmatch(wanted[1:], found) is not None if wanted.startswith("~") else wanted == found


def named(names: tuple[str, ...], sample: Sample) -> dict[str, str]:
    """Give a sample's labels their names."""
    return dict(zip(names, sample.labels, strict=True))
