"""Taking a backup: streamed from PostgreSQL through the cipher onto the shelf, then read back and compared."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from frontdesk.kernel.postgres.programs import output_of, run_program
from frontdesk.operations.backups.model import Backup, BackupKind
from frontdesk.operations.backups.sealing import FRAME_BYTES, SealedReader, check_sealed, damaged, key_id, seal
from frontdesk.operations.backups.shelf import ACCESS, CONTENT, DUMPS, Shelf

MANIFEST = "backup_manifest"
SEGMENT_BYTES = 16 * 1024 * 1024
BASE = (
    "--pgdata=-",
    "--format=tar",
    "--wal-method=fetch",  # so that it leads to its own end without any archive
    "--checkpoint=fast",
    "--manifest-checksums=SHA256",
    "--no-password",
)
DUMP = ("--format=custom", "--compress=gzip:1", "--no-owner", "--no-password")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What PostgreSQL says that a base backup consists of: SHA-256 per file, and where its log begins."""

    checksums: dict[str, str]
    first_wal: str
    cluster: str


def take_base(shelf: Shelf, *, url: str, cluster: str, server_version: int, password: str) -> Backup:
    """Take a base backup of the embedded server at `url`, seal it and prove what stands on the disk; blocks.

    Refuses `backups.damaged` when what is read back is not what PostgreSQL's manifest says; PostgresFailed when
    PostgreSQL cannot give it. `password` is the database's own, kept sealed beside it.
    """
    place, started_at = shelf.cluster(cluster), datetime.now(UTC)
    place.make()
    name = _name(BackupKind.BASE, started_at)
    unfinished = place.begin(name)
    target = unfinished / CONTENT[BackupKind.BASE]
    with output_of("pg_basebackup", (*BASE, f"--label={name}"), url=url) as chunks:
        counted = _Counted(chunks)
        size = seal(counted, target, key=shelf.key)
    seal(iter([password.encode()]), unfinished / ACCESS, key=shelf.key)
    manifest = check_base(target, key=shelf.key)
    if manifest.cluster != cluster:
        raise damaged(target, f"it is of the cluster {manifest.cluster}, not {cluster}")
    backup = Backup(
        name=name,
        kind=BackupKind.BASE,
        cluster=cluster,
        server_version=server_version,
        first_wal=manifest.first_wal,
        started_at=started_at,
        finished_at=datetime.now(UTC),
        size_bytes=size,
        content_bytes=counted.size,
        key_id=key_id(shelf.key),
    )
    place.finish(unfinished, backup)
    return backup


def take_dump(shelf: Shelf, *, url: str, cluster: str, server_version: int, row_security: bool) -> Backup:
    """Take a logical dump of the database at `url`, as of its beginning, sealed; read back before it counts; blocks.

    `row_security`: the login does not bypass row-level security but has a policy that shows it every row.
    """
    place, started_at = shelf.cluster(DUMPS), datetime.now(UTC)
    place.make()
    name = _name(BackupKind.DUMP, started_at)
    unfinished = place.begin(name)
    target = unfinished / CONTENT[BackupKind.DUMP]
    options = (*DUMP, *(("--enable-row-security",) if row_security else ()))
    with output_of("pg_dump", options, url=url) as chunks:
        counted = _Counted(chunks)
        size = seal(counted, target, key=shelf.key)
    run_program("pg_restore", "--list", given=_whole(target, shelf.key))
    check_sealed(target, key=shelf.key)
    backup = Backup(
        name=name,
        kind=BackupKind.DUMP,
        cluster=cluster,
        server_version=server_version,
        first_wal="",
        started_at=started_at,
        finished_at=datetime.now(UTC),
        size_bytes=size,
        content_bytes=counted.size,
        key_id=key_id(shelf.key),
    )
    place.finish(unfinished, backup)
    return backup


def check_base(path: Path, *, key: str) -> Manifest:
    """Read a sealed base backup and hold every file in it against PostgreSQL's manifest, which is its last; blocks.

    Refuses `backups.damaged`, naming the file, for anything that differs, is missing or is too much.
    """
    found: dict[str, str] = {}
    document = b""
    with opened_tar(path, key=key) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            content = tar.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            if name == MANIFEST:
                document = content.read()
            else:
                found[name] = _digest(content)
    manifest = read_manifest(document, path)
    for name, digest in manifest.checksums.items():
        if found.get(name) != digest:
            raise damaged(path, f"{name} in it is {'missing' if name not in found else 'not what it was'}")
    return manifest


def read_manifest(document: bytes, path: Path) -> Manifest:
    """Read PostgreSQL's manifest of a base backup; refuses one that cannot be read (`backups.damaged`)."""
    try:
        fields = json.loads(document)
        files = {one["Path"]: one["Checksum"] for one in fields["Files"]}
        log = fields["WAL-Ranges"][0]
        timeline, high, low = int(log["Timeline"]), *(int(part, 16) for part in log["Start-LSN"].split("/"))
        first = f"{timeline:08X}{high:08X}{low // SEGMENT_BYTES:08X}"
        return Manifest(files, first, str(fields["System-Identifier"]))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise damaged(path, f"its manifest cannot be read ({type(error).__name__})") from error


@contextmanager
def opened_tar(path: Path, *, key: str) -> Iterator[tarfile.TarFile]:
    """Lend a sealed archive for reading from its beginning to its end; refuses what is cut off or changed."""
    with io.BufferedReader(SealedReader(path, key=key), FRAME_BYTES) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|", bufsize=FRAME_BYTES) as tar:
                yield tar
        except tarfile.TarError as error:
            raise damaged(path, f"what is in it is no archive ({error})") from error
        while stream.read(FRAME_BYTES):
            continue


class _Counted:
    """Chunks that are counted on their way."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(FRAME_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _whole(path: Path, key: str) -> Iterator[bytes]:
    with io.BufferedReader(SealedReader(path, key=key), FRAME_BYTES) as stream:
        while chunk := stream.read(FRAME_BYTES):
            yield chunk


def _name(kind: BackupKind, at: datetime) -> str:
    return f"{kind.value}-{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
