"""The book of all rules: what was in force on a day, and the proof that nobody changed a rule in silence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from frontdesk.features.consent.law import abroad, areas, house, states, united_states
from frontdesk.features.consent.law.rule import Rule

RULESET_VERSION = "2026.11.1"
RULES: tuple[Rule, ...] = (*house.RULES, *united_states.RULES, *states.RULES, *abroad.RULES)

_PINS = Path(__file__).with_name("pins.txt")


class ChangedInSilence(RuntimeError):
    """A rule's content is not the one that was pinned for its version."""


def contents() -> dict[tuple[str, str], str]:
    """Hash everything that decides: each rule's version, the table of area codes, and all of it as the rule set."""
    hashes = {(rule.id, str(rule.version)): rule.sha256 for rule in RULES}
    if len(hashes) != len(RULES):
        raise ChangedInSilence("two rules have the same name and version")
    hashes["area-codes", str(areas.VERSION)] = areas.sha256()
    everything = "\n".join(" ".join((*key, value)) for key, value in sorted(hashes.items()))
    hashes["rule-set", RULESET_VERSION] = hashlib.sha256(everything.encode()).hexdigest()
    return hashes


def check_pins(pinned: Mapping[tuple[str, str], str], found: Mapping[tuple[str, str], str]) -> None:
    """Refuse rules whose content differs from the pinned one, and versions that are not pinned.

    Raises ChangedInSilence, naming the lines that pins.txt would need; a changed rule needs a new version first.
    """
    wrong = [
        " ".join((*key, value)) + (" (changed: give it a new version)" if key in pinned else "")
        for key, value in found.items()
        if pinned.get(key) != value
    ]
    if wrong:
        raise ChangedInSilence("rules of law do not match law/pins.txt:\n" + "\n".join(wrong))


def read_pins(lines: Iterable[str]) -> dict[tuple[str, str], str]:
    """Read lines of "name version sha256"; those that begin with # are remarks."""
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {(name, version): sha256 for name, version, sha256 in rows}


def versions_in_force(rules: Iterable[Rule], day: date) -> tuple[Rule, ...]:
    """Choose of each rule the version that was in force on `day`, as far as the book knew on that day.

    The highest version that had been entered and had begun decides; if its law had ended, none is left.
    """
    chosen: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda one: one.version):
        if rule.effective_from <= day and (rule.entered is None or rule.entered <= day):
            chosen[rule.id] = rule
    return tuple(rule for rule in chosen.values() if rule.effective_to is None or day <= rule.effective_to)


@lru_cache(maxsize=512)
def in_force(day: date) -> tuple[Rule, ...]:
    """List the rules that were in force on `day`."""
    return versions_in_force(RULES, day)


_CONTENTS = contents()
check_pins(read_pins(_PINS.read_text(encoding="utf-8").splitlines()), _CONTENTS)
RULESET_SHA256 = _CONTENTS["rule-set", RULESET_VERSION]
