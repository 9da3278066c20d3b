"""Two versions beside each other are seen, and a schema that is not whole."""

from __future__ import annotations

import asyncpg
import pytest

from frontdesk import __version__
from frontdesk.kernel.db import Database
from frontdesk.kernel.liveness import Presence
from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.checking.looking import look
from frontdesk.operations.checking.registry import get_check
from frontdesk.operations.drills import queries as drills
from frontdesk.operations.releases import queries

ONE, WHOLE = get_check("releases.one_version_runs"), get_check("releases.schema_is_whole")


async def test_an_old_process_beside_new_ones_is_seen_until_it_ends(system: Database, database_url: str) -> None:
    presence = Presence(database_url, kind="worker", system=system)
    await presence.start()
    try:
        assert (await look(system, ONE)).severity is Severity.OK
        async with system.transaction() as tx:
            assert await queries.list_versions(tx) == {__version__: 1}
        old = await drills.add_old_process(database_url)
        found = await look(system, ONE)
        assert found.severity is Severity.WARNING
        assert "1 of 0.0.0" in found.words
        await old.end()
        assert (await look(system, ONE)).severity is Severity.OK
    finally:
        await presence.stop()


async def test_what_a_broken_migration_leaves_is_named(system: Database, database_url: str) -> None:
    assert (await look(system, WHOLE)).severity is Severity.OK
    await drills.add_half_made_index(database_url)
    found = await look(system, WHOLE)
    assert found.severity is Severity.CRITICAL
    assert "drill_half_made" in found.words
    await drills.drop_half_made_index(database_url)
    assert (await look(system, WHOLE)).severity is Severity.OK


@pytest.mark.parametrize(("revision", "severity"), [("0001", Severity.CRITICAL), ("9999", Severity.INFO)])
async def test_a_database_behind_the_program_is_wrong_and_one_ahead_is_not(
    system: Database, database_url: str, revision: str, severity: Severity
) -> None:
    owner = await asyncpg.connect(database_url)
    await owner.execute("update alembic_version set version_num = $1", revision)
    await owner.close()
    assert (await look(system, WHOLE)).severity is severity
