"""Names follow the rules of the house."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontdesk import wiring
from tests.architecture.sources import PACKAGE, Function, Source, listed, sources

EMPTY_WORDS = {"process", "handle", "manager", "managers", "utils", "util", "common", "helpers", "helper", "misc"}
# One word for one thing that SQL does. A new verb is a new word of the house: add it here on purpose.
READING = {"get", "find", "list", "count", "measure", "prove", "read"}
ASKING = {"is", "happened"}  # answer yes or no
WRITING = {
    "add", "advance", "apply", "block", "cancel", "claim", "close", "copy", "delete", "disable", "drop", "ensure",
    "finish", "forget", "hold", "insert", "lift", "lock", "look", "mark", "move", "note", "open", "orphan", "park",
    "pause", "pick", "postpone", "put", "raise", "record", "refund", "refuse", "rename", "replace", "requeue",
    "reserve", "resume", "revoke", "settle", "supersede", "take", "touch", "unpark", "update",
}  # fmt: skip
WIRE_NAME = re.compile(r"^(?P<area>[a-z]+)\.(?P<what>[a-z]+(_[a-z]+)*)\.v[1-9][0-9]*$")
IRREGULAR = {"Left", "Given", "Written", "Sent", "Held", "Lost", "Found", "Begun", "Made"}


def words(name: str) -> set[str]:
    """Split a name into its words."""
    return set(name.lower().split("_"))


def test_no_folder_or_module_has_a_name_that_says_nothing() -> None:
    offenders = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*"))
        if "build" not in path.parts and words(Path(path.name).stem) & EMPTY_WORDS
    ]
    assert not offenders, listed(offenders)


def query_functions() -> Iterator[tuple[Source, Function]]:
    """List the public functions of all places for SQL."""
    for source in sources():
        if source.is_queries or source.place in {"kernel/auth/queries.py", "kernel/jobs/queries.py"}:
            for node in source.tree.body:
                if isinstance(node, Function) and not node.name.startswith("_"):
                    yield source, node


def fault_of(name: str, returns: str) -> str | None:
    """Tell what is wrong with a query's name, given what it returns."""
    verb = name.partition("_")[0]
    maybe = returns.endswith("| None")
    promises = {
        "get": (not maybe and not returns.startswith("list["), "exactly one, or raises"),
        "find": (maybe, "one or None"),
        "list": (returns.startswith(("list[", "set[", "dict[", "tuple[")), "many"),
        "count": (returns.startswith(("int", "dict[")), "a number"),
        **dict.fromkeys(ASKING, (returns == "bool", "yes or no")),
    }
    if verb not in READING | ASKING | WRITING:
        return f"“{verb}” is no verb of the house"
    kept, promise = promises.get(verb, (True, ""))
    return None if kept else f"{verb}_ gives {promise}"


def test_queries_begin_with_a_verb_of_the_house_and_return_what_it_promises() -> None:
    found = list(query_functions())
    assert len(found) > 60
    offenders = [
        f"{source.place}:{function.lineno} {function.name}: {fault}"
        for source, function in found
        if (fault := fault_of(function.name, ast.unparse(function.returns) if function.returns else "?"))
    ]
    assert not offenders, listed(offenders)


@pytest.mark.parametrize(
    ("name", "returns"),
    [
        ("fetch_call", "Call"),
        ("get_call", "Call | None"),
        ("find_call", "Call"),
        ("list_calls", "Call"),
        ("count_calls", "list[Call]"),
        ("is_known", "int"),
    ],
)
def test_a_query_that_promises_something_else_is_seen(name: str, returns: str) -> None:
    assert fault_of(name, returns)


def test_services_are_verbs_as_spoken() -> None:
    offenders = [
        f"{source.place}:{node.lineno} {node.name}"
        for source in sources()
        if source.feature and source.place.split("/")[2] in {"service.py", "service"}
        for node in ast.walk(source.tree)
        if isinstance(node, Function) and node.name.lstrip("_").partition("_")[0] in {*EMPTY_WORDS, "do", "perform"}
    ]
    assert not offenders, listed(offenders)


def test_every_event_has_a_versioned_wire_name_of_its_own_area() -> None:
    offenders = []
    for event in wiring.catalogue():
        match = WIRE_NAME.match(event.name)
        path = event.__module__.split(".")
        area = path[2] if path[1] in {"features", "kernel"} else path[1]
        if match is None or match["area"] != area:
            offenders.append(f"{event.__module__}.{event.__name__}: {event.name}")
    assert not offenders, listed(offenders)


def is_past(name: str) -> bool:
    """Tell whether a class name says that something has happened."""
    return any(word.endswith("ed") or word in IRREGULAR for word in re.findall(r"[A-Z][a-z0-9]*", name))


def test_every_event_tells_what_has_happened() -> None:
    offenders = [f"{event.__module__}.{event.__name__}" for event in wiring.catalogue() if not is_past(event.__name__)]
    assert not offenders, listed(offenders)
    assert not is_past("CallMissing")


def test_every_event_is_a_frozen_record_with_a_sentence() -> None:
    for event in wiring.catalogue():
        parameters = event.__dict__["__dataclass_params__"]
        assert parameters.frozen, event
        assert hasattr(event, "__slots__"), event
        assert (inspect.getdoc(event) or "").endswith("."), event


def test_what_features_and_ports_pass_around_is_frozen_and_every_record_has_slots() -> None:
    offenders = []
    for source in sources():
        for node in ast.walk(source.tree):
            for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
                text = ast.unparse(decorator)
                frozen = "frozen=True" in text or source.room not in {"features", "ports"}
                if text.startswith("dataclass") and not (frozen and "slots=True" in text):
                    offenders.append(f"{source.place}:{decorator.lineno} {text}")
    assert not offenders, listed(offenders)
