"""Nothing is declared that nothing uses: settings, metrics, events, functions, states."""

from __future__ import annotations

import ast
import re
from collections import Counter

from frontdesk import wiring
from frontdesk.features.delivery import JobStatus
from frontdesk.kernel.settings.loading import PARTS, setting_name
from frontdesk.kernel.telemetry import metrics
from scripts.reference_pages.sources import waits_for
from tests.architecture.sources import Function, listed, our_files, sources

NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def identifiers(*, without: str = "") -> Counter[str]:
    """Count how often each name occurs in the program's code, remarks and docstrings left out."""
    found: Counter[str] = Counter()
    for source in sources():
        if without and source.place.startswith(without):
            continue
        for node in ast.walk(source.tree):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                    found[name] += 1
                case ast.ImportFrom(names=names):
                    found.update(alias.name for alias in names)
                case _:
                    continue
    return found


def test_every_setting_is_used_or_waits_for_a_part_that_is_named() -> None:
    used = identifiers(without="kernel/settings/")
    offenders = [
        f"{setting_name(name, field)} ({part.__name__}.{name})"
        for part in PARTS
        for name, field in part.model_fields.items()
        if not used[name] and not waits_for(setting_name(name, field))
    ]
    assert not offenders, listed(offenders)


def test_every_metric_is_recorded_somewhere() -> None:
    used = identifiers(without="kernel/telemetry/__init__")
    names = {id(value): name for name, value in vars(metrics).items() if isinstance(value, metrics.Metric)}
    # Once where it is declared, once in the catalogue: a third time is a use.
    offenders = [f"{names[id(metric)]} ({metric.name})" for metric in metrics.CATALOGUE if used[names[id(metric)]] < 3]
    assert not offenders, listed(offenders)


def test_every_event_is_announced_by_the_part_it_belongs_to() -> None:
    made: set[str] = set()
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                made.add(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
            # A statement that announces by itself is given the event's name.
            if source.is_queries and isinstance(node, ast.Attribute) and node.attr == "name":
                made.add(ast.unparse(node.value))
    offenders = [event.__name__ for event in wiring.catalogue() if event.__name__ not in made]
    assert not offenders, listed(offenders)


def test_every_listener_that_a_feature_offers_is_put_together() -> None:
    text = next(source.text for source in sources() if source.place == "wiring/parts.py")
    offenders = [
        source.place
        for source in sources()
        if source.feature
        and source.place.endswith("/jobs.py")
        and any(isinstance(node, Function) and node.name == "handlers" for node in source.tree.body)
        and f"{source.feature}.handlers(" not in text
        and f"{source.feature}_jobs.handlers(" not in text
    ]
    assert not offenders, listed(offenders)


def test_every_public_function_of_a_feature_is_called_from_somewhere() -> None:
    used = identifiers()
    offenders = [
        f"{source.place}:{node.lineno} {node.name}"
        for source in sources()
        if source.feature and not source.place.endswith("/__init__.py")
        for node in source.tree.body
        if isinstance(node, Function) and not node.name.startswith("_") and not used[node.name]
    ]
    assert not offenders, listed(offenders)


def test_what_a_front_door_offers_is_there_and_somebody_comes_for_it() -> None:
    """Types may be offered for what a function returns; a function is offered because somebody calls it."""
    files = [path.read_text(encoding="utf-8") for path in our_files(".py") if "tests" in path.parts]
    tests = Counter(name for text in files for name in NAMED.findall(text))
    offenders = []
    for source in sources():
        if source.feature is None or not re.fullmatch(r"features/\w+/__init__\.py", source.place):
            continue
        others = {name for other in sources() if other.feature != source.feature for name in NAMED.findall(other.text)}
        for node in source.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                offered = [name for name in ast.literal_eval(node.value) if name.islower()]
                offenders += [f"{source.place} {name}" for name in offered if name not in others and not tests[name]]
    assert not offenders, listed(offenders)


def test_every_state_of_a_send_job_is_reached() -> None:
    states = Counter(
        node.attr
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("JobStatus")
    )
    # Once where the states are ranked: a second time is where a job gets there.
    offenders = [f"JobStatus.{state.name}" for state in JobStatus if states[state.name] < 2]
    assert not offenders, listed(offenders)
