"""A real CalDAV server for a test run: Radicale in a process of its own, on a free port of this machine."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

LISTENING = re.compile(r"Listening on '?(?:127\.0\.0\.1|localhost):(\d+)")
CONFIG = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/people
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[logging]
level = info
"""


@dataclass(frozen=True, slots=True)
class Radicale:
    """A running server and its one person."""

    url: str
    username: str
    password: str
    folder: Path


@contextmanager
def running_radicale(folder: Path) -> Iterator[Radicale]:
    """Run a server that keeps its calendars in `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "people").write_text("ada:correct horse\n")
    (folder / "config").write_text(CONFIG.format(folder=folder, port=port))
    command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            assert any(LISTENING.search(line) for line in server.stderr), "Radicale did not start"
            Thread(target=server.stderr.read, daemon=True).start()  # so that its log never fills the pipe
            yield Radicale(f"http://127.0.0.1:{port}", "ada", "correct horse", folder)
        finally:
            server.terminate()
