"""Whether an alert is over, holds or begins: a step of its life, from what is measured now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from frontdesk.kernel.upkeep import Reading, Sample
from frontdesk.operations.alerts.model import AlertState, Instance, Labels, Rule, fingerprint_of, fits, named


@dataclass(frozen=True, slots=True)
class Measured:
    """What all readings told; those that failed are in neither, and what hangs on them is not judged."""

    readings: Mapping[str, Reading]
    samples: Mapping[str, Sequence[Sample]]

    def labelled(self, name: str, where: Labels) -> list[tuple[Labels, float]] | None:
        """List a reading's samples that fit; None if it told nothing because it failed."""
        found = self.samples.get(name)
        if found is None:
            return None
        pairs = [(named(self.readings[name].labels, sample), sample.value) for sample in found]
        return [(labels, value) for labels, value in pairs if fits(where, labels)]


@dataclass(frozen=True, slots=True)
class Seen:
    """An alert that is true now."""

    labels: Labels
    value: float


def look(rule: Rule, measured: Measured) -> list[Seen] | None:
    """List what a rule finds wrong; None if its reading, or that of a floor, failed."""
    samples = measured.labelled(rule.reading, rule.where)
    if samples is None:
        return None
    found = [Seen(labels, value) for labels, value in samples if rule.operator.holds(value, rule.threshold)]
    for floor in rule.floors:
        high = measured.labelled(floor.reading, floor.where)
        if high is None:
            return None
        enough = [labels for labels, value in high if value >= floor.at_least]
        found = [seen for seen in found if any(labels.items() <= seen.labels.items() for labels in enough)]
    return found


def step(
    rule: Rule, seen: list[Seen] | None, known: Iterable[Instance], *, now: datetime, resolve_timeout: timedelta
) -> list[Instance]:
    """Take all alerts of a rule one step further; those that were pending and are over are left out.

    `seen` None: the reading failed, so nothing changes until nothing was heard for `resolve_timeout`.
    """
    before = {instance.fingerprint: instance for instance in known}
    if seen is None:
        return [_unheard(instance, now, resolve_timeout) for instance in before.values()]
    after: list[Instance] = []
    for one in seen:
        labels = rule.labels_of(one.labels)
        fingerprint = fingerprint_of(labels)
        instance = before.pop(fingerprint, None)
        if instance is None or now - instance.heard_at > resolve_timeout:
            fresh = _begun(rule, labels, fingerprint, one.value, now)
            instance = fresh if instance is None or instance.state is AlertState.PENDING else instance
        after.append(_true(rule, instance, one.value, now))
    for instance in before.values():
        ended = _false(rule, instance, now)
        if ended is not None:
            after.append(ended)
    return after


def _begun(rule: Rule, labels: Labels, fingerprint: str, value: float, now: datetime) -> Instance:
    return Instance(
        fingerprint=fingerprint,
        alertname=rule.name,
        labels=labels,
        state=AlertState.PENDING,
        value=value,
        active_at=now,
        seen_at=now,
        heard_at=now,
    )


def _true(rule: Rule, instance: Instance, value: float, now: datetime) -> Instance:
    held = replace(instance, value=value, seen_at=now, heard_at=now)
    if held.state is AlertState.PENDING and now - held.active_at >= rule.lasting:
        return replace(held, state=AlertState.FIRING, fired_at=now)
    return held


def _false(rule: Rule, instance: Instance, now: datetime) -> Instance | None:
    if instance.state is AlertState.PENDING:
        return None
    if now - instance.seen_at < rule.keep_firing:
        return replace(instance, heard_at=now)
    return replace(instance, state=AlertState.RESOLVED, resolved_at=now, heard_at=now)


def _unheard(instance: Instance, now: datetime, resolve_timeout: timedelta) -> Instance:
    if instance.state is AlertState.FIRING and now - instance.heard_at > resolve_timeout:
        return replace(instance, state=AlertState.RESOLVED, resolved_at=now)
    return instance
