"""A PostgreSQL of one's own: dumped, sealed, proven, loaded into an empty database, fenced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from frontdesk.cli.seeding import seed
from frontdesk.features import consent, tenants
from frontdesk.kernel import epoch
from frontdesk.kernel.db import Database
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.journal import Journal
from frontdesk.kernel.settings import Settings, load_settings
from frontdesk.operations.backups.keeping import find_backup, shelf_of, take
from frontdesk.operations.backups.model import Backup, BackupKind, BackupState
from frontdesk.operations.backups.queries import find_last_backup
from frontdesk.operations.backups.restoring import opened
from frontdesk.operations.backups.undumping import restore_into
from tests.operations.backups.embedded import HARBOR
from tests.support.actors import ADA_ACTS
from tests.support.office import CAROL

pytestmark = pytest.mark.timeout(180)


async def dumped(system: Database, database_url: str, home: Path) -> tuple[Settings, Backup]:
    """Found two businesses in a database of one's own and dump it."""
    await seed(system, home)
    async with system.transaction() as tx:
        await epoch.found(tx)
    settings = load_settings({"DATABASE_URL": database_url}, home)
    return settings, await take(system, settings, url=database_url)


async def test_a_dump_comes_back_into_an_empty_database_fenced_and_with_every_stop(
    system: Database, database_url: str, empty_database_url: str, home: Path
) -> None:
    settings, backup = await dumped(system, database_url, home)
    assert (backup.kind, await find_backup(shelf_of(settings))) == (BackupKind.DUMP, backup)
    assert b"Harbor" not in shelf_of(settings).cluster("dumps").content_of(backup).read_bytes()
    async with system.transaction() as tx:
        harbor = next(one for one in await tenants.list_tenants(tx) if one.slug == HARBOR.slug)
        row = await find_last_backup(tx, state=BackupState.FINISHED)
    assert row is not None
    assert row.name == backup.name
    journal = Journal(home / "journal")
    async with system.transaction(harbor.id) as tx:
        await consent.hear(
            tx, consent.understand("STOP"), phone_e164=CAROL, sender_e164=HARBOR.phone_e164, source="test",
            carrier_answers=True, journal=journal,
        )  # fmt: skip
    await journal.close()

    settled = await restore_into(shelf_of(settings), backup, url=empty_database_url, home=home, by=ADA_ACTS)
    assert settled.brought_back == 1
    async with opened(empty_database_url) as restored:
        async with restored.transaction() as tx:
            assert not await epoch.is_claimed(tx)
            assert {one.slug for one in await tenants.list_tenants(tx)} == {"harbor-plumbing", "mesa-dental"}
        async with restored.transaction(harbor.id) as tx:
            assert (await consent.check_person(tx, phone_e164=CAROL)).transactional == "consent.opted_out"
        async with restored.transaction() as tx:
            assert (await epoch.claim(tx, by=ADA_ACTS, reason="moved")).claimed

    with pytest.raises(Refused) as refused:
        await restore_into(shelf_of(settings), backup, url=database_url, home=home, by=ADA_ACTS)
    assert refused.value.code == "restore.not_empty"


async def test_a_damaged_dump_is_refused_and_leaves_an_empty_database_empty(
    system: Database, database_url: str, empty_database_url: str, home: Path
) -> None:
    settings, backup = await dumped(system, database_url, home)
    content = shelf_of(settings).cluster("dumps").content_of(backup)
    os.truncate(content, content.stat().st_size - 100)
    with pytest.raises(Refused) as refused:
        await restore_into(shelf_of(settings), backup, url=empty_database_url, home=home, by=ADA_ACTS)
    assert refused.value.code == "backups.damaged"
    assert str(content) in refused.value.message
    content.unlink()
    with pytest.raises(FileNotFoundError):
        await restore_into(shelf_of(settings), backup, url=empty_database_url, home=home, by=ADA_ACTS)


async def test_a_backup_that_fails_is_written_down(system: Database, database_url: str, home: Path) -> None:
    nowhere = load_settings({"DATABASE_URL": database_url, "BACKUP_FOLDER": str(home / "file" / "backups")}, home)
    (home / "file").mkdir()
    shelf_of(nowhere).make()
    (home / "file" / "backups" / "dumps").write_text("in the way", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        await take(system, nowhere, url=database_url)
    assert refused.value.code == "backups.failed"
    async with system.transaction() as tx:
        failed = await find_last_backup(tx, state=BackupState.FAILED)
    assert failed is not None
    assert "dumps" in failed.words
