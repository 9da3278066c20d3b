"""The map from other systems' runbooks to ours names what exists, and calls absent only what is."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator
from functools import cache

import asyncpg
import pytest

from frontdesk import features
from frontdesk.kernel.telemetry import CATALOGUE
from frontdesk.operations.alerts.rulebook import our_rules
from frontdesk.operations.runbooks.reading import library
from scripts.reference_pages.commands import all_commands
from scripts.reference_pages.procedures import Procedure, procedures
from tests.docs.pages import ROOT

COMMANDS_THERE = ("heroku run", "ps:scale", "logs -t", "config:set", "pg:psql", "backup.sh", "restore.sh", "redis-cli")


@cache
def defined_in(path: str) -> frozenset[str]:
    """List the tests that a file defines."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def faults_in(one: Procedure) -> Iterator[str]:
    """List what a step names and is not there."""
    yield from (f"no command {line}" for line in one.help if f"frontdesk {line}" not in all_commands())
    commands = [command for name, command in all_commands().items() if name.removeprefix("frontdesk ") in one.help]
    known = {flag for command in commands for param in command.params for flag in param.opts}
    yield from (f"no option {option}" for option in one.options if option not in known)
    alerts = {rule.name for rule in our_rules().rules}
    yield from (f"no alert {name}" for name in one.alert if name not in alerts)
    yield from (f"no runbook {slug}" for slug in one.page if slug not in library())
    if one.proof:
        path, _, test = one.proof.partition("::")
        if not (ROOT / path).exists() or test not in defined_in(path):
            yield f"no test {one.proof}"


def untold_in(one: Procedure) -> Iterator[str]:
    """List what a step leaves open."""
    served = one.is_tried or bool(one.alert or one.page or one.proof)
    if [served and not one.outside, bool(one.waits), bool(one.outside)].count(True) != 1:
        yield "is served, waits, or is done elsewhere: one of the three"
    if bool(one.waits) is not bool(one.absent):
        yield "what waits is shown to be absent, and nothing else"
    if one.fields and not (one.run or one.sql or one.ask):
        yield "fields of no answer"
    if one.help and not (one.proof or one.run or one.ask or one.options):
        yield "a command whose help alone is looked at needs the test that goes its whole way"


def test_every_step_names_what_exists() -> None:
    assert not [f"{one.name}: {fault}" for one in procedures() for fault in faults_in(one)]


def test_every_step_is_served_or_waits_or_is_said_to_be_elsewhere() -> None:
    assert not [f"{one.name}: {fault}" for one in procedures() for fault in untold_in(one)]


def test_no_step_is_listed_twice() -> None:
    names = [one.name for one in procedures()]
    assert len(names) == len(set(names))
    assert {one.source for one in procedures()} == {"S2", "S3"}


@pytest.mark.parametrize("command", COMMANDS_THERE)
def test_every_command_of_the_sources_platforms_has_a_row(command: str) -> None:
    assert [one for one in procedures() if command in one.there]


async def test_what_is_said_to_come_is_not_here_yet(database_url: str) -> None:
    login = await asyncpg.connect(database_url)
    try:
        rows = await login.fetch("select table_name from information_schema.tables where table_schema = 'public'")
    finally:
        await login.close()
    here = {
        "table": {row["table_name"] for row in rows},
        "metric": {metric.name for metric in CATALOGUE},
        "command": {name.removeprefix("frontdesk ") for name in all_commands()},
        "feature": {module.name for module in pkgutil.iter_modules(features.__path__)},
    }
    waiting = [(one.name, *sign.partition(" ")[::2]) for one in procedures() for sign in one.absent]
    assert waiting
    assert {kind for _, kind, _ in waiting} <= {*here, "path"}, "a path is asked by tests/cli"
    assert not [f"{name}: {sign} is here" for name, kind, sign in waiting if sign in here.get(kind, set())]
    # The names are read as they would be found: what is here is seen to be here.
    assert {"send_jobs", "outbox_dispatch_lag_seconds", "pause", "delivery"} <= set().union(*here.values())
