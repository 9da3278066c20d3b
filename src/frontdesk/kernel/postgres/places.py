"""Where an embedded PostgreSQL keeps its files under the home folder, and how it is addressed."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

USER = "frontdesk"
DATABASE = "frontdesk"
MAX_SOCKET_PATH = 100  # the kernel's limit is 107 bytes on Linux, 103 on macOS
TEMPORARY = Path("/tmp")  # noqa: S108 - `make` refuses a folder there that is not ours
FIRST_PORT, PORTS = 20_000, 12_000  # below the range from which kernels pick ports for outgoing connections


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one embedded server; `home` is absolute and resolved."""

    home: Path

    @property
    def folder(self) -> Path:
        """The folder for everything but the log."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folder / "data"

    @property
    def unfinished(self) -> Path:
        """Where a data directory is made; renamed to `data` once complete."""
        return self.folder / "data.unfinished"

    @property
    def owner_lock(self) -> Path:
        """Locked by the one program that runs the server."""
        return self.folder / "owner.lock"

    @property
    def password_file(self) -> Path:
        """The generated password, readable by its owner alone."""
        return self.folder / "password"

    @property
    def port_file(self) -> Path:
        """The port chosen at first start."""
        return self.folder / "port"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "log" / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """Where the server's socket lies: in our folder, or in the temporary one if that path is too long."""
        inside = self.folder / "socket"
        longest = len(os.fsencode(inside)) + len("/.s.PGSQL.65535.lock")
        if longest <= MAX_SOCKET_PATH:
            return inside
        return TEMPORARY / f"frontdesk-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]}"

    def make(self, *, server_uid: int) -> None:
        """Create the folders; a socket folder that belongs to neither us nor `server_uid` is refused."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.socket_folder.mkdir(mode=0o755, exist_ok=True)
        found = self.socket_folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), server_uid}:
            raise PermissionError(f"{self.socket_folder} belongs to somebody else: remove it or choose another --home")

    def password(self) -> str:
        """Read the password, generating it (256 bits, mode 0600) the first time."""
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            new = secrets.token_urlsafe(32)
            descriptor = os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(new)
            return new

    def port(self) -> int:
        """Read the remembered port; LookupError before the first start."""
        try:
            return int(self.port_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            raise LookupError(f"{self.port_file} names no port yet") from None

    def choose_port(self) -> int:
        """Remember a free loopback port: the one used last time, else the first free one from a home-specific start."""
        try:
            remembered = self.port()
            if port_is_free(remembered):
                return remembered
        except LookupError:
            pass
        start = int.from_bytes(hashlib.sha256(os.fsencode(self.home)).digest()[:4], "big")
        for step in range(PORTS):
            port = FIRST_PORT + (start + step) % PORTS
            if port_is_free(port):
                self.port_file.write_text(f"{port}\n", encoding="utf-8")
                return port
        raise OSError("no free port on the loopback address")

    def cluster_name(self) -> str:
        """Name the data directory by where it lies: a copy of it, or one restored in its place, has another name."""
        mark = f"{self.data}\n{self.data.stat().st_ino}"
        return f"frontdesk-{hashlib.sha256(os.fsencode(mark)).hexdigest()[:16]}"

    def is_address_of(self, url: str) -> bool:
        """Tell whether `url` is that of this server."""
        try:
            port = self.port()
        except LookupError:
            return False
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query))
        host, given = asked.get("host") or parts.hostname, asked.get("port") or parts.port
        return host in {str(self.socket_folder), "127.0.0.1"} and str(given) == str(port)

    def socket_dsn(self, database: str = DATABASE) -> str:
        """Address the server through its socket: the faster way for programs on this machine."""
        host = quote(str(self.socket_folder), safe="")
        return f"postgresql://{USER}:{self.password()}@/{database}?host={host}&port={self.port()}"

    def tcp_dsn(self, database: str = DATABASE) -> str:
        """Address the server through the loopback interface: for programs that know only hosts and ports."""
        return f"postgresql://{USER}:{self.password()}@127.0.0.1:{self.port()}/{database}"


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on the loopback `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
