"""The installation's own key while it is exchanged: old and new are both accepted, for a day at most."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from frontdesk.kernel.secrets import SECRET_BYTES, read_secret_file

SECRET_KEY = "secret_key"  # noqa: S105 - a file's name
PREVIOUS = "_previous"
BOTH_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was read, and the mark by which a change of it is noticed."""

    mark: tuple[int, int, int]
    value: str
    written_at: float


class _Secrets(Protocol):
    """The settings that hold the key."""

    @property
    def secret_key(self) -> SecretStr: ...

    @property
    def secret_key_previous(self) -> SecretStr | None: ...


def keys_of(security: _Secrets, *, folder: Path | None) -> SigningKeys:
    """Give the key of the settings, with the one before it; `folder` is where a generated key stands."""
    previous = security.secret_key_previous
    return SigningKeys(
        security.secret_key.get_secret_value(),
        previous="" if previous is None else previous.get_secret_value(),
        folder=folder,
    )


class SigningKeys:
    """The key that signs and seals now, and the one before it.

    A key that was set stays as it is until the process ends. A generated one stands in `folder` and is looked up at
    every use, so that all processes of this machine change over in the same moment.
    """

    def __init__(self, key: str, *, previous: str = "", folder: Path | None = None) -> None:
        self._key = key
        self._previous = previous
        self._folder = folder
        self._seen: dict[str, _Seen] = {}

    def current(self) -> str:
        """Return the key that signs."""
        found = self._look(SECRET_KEY)
        return self._key if found is None else found.value

    def accepted(self) -> tuple[str, ...]:
        """List the keys whose signatures are accepted: the current one, and for 24 h the one before it."""
        # The earlier one first: whoever exchanges them in between has then been seen in both places, not in none.
        before = self._look(SECRET_KEY + PREVIOUS)
        young = before is not None and time.time() - before.written_at < BOTH_FOR.total_seconds()
        earlier = before.value if before is not None and young else self._previous
        return tuple(dict.fromkeys(filter(None, (self.current(), earlier))))

    def openers(self) -> tuple[str, ...]:
        """List the keys that may open what we have sealed ourselves: both, however old."""
        before = self._look(SECRET_KEY + PREVIOUS)
        earlier = self._previous if before is None else before.value
        return tuple(dict.fromkeys(filter(None, (self.current(), earlier))))

    def _look(self, name: str) -> _Seen | None:
        if self._folder is None:
            return None
        path = self._folder / name
        try:
            stat = path.stat()
            mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            known = self._seen.get(name)
            if known is None or known.mark != mark:
                known = self._seen[name] = _Seen(mark, read_secret_file(path), stat.st_mtime)
        except FileNotFoundError:
            return None
        return known


def exchange_key(home: Path) -> None:
    """Put a new generated key in the place of the current one, which is kept beside it; at no moment there is none.

    `ValueError` while an exchange is under way: its old key may still be needed.
    """
    folder = home / "secrets"
    if (folder / (SECRET_KEY + PREVIOUS)).exists():
        raise ValueError("an exchange is under way")
    _put(folder / (SECRET_KEY + PREVIOUS), read_secret_file(folder / SECRET_KEY))
    _put(folder / SECRET_KEY, secrets.token_urlsafe(SECRET_BYTES))


def forget_previous(home: Path) -> bool:
    """Delete the key that was kept beside the current one; False where there is none."""
    path = home / "secrets" / (SECRET_KEY + PREVIOUS)
    if not path.exists():
        return False
    path.unlink()
    _sync(path.parent)
    return True


def exchanged_at(home: Path) -> datetime | None:
    """Tell since when an earlier generated key is kept; None while there is none."""
    try:
        return datetime.fromtimestamp((home / "secrets" / (SECRET_KEY + PREVIOUS)).stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def _put(path: Path, value: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def accepting(keys: SigningKeys | str) -> Sequence[str]:
    """List the keys that open what is sealed; a bare key is one."""
    return (keys,) if isinstance(keys, str) else keys.openers()
