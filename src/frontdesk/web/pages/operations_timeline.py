"""The timeline of an incident in words: what the program kept as names and ids is told as people say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from frontdesk.kernel.actor import Actor
from frontdesk.operations.checking.registry import find_check, find_remedy
from frontdesk.operations.incidents.model import TimelineEntry
from frontdesk.operations.runbooks import RunState
from frontdesk.web.pages.audit_words import action_words, name_words
from frontdesk.web.pages.operations_views import RUN_CHIPS, title_of

SOURCES = {
    "alert": "alert",
    "audit": "change",
    "note": "note",
    "runbook": "runbook",
    "sending": "sending",
    "status": "told businesses",
    "system": "incident",
    "told": "told",
}
ALWAYS_FIRES = "Watchdog "  # it proves that alerts arrive, and tells nothing of an incident
STEP = re.compile(
    r"(?P<slug>[a-z0-9-]+): (?P<kind>do|undo|expect) (?P<name>[a-z_.]+), (?P<result>[a-z]+): (?P<words>.*)", re.DOTALL
)
BEGUN = re.compile(r"(?P<slug>[a-z0-9-]+) is run: (?P<words>.*)", re.DOTALL)
ENDED = re.compile(r"(?P<slug>[a-z0-9-]+) ended (?P<state>[a-z_]+): (?P<words>.*)", re.DOTALL)
CHANGE = re.compile(r"(?P<action>[a-z_]+\.[a-z_]+) \S*?(: (?P<reason>.*))?", re.DOTALL)
LEVEL = re.compile(r"\bL([0-9])\b")
DID = {"do": "did", "undo": "took back", "expect": "verified"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An entry of the timeline as people read it."""

    at: datetime
    source: str
    who: str
    words: str


def tell_timeline(entries: Iterable[TimelineEntry], *, visitor: Actor) -> Sequence[Told]:
    """Tell what happened, in order."""
    return [
        Told(
            at=one.at,
            source=SOURCES.get(one.source, one.source),
            who="" if not one.who else visitor.shown if one.who == visitor.id else name_words(one.who),
            words=_words(one),
        )
        for one in entries
        if not one.words.startswith(ALWAYS_FIRES)
    ]


def _words(entry: TimelineEntry) -> str:
    if entry.source == "runbook":
        return _run(entry.words)
    if entry.source in {"audit", "sending"} and (change := CHANGE.fullmatch(entry.words)):
        return action_words(change["action"]) + (f": {change['reason']}" if change["reason"] else "")
    return LEVEL.sub(r"level \1", entry.words) if entry.source == "system" else entry.words


def _run(words: str) -> str:
    if step := STEP.fullmatch(words):
        known = find_check(step["name"]) or find_remedy(step["name"])
        sentence = step["name"] if known is None else known.sentence
        return (
            f"{title_of(step['slug'])}: {DID[step['kind']]} \u201c{sentence}\u201d, {step['result']}: {step['words']}"
        )
    if begun := BEGUN.fullmatch(words):
        return f"ran \u201c{title_of(begun['slug'])}\u201d: {begun['words']}"
    if ended := ENDED.fullmatch(words):
        state = ended["state"]
        said = RUN_CHIPS[RunState(state)].words if state in set(RunState) else state
        return f"\u201c{title_of(ended['slug'])}\u201d is over, {said}: {ended['words']}"
    return words
