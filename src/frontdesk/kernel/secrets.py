"""Secrets that live in files: read where an operator put them, generated where nobody chose one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
MAX_SECRET_FILE_BYTES = 64 * 1024


def read_secret_file(path: Path) -> str:
    """Read one secret from `path` without its trailing line break.

    Refuses with `ValueError` a file that is empty, larger than 64 KiB or not UTF-8; `OSError` passes.
    """
    with path.open("rb") as file:
        raw = file.read(MAX_SECRET_FILE_BYTES + 1)
    if len(raw) > MAX_SECRET_FILE_BYTES:
        raise ValueError("the file is larger than 64 KiB")
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None
    if not text:
        raise ValueError("the file is empty")
    return text


def ensure_secret(home: Path, name: str) -> str:
    """Return the secret `name` of this installation; generate 256 random bits on the first call.

    It stands in `home/secrets/name`, folder mode 0700 and file mode 0600. Processes that start at the same moment
    agree on one value, because the file appears under its name only once it is whole.
    """
    folder = home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        _publish(path, secrets.token_urlsafe(SECRET_BYTES))
    return read_secret_file(path)


def _publish(path: Path, value: str) -> None:
    """Write `value` beside `path`, flush it to disk and link it into place; an existing file wins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink()
