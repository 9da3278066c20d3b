"""How a drill breaks the way back: backups that were forgotten, a database that was restored."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel import actor, epoch
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.upkeep import Sabotage
from frontdesk.operations.backups import queries
from frontdesk.operations.backups.model import BackupKind, BackupState

LONG_AGO = timedelta(days=3)
BY = actor.system("drill")


async def _forget_backups(tx: Transaction) -> None:
    await queries.forget_all_backups(tx)
    then = tx.now - LONG_AGO
    await queries.add_backup(
        tx, backup_id=new_id(), name="base-of-three-days-ago", kind=BackupKind.BASE, state=BackupState.FINISHED,
        size_bytes=0, words="", started_at=then, finished_at=then,
    )  # fmt: skip


async def _fence(tx: Transaction) -> None:
    await epoch.end_epoch(tx, because="restored for a drill", by=BY)


SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(name="backups.overdue", sentence="No backup was taken for three days", act=_forget_backups),
    Sabotage(name="backups.fenced", sentence="The database was restored, and nobody has claimed it", act=_fence),
)
