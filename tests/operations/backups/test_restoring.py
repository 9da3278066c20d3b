"""Everything is lost and comes back: every acknowledged commit, at any moment, fenced, and nobody un-stopped."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from frontdesk.cli.auditing import open_book
from frontdesk.features import consent
from frontdesk.kernel import epoch
from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import Workflows
from frontdesk.operations.backups.jobs import add_backup_workflows
from frontdesk.operations.backups.keeping import find_backup, require_data
from frontdesk.operations.backups.proving import prove
from frontdesk.operations.backups.queries import list_drills
from frontdesk.operations.backups.restoring import Restored, restore_embedded
from frontdesk.operations.backups.shelf import Shelf
from tests.operations.backups.embedded import HARBOR, Embedded, embedded, start_embedded
from tests.support.actors import ADA_ACTS
from tests.support.office import CAROL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DAVE = "+12065550124"
ERIN = "+12065550125"
FRANK = "+12065550126"
GRACE = "+12065550127"
MAKE = "create table kept (writer int, number int, primary key (writer, number))"
KEEP = "insert into kept values ($1, $2)"
WRITERS = 4
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


async def write(url: str, writer: int, acknowledged: set[tuple[int, int]]) -> None:
    """Commit row after row until the server is gone, noting what it has acknowledged."""
    try:
        connection = await asyncpg.connect(url)
        for number in range(1_000_000):
            await connection.execute(KEEP, writer, number)
            acknowledged.add((writer, number))
    except AWAY:
        return


async def restore(home: Path, shelf: Shelf, **how: object) -> Restored:
    to = how.get("to")
    keep = how.get("keep_queued", False)
    return await restore_embedded(
        shelf,
        home=home,
        to=to,  # type: ignore[arg-type] # a moment or None, as every caller gives it
        keep_queued=bool(keep),
        by=ADA_ACTS,
    )


def left_over(home: Path) -> list[Path]:
    """List the scratch folders of restores and drills."""
    return [*home.glob("restore-*"), *home.glob("drill-*")]


def has_data(folder: Path) -> bool:
    return (folder / "PG_VERSION").exists()


async def found_rows(office: Embedded) -> set[tuple[int, int]]:
    connection = await asyncpg.connect(office.url)
    try:
        return {(row["writer"], row["number"]) for row in await connection.fetch("select writer, number from kept")}
    finally:
        await connection.close()


async def test_no_acknowledged_commit_is_lost_when_the_server_and_its_data_are(
    home: Path, record_property: Callable[[str, object], None]
) -> None:
    office = await start_embedded(home, copied=True)
    await office.synchronous()
    await office.ask(MAKE)
    await office.back_up()
    acknowledged: set[tuple[int, int]] = set()
    writers = [asyncio.create_task(write(office.url, number, acknowledged)) for number in range(WRITERS)]
    while len(acknowledged) < 1_000:
        await asyncio.sleep(0.02)
    await office.lose_everything()
    await asyncio.gather(*writers)
    with pytest.raises(Refused) as refused:
        require_data(office.settings)
    assert refused.value.code == "up.data_missing"

    restored = await restore(home, office.shelf)
    async with embedded(home) as again:
        rows = await found_rows(again)
        lost = acknowledged - rows
        assert lost == set()
        assert (await again.ask_for_text(phone_e164=CAROL)).code == "delivery.epoch_unclaimed"
        async with again.system.transaction() as tx:
            [*_, last] = await list_entries(tx, tenant_id=None)
        assert last.action == "backups.restored"
    assert left_over(home) == []
    record_property("acknowledged", len(acknowledged))
    record_property("restored_in_seconds", round(restored.seconds, 2))
    print(f"\n{len(acknowledged)} commits acknowledged, {len(lost)} lost, restored in {restored.seconds:.2f} s")  # noqa: T201 - the figure is what a reader wants


async def test_a_moment_before_a_stop_leaves_the_person_suppressed_and_sending_fenced(home: Path) -> None:
    office = await start_embedded(home, copied=True)
    await office.synchronous()
    await office.back_up()
    waiting = await office.ask_for_text(phone_e164=DAVE, key="waiting")
    await office.says("STOP", phone_e164=ERIN)
    await office.ask("select pg_sleep(0.05)")
    before = await office.now()
    await office.ask("select pg_sleep(0.05)")
    await office.says("STOP", phone_e164=CAROL)
    await office.says("START", phone_e164=ERIN)
    with pytest.raises(Refused) as refused:
        await restore(home, office.shelf, to=before)
    assert refused.value.code == "restore.running"
    await office.close()

    restored = await restore(home, office.shelf, to=before)
    assert restored.reached_at is not None
    assert restored.reached_at <= before
    assert (restored.brought_back, restored.dropped, restored.journal_damage) == (1, 1, ())
    assert has_data(Path(restored.kept_aside))
    async with embedded(home) as again:
        async with again.system.transaction(again.tenant_id) as tx:
            carol = await consent.check_person(tx, phone_e164=CAROL)
            # Erin's START is younger than the moment: she has to say it again, which errs on the lawful side.
            erin = await consent.check_person(tx, phone_e164=ERIN)
        assert (carol.transactional, erin.transactional) == ("consent.opted_out", "consent.opted_out")
        assert [one.sender_e164 for one in carol.senders] == [HARBOR.phone_e164]
        ledger = "select event_type from compliance_events where phone_e164 = $1"
        assert await again.ask(ledger, CAROL) == "stop"
        assert (
            await again.ask("select failure_code from send_jobs where id = $1", waiting.job_id) == "delivery.restored"
        )
        assert (await again.ask_for_text(phone_e164=FRANK)).code == "delivery.epoch_unclaimed"
        assert (await again.ask_for_text(phone_e164=CAROL)).code == "consent.opted_out"
        async with again.system.transaction() as tx:
            await epoch.claim(tx, by=ADA_ACTS, reason="looked: all there")
        assert (await again.ask_for_text(phone_e164=GRACE)).code == "ok"
        assert (await again.ask_for_text(phone_e164=CAROL, key="after the claim")).code == "consent.opted_out"


async def test_a_restored_server_can_be_lost_and_restored_again(home: Path) -> None:
    office = await start_embedded(home, copied=True)
    await office.synchronous()
    await office.ask(MAKE)
    await office.back_up()
    await office.ask(KEEP, 1, 1)
    await office.lose_everything()
    await restore(home, office.shelf)
    second = await start_embedded(home, copied=True)
    await second.synchronous()
    await second.ask(KEEP, 2, 2)
    await second.lose_everything()
    await restore(home, office.shelf)  # from the first timeline's backup, through the second
    async with embedded(home) as third:
        assert await found_rows(third) == {(1, 1), (2, 2)}
        assert str(await third.ask("select left(pg_walfile_name(pg_current_wal_lsn()), 8)")) == "00000003"


async def test_damage_is_refused_by_name_and_nothing_is_changed(home: Path) -> None:
    office = await start_embedded(home, copied=True)
    await office.synchronous()
    await office.ask(MAKE)
    backup = await office.back_up()
    await office.ask(KEEP, 1, 1)
    await office.ask("select pg_switch_wal()")
    await office.ask(KEEP, 1, 2)
    await office.close()
    place = office.shelf.cluster(backup.cluster)
    content = place.content_of(backup)
    whole = content.read_bytes()
    [piece, *_] = sorted(place.archive.glob(f"{backup.first_wal}*"))

    async def refusal() -> Refused:
        with pytest.raises(Refused) as refused:
            await restore(home, office.shelf)
        assert has_data(home / "postgres" / "data")
        assert left_over(home) == []
        return refused.value

    os.truncate(content, len(whole) - 1000)
    found = await refusal()
    assert found.code == "backups.damaged"
    assert str(content) in found.message
    place_of_flip = random.Random(3).randrange(len(whole))
    content.write_bytes(whole[:place_of_flip] + bytes([whole[place_of_flip] ^ 1]) + whole[place_of_flip + 1 :])
    assert str(content) in (await refusal()).message
    content.write_bytes(whole)
    log_piece = piece.read_bytes()
    os.truncate(piece, len(log_piece) // 2)
    assert str(piece) in (await refusal()).message
    piece.unlink()
    assert piece.name[:24] in (await refusal()).message
    piece.write_bytes(log_piece)
    with pytest.raises(Refused) as refused:
        await restore_embedded(Shelf(office.shelf.folder, "somebody else's key"), home=home, to=None, by=ADA_ACTS)
    assert refused.value.code == "backups.wrong_key"
    with pytest.raises(Refused) as refused:
        await restore(home, office.shelf, to=backup.finished_at - timedelta(minutes=5))
    assert refused.value.code == "restore.no_backup"
    await restore(home, office.shelf)
    async with embedded(home) as again:
        assert await found_rows(again) == {(1, 1), (1, 2)}


async def test_a_drill_proves_a_backup_and_keeps_what_it_showed(home: Path) -> None:
    async with embedded(home, copied=True) as office:
        await office.synchronous()
        await office.says("STOP", phone_e164=CAROL)
        await office.back_up()
        book = open_book(home)
        async with office.system.transaction() as tx:
            await book.note_heads(tx)
        backup = await find_backup(office.shelf)
        proof = await prove(office.system, office.shelf, backup, home=home, book=book, by=ADA_ACTS)
        assert (proof.passed, proof.recovery_point_ms, proof.chains) == (True, 0, 3), proof.words
        assert proof.rows["do_not_contact"] == 1
        content = office.shelf.cluster(backup.cluster).content_of(backup)
        os.truncate(content, content.stat().st_size // 2)
        failed = await prove(office.system, office.shelf, backup, home=home, book=book, by=ADA_ACTS)
        assert not failed.passed
        assert str(content) in failed.words
        async with office.system.transaction() as tx:
            assert [drill.state for drill in await list_drills(tx)] == ["failed", "passed"]
        assert left_over(home) == []
    workflows = Workflows()
    add_backup_workflows(workflows, home=home)
    assert {schedule.expression for schedule in workflows.schedules} == {"0 2 * * *", "30 4 * * 0"}
