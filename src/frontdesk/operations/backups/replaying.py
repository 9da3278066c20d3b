"""Making a server out of a backup: unpacked beside the real one, checked, and replayed to a moment."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.postgres import EmbeddedPostgres, Places, PostgresFailed
from frontdesk.kernel.postgres.account import Account, server_account
from frontdesk.kernel.postgres.programs import run_program
from frontdesk.operations.backups.model import Backup
from frontdesk.operations.backups.sealing import FRAME_BYTES, damaged, read_sealed
from frontdesk.operations.backups.shelf import Shelf
from frontdesk.operations.backups.taking import opened_tar

REPLAY_PATIENCE_S = 4 * 3600.0
NOT_REACHED = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A server made of a backup, which runs; it is promoted, so it has a timeline of its own."""

    server: EmbeddedPostgres
    log_bytes: int


@asynccontextmanager
async def replayed(
    shelf: Shelf, backup: Backup, *, scratch: Path, live: Places, to: datetime | None, durable: bool
) -> AsyncIterator[Replayed]:
    """Lend a server restored from a base backup in the new folder `scratch`, as it was at `to` (None: at the end).

    `durable` is False for one that is thrown away. Refuses a damaged backup or log (`backups.damaged`), a key that does
    not fit (`backups.wrong_key`), and a moment that the log does not reach (`backups.moment_not_reached`). The server
    is stopped on the way out; its files stay.
    """
    places, place = Places(scratch), shelf.cluster(backup.cluster)
    account = server_account(live.data, live.home)
    log_bytes = await asyncio.to_thread(_prepare, shelf, backup, places, account, to)
    settings = {
        "restore_command": f"cp {shlex.quote(str(places.home / 'wal')).replace('%', '%%')}/%f %p",
        "recovery_target_timeline": "latest",
        "hot_standby": "off",
        "listen_addresses": "",
        **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
    }
    target = {} if to is None else {"recovery_target_time": to.isoformat(), "recovery_target_action": "promote"}
    server = EmbeddedPostgres(places.home, settings={**settings, **target}, patience=REPLAY_PATIENCE_S)
    try:
        try:
            await server.start()
        except PostgresFailed as failure:
            if to is None or NOT_REACHED not in _said(places):
                raise damaged(place.folder / backup.name, f"PostgreSQL does not start from it: {failure}") from failure
            wrong = (await asyncio.to_thread(place.lay_out_log, places.home / "wal", start=backup.first_wal)).wrong
            if wrong:
                raise Refused(
                    "backups.moment_not_reached", f"{to:%Y-%m-%d %H:%M:%S %Z} is not reached: {wrong}"
                ) from failure
            # Nothing was committed between the end of the log and that moment.
            server = EmbeddedPostgres(places.home, settings=settings, patience=REPLAY_PATIENCE_S)
            await asyncio.to_thread(_give_all, places.home, account)
            await server.start()
        yield Replayed(server, log_bytes)
    finally:
        await server.stop()


def _prepare(shelf: Shelf, backup: Backup, places: Places, account: Account, to: datetime | None) -> int:
    """Unpack, check and lay out everything that the server needs; returns the bytes of log to replay."""
    place = shelf.cluster(backup.cluster)
    places.data.mkdir(mode=0o700, parents=True)
    unpack(place.content_of(backup), places.data, key=shelf.key)
    try:
        run_program("pg_verifybackup", "--quiet", str(places.data))
    except PostgresFailed as failure:
        raise damaged(place.content_of(backup), str(failure)) from failure
    log = place.lay_out_log(places.home / "wal", start=backup.first_wal)
    if log.wrong and to is None:
        raise Refused(
            "backups.damaged",
            f"{log.wrong}. What comes after it cannot be restored; a moment before it can: `restore --to TIME`",
        )
    (places.data / "recovery.signal").touch(mode=0o600)
    places.password_file.touch(mode=0o600)
    places.password_file.write_bytes(read_sealed(place.access_of(backup), key=shelf.key))
    os.sync()
    _give_all(places.home, account)
    return log.size_bytes


def unpack(path: Path, target: Path, *, key: str) -> None:
    """Unpack a sealed base backup into the folder `target`; blocks. Refuses what no base backup holds."""
    with opened_tar(path, key=key) as tar:
        for member in tar:
            inside = target / member.name.removeprefix("./")
            if not inside.resolve().is_relative_to(target.resolve()) or not (member.isfile() or member.isdir()):
                raise damaged(path, f"{member.name} in it has no place in a data directory")
            if member.isdir():
                inside.mkdir(mode=0o700, parents=True, exist_ok=True)
            else:
                inside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(tar, member, inside)
    target.chmod(0o700)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = tar.extractfile(member)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if content is not None:
            shutil.copyfileobj(content, file, FRAME_BYTES)


def _give_all(home: Path, account: Account) -> None:
    """Give a scratch folder and all in it to whoever runs the server."""
    if account.switch:
        for folder, _, files in os.walk(home):
            os.chown(folder, account.uid, account.gid)
            for name in files:
                os.chown(Path(folder) / name, account.uid, account.gid)


def _said(places: Places) -> str:
    try:
        return places.log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
