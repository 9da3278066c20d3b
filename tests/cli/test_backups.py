"""Backups, the fence and restores as a person types them."""

from __future__ import annotations

import pytest

from frontdesk.kernel import epoch
from frontdesk.operations.backups.restoring import opened
from tests.cli.conftest import Terminal
from tests.support.actors import ADA_ACTS

pytestmark = pytest.mark.timeout(180)


async def fence(terminal: Terminal) -> None:
    async with opened(terminal.database_url) as system, system.transaction() as tx:
        await epoch.end_epoch(tx, because="restored from a backup", by=ADA_ACTS)


async def test_a_fenced_database_is_shown_claimed_and_shown_again(terminal: Terminal) -> None:
    assert (await terminal.type("epoch", "show", "--json")).at("claimed") is True
    await fence(terminal)
    shown = await terminal.type("epoch", "show")
    assert shown.code == 1
    assert "restored from a backup" in shown.out
    health = await terminal.type("health", "--json")
    assert health.code == 1
    assert "nothing is sent: restored from a backup" in health.out
    assert (await terminal.type("epoch", "claim")).code == 2
    claimed = await terminal.type("epoch", "claim", "--reason", "looked, all there", "--json")
    assert (claimed.code, claimed.at("claimed"), claimed.at("epoch", "reason")) == (0, True, "looked, all there")
    again = await terminal.type("epoch", "claim", "--reason", "twice", "--json")
    assert (again.code, again.at("error", "code")) == (1, "epoch.claimed")
    assert (await terminal.type("epoch", "show")).code == 0


async def test_a_backup_of_ones_own_database_is_taken_listed_and_proven(terminal: Terminal) -> None:
    nothing = await terminal.type("backup", "verify", "--json")
    assert (nothing.code, nothing.at("error", "code")) == (1, "backups.unknown")
    taken = await terminal.type("backup", "now", "--json")
    assert (taken.code, taken.at("kind")) == (0, "dump")
    [listed] = (await terminal.type("backup", "list", "--json")).each("backups")
    assert listed == taken.document
    assert str(taken.at("name")) in (await terminal.type("backup", "list")).out
    proven = await terminal.type("backup", "verify", "--json")
    assert (proven.code, proven.at("proof", "passed"), proven.at("proof", "chains")) == (0, True, 3)
    rows = proven.at("proof", "rows")
    assert isinstance(rows, dict)
    assert rows["tenants"] == 2


async def test_a_restore_says_what_to_do_with_a_database_that_is_not_ours(terminal: Terminal) -> None:
    refused = await terminal.type("restore", "--to", "latest", "--json")
    assert (refused.code, refused.at("error", "code")) == (1, "restore.not_ours")
    assert "--into" in str(refused.at("error", "message"))
    assert (await terminal.type("restore", "--to", "yesterday")).code == 2
    assert (await terminal.type("restore")).code == 2
