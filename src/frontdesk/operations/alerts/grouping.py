"""Who is told what and when: alerts of one name and business together, never twice of the same state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from frontdesk.operations.alerts.model import Inhibition, Instance, RuleBook, Silence, Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What people know of the alerts of one name and business; `told` are the fingerprints they know to be firing."""

    key: str
    alertname: str
    tenant: str
    opened_at: datetime | None = None
    notified_at: datetime | None = None
    sequence: int = 0
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Telling:
    """What has to be told of a group now: the alerts that fire, and those that were told and are over."""

    group: Group
    firing: tuple[Instance, ...]
    resolved: frozenset[str]
    repeats: bool


def key_of(instance: Instance) -> str:
    """Name the group that an alert belongs to."""
    return f"{instance.alertname}/{instance.tenant}"


def muted(firing: Sequence[Instance], *, book: RuleBook, silences: Iterable[Silence], now: datetime) -> dict[str, str]:
    """Tell which alerts nobody is told of, and why: by fingerprint. Compliance alerts are never among them."""
    asleep = list(silences)
    windows = [window for window in book.mute_windows if window.covers(now)]
    found: dict[str, str] = {}
    for one in firing:
        if one.is_compliance:
            continue
        source = next((rule.source for rule in book.inhibitions if _inhibits(rule, one, firing)), None)
        if source is not None:
            found[one.fingerprint] = f"inhibited by {source}"
        elif any(silence.covers(one.labels, now) for silence in asleep):
            found[one.fingerprint] = "silenced"
        elif window := next((window for window in windows if one.alertname in window.alerts), None):
            found[one.fingerprint] = f"mute window {window.name}"
    return found


def _inhibits(rule: Inhibition, target: Instance, firing: Sequence[Instance]) -> bool:
    if target.alertname == rule.source or not ("*" in rule.targets or target.alertname in rule.targets):
        return False
    return any(
        source.alertname == rule.source
        and all(source.labels.get(name, "") == target.labels.get(name, "") for name in rule.equal)
        for source in firing
    )


def decide(
    group: Group, *, firing: Sequence[Instance], hidden: frozenset[str], timing: Timing, now: datetime
) -> tuple[Group, Telling | None]:
    """Decide about one group: `firing` are its alerts that fire, `hidden` the fingerprints that are muted.

    A group is told after `group_wait`; again when alerts joined or ended, `group_interval` after the last time at the
    earliest; and the same again after `repeat_interval`. What is muted after it was told is not told to be over.
    """
    active = tuple(one for one in firing if one.fingerprint not in hidden)
    current = frozenset(one.fingerprint for one in active)
    if not group.told or group.notified_at is None:
        if not active:
            return replace(group, opened_at=None), None
        opened = replace(group, opened_at=group.opened_at or now)
        if opened.opened_at is None or now - opened.opened_at < timing.group_wait:
            return opened, None
        return _tell(opened, active, frozenset(), current, now=now)
    still = frozenset(one.fingerprint for one in firing)
    ended = group.told - still
    passed = now - group.notified_at
    if (ended or current - group.told) and passed >= timing.group_interval:
        return _tell(group, active, ended, current | (group.told & still), now=now)
    if active and passed >= timing.repeat_interval:
        return _tell(group, active, frozenset(), current | group.told, now=now, repeats=True)
    return group, None


def _tell(
    group: Group,
    firing: tuple[Instance, ...],
    resolved: frozenset[str],
    told: frozenset[str],
    *,
    now: datetime,
    repeats: bool = False,
) -> tuple[Group, Telling]:
    after = replace(
        group,
        notified_at=now,
        sequence=group.sequence + 1,
        told=told,
        opened_at=group.opened_at if told else None,
    )
    return after, Telling(after, firing, resolved, repeats)
