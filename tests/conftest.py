"""What every test may ask for: a database of its own, a home folder, and no way out of this machine."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from tests.support.database import SERVER_ADDRESS, clone_of, migrated_template, server_for_the_run
from tests.support.network import close_the_outside

RUN = pytest.StashKey[ExitStack]()
EVERYTHING_AFTER = 50  # tests
_finished: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Shut the outside; start the run's server in the first program, whose environment the others inherit."""
    close_the_outside()
    config.stash[RUN] = stack = ExitStack()
    if "PYTEST_XDIST_WORKER" not in os.environ and not config.option.collectonly:
        stack.enter_context(server_for_the_run())


def pytest_collection_finish() -> None:
    """Collect garbage between tests alone: a quarter of their time went into looking through what was imported."""
    gc.collect()
    gc.freeze()
    gc.disable()


def pytest_runtest_logfinish(nodeid: str) -> None:
    """Collect what a test left behind; what outlived it is looked through again only now and then."""
    _finished.append(nodeid)
    gc.collect(2 if len(_finished) % EVERYTHING_AFTER == 0 else 0)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's server."""
    config.stash[RUN].close()


@pytest.fixture(scope="session")
def database_server() -> str:
    """Give the address of the run's server, as a superuser."""
    return os.environ[SERVER_ADDRESS]


@pytest.fixture(scope="session")
def database_template(database_server: str) -> str:
    """Name the migrated database that tests are cloned from."""
    return asyncio.run(migrated_template(database_server))


@pytest.fixture
async def database_url(database_server: str, database_template: str) -> AsyncIterator[str]:
    """Lend a migrated database to this test alone."""
    async with clone_of(database_server, database_template) as address:
        yield address


@pytest.fixture
async def empty_database_url(database_server: str) -> AsyncIterator[str]:
    """Lend an empty database to this test alone."""
    async with clone_of(database_server) as address:
        yield address


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Give back how lines are logged: a command that a test runs here sets it for the whole process."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def home() -> Iterator[Path]:
    """Lend a home folder with a path short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="fd-")).resolve()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
