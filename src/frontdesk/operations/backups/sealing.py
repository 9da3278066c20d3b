"""Encrypting files on their way to the backups: in frames, so that size does not matter, and nothing is cut unseen.

A file is a header (what it is, which key, a salt) and frames of up to 1 MiB, each sealed with AES-256-GCM under a key
of this file alone. The number of a frame and whether it is the last are part of its nonce: a frame that was changed,
moved, left out or cut off is refused, and so is a file without its end.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from frontdesk.kernel.errors import Refused

MAGIC = b"frontdesk sealed 1\n"
FRAME_BYTES = 1024 * 1024
TAG_BYTES = 16
SALT_BYTES = 16
KEY_ID_BYTES = 8
LAST = 1 << 31
SUFFIX = ".sealed"
SYNC = getattr(os, "fdatasync", os.fsync)  # macOS has the latter only


def key_id(key: str) -> str:
    """Name a key without telling anything of it."""
    return _key_id(key).hex()


def seal(chunks: Iterable[bytes], target: Path, *, key: str) -> int:
    """Write `chunks` encrypted to `target`, whole and on the disk or not at all; returns the file's size in bytes.

    Each frame goes to the disk by itself: gathered for the end, they would hold up every commit of the database.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _write(chunks, file, key)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        draft.replace(target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return size


def unseal(path: Path, *, key: str) -> Iterator[bytes]:
    """Read a sealed file back, frame by frame; blocks while reading.

    Refuses, naming the file, another key (`backups.wrong_key`) and a file that is not exactly what was written
    (`backups.damaged`). What was yielded before a refusal is authentic and incomplete.
    """
    with path.open("rb") as file:
        header = file.read(len(MAGIC) + KEY_ID_BYTES + SALT_BYTES)
        if len(header) < len(MAGIC) + KEY_ID_BYTES + SALT_BYTES or not header.startswith(MAGIC):
            raise damaged(path, "it is not a sealed file, or its beginning is gone")
        if header[len(MAGIC) : len(MAGIC) + KEY_ID_BYTES] != _key_id(key):
            raise Refused(
                "backups.wrong_key",
                f"{path} was sealed with another key than this one: put back secrets/backup_key, or set BACKUP_KEY",
            )
        yield from _frames(file, path, _cipher(key, header[-SALT_BYTES:]), header)


def read_sealed(path: Path, *, key: str) -> bytes:
    """Read a small sealed file at once."""
    return b"".join(unseal(path, key=key))


def check_sealed(path: Path, *, key: str) -> None:
    """Read a sealed file to its end; refuses as `unseal` does."""
    for _ in unseal(path, key=key):
        continue


class SealedReader(io.RawIOBase):
    """A sealed file as a stream of what is in it."""

    def __init__(self, path: Path, *, key: str) -> None:
        self._frames = unseal(path, key=key)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` from the current frame; 0 at the end."""
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type] # typeshed has no name for buffers here
        while not self._left:
            try:
                self._left = memoryview(next(self._frames))
            except StopIteration:
                return 0
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def damaged(path: Path, wrong: str) -> Refused:
    """Say that a file of a backup cannot be used."""
    return Refused("backups.damaged", f"{path} cannot be used: {wrong}")


def sync_folder(folder: Path) -> None:
    """Bring a folder's own entries onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(chunks: Iterable[bytes], file: BinaryIO, key: str) -> None:
    salt = secrets.token_bytes(SALT_BYTES)
    header = MAGIC + _key_id(key) + salt
    cipher, number = _cipher(key, salt), 0
    file.write(header)
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) > FRAME_BYTES:
            _put(file, cipher, header, number, bytes(waiting[:FRAME_BYTES]), last=False)
            del waiting[:FRAME_BYTES]
            number += 1
    _put(file, cipher, header, number, bytes(waiting), last=True)


def _put(file: BinaryIO, cipher: AESGCM, header: bytes, number: int, plain: bytes, *, last: bool) -> None:
    sealed = cipher.encrypt(_nonce(number, last=last), plain, header)
    file.write((len(sealed) | (LAST if last else 0)).to_bytes(4, "big"))
    file.write(sealed)
    file.flush()
    SYNC(file.fileno())


def _frames(file: BinaryIO, path: Path, cipher: AESGCM, header: bytes) -> Iterator[bytes]:
    number, last = 0, False
    while not last:
        length = file.read(4)
        mark = int.from_bytes(length, "big")
        size, last = mark & ~LAST, bool(mark & LAST)
        sealed = file.read(size) if TAG_BYTES <= size <= FRAME_BYTES + TAG_BYTES else b""
        if len(length) < 4 or len(sealed) < size or not sealed:  # noqa: PLR2004 - the length's own length
            raise damaged(path, f"it is cut off or was changed, at frame {number}")
        try:
            yield cipher.decrypt(_nonce(number, last=last), sealed, header)
        except InvalidTag:
            raise damaged(path, f"it was changed, at frame {number}") from None
        number += 1
    if file.read(1):
        raise damaged(path, "something was added to its end")


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"frontdesk backup v1").derive(key.encode()))


def _key_id(key: str) -> bytes:
    return hashlib.sha256(b"frontdesk backup key id v1" + key.encode()).digest()[:KEY_ID_BYTES]
