"""The unprivileged account that runs PostgreSQL when we are root, because PostgreSQL refuses to be root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAME = "frontdesk-postgres"
LAST_RESORT = "nobody"
FOR_ALL = stat.S_IROTH | stat.S_IXOTH


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server's processes run as; `switch` says whether that is somebody other than ourselves."""

    uid: int
    gid: int
    switch: bool

    @property
    def user(self) -> int | None:
        """The user for a new process; None is ourselves."""
        return self.uid if self.switch else None

    @property
    def group(self) -> int | None:
        """The group for a new process; None is our own."""
        return self.gid if self.switch else None

    @property
    def groups(self) -> list[int] | None:
        """The further groups for a new process: none but our own."""
        return [] if self.switch else None


def server_account(data: Path, home: Path) -> Account:
    """Choose who runs the server: ourselves, unless we are root.

    As root: the owner of existing data, else the owner of the home folder, else the account `frontdesk-postgres`,
    which is created, else `nobody`.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    for place in (data, home):
        if place.exists() and place.stat().st_uid != 0:
            owner = place.stat()
            return Account(owner.st_uid, owner.st_gid, switch=True)
    entry = _system_account()
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def _system_account() -> pwd.struct_passwd:
    """Look our system account up, creating it if the machine lets us."""
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is not None:
        command = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", NAME]
        subprocess.run(command, check=False, capture_output=True, timeout=20)
    for name in (NAME, LAST_RESORT):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PermissionError("PostgreSQL cannot run as root and this machine has no account for it: run as a normal user")


def hand_over(path: Path, account: Account) -> None:
    """Give `path` to the account."""
    if account.switch:
        os.chown(path, account.uid, account.gid)


def open_way(path: Path, account: Account) -> list[Path]:
    """Let the account pass through every folder above `path`; return those that were shut.

    Only the right to pass is added: the folders' contents stay as readable or unreadable as they were.
    """
    opened = []
    for folder in path.resolve().parents if account.switch else ():
        found = folder.stat()
        if found.st_uid != account.uid and not found.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)
            opened.append(folder)
    return opened


def open_installation(installation: Path, account: Account) -> None:
    """Let the account read and run PostgreSQL's programs where a strict umask shut them."""
    if not account.switch or _is_open(installation / "bin" / "postgres"):
        return
    for path in _tree(installation):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | mode >> 6 & FOR_ALL)


def _is_open(program: Path) -> bool:
    """Tell whether everybody may run `program`."""
    return all(path.stat().st_mode & FOR_ALL == FOR_ALL for path in (program, program.parent))


def _tree(root: Path) -> Iterator[Path]:
    """List `root` and all below it, programs last: `_is_open` looks at one of them."""
    for folder in ("lib", "share", "bin"):
        yield root / folder
        yield from sorted(path for path in (root / folder).rglob("*") if not path.is_symlink())
