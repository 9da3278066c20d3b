"""PostgreSQL's own programs, run from the wheel: the address without its password, which goes where nobody sees it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

from frontdesk.kernel.postgres.binaries import binary
from frontdesk.kernel.postgres.cluster import PostgresFailed, environment

SAID = 2_000  # of what a program said when it failed
CHUNK_BYTES = 1024 * 1024


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """Take the password out of an address; returns the address and the environment that has it instead."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, environment()
    login, _, host = parts.netloc.rpartition("@")
    address = urlunsplit(parts._replace(netloc=f"{login.partition(':')[0]}@{host}"))
    return address, {**environment(), "PGPASSWORD": unquote(parts.password)}


def run_program(
    name: str,
    *arguments: str,
    url: str = "",
    given: Iterator[bytes] | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it printed; blocks. `given` is fed to its standard input.

    PostgresFailed with its words when it fails.
    """
    address, env = without_password(url) if url else ("", environment())
    env.update(environ or {})
    command = [str(binary(name)), *arguments, *([f"--dbname={address}"] if url else [])]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
    ) as running:
        if given is not None and running.stdin is not None:
            _feed(running.stdin, given)
        said = running.stdout.read().decode(errors="replace") if running.stdout else ""
    if running.returncode != 0:
        raise PostgresFailed(f"{name} failed: {said.strip()[-SAID:]}")
    return said


@contextmanager
def output_of(name: str, arguments: Sequence[str], *, url: str) -> Iterator[Iterator[bytes]]:
    """Run a program and lend what it writes to standard output; on the way out it must have ended well.

    PostgresFailed with its words when it has not. Whoever leaves early ends it.
    """
    address, env = without_password(url)
    command = [str(binary(name)), *arguments, f"--dbname={address}"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as running:
        try:
            yield _chunks(running.stdout)
        except BaseException:
            running.kill()
            raise
        said = running.stderr.read().decode(errors="replace") if running.stderr else ""
    if running.returncode != 0:
        raise PostgresFailed(f"{name} failed: {said.strip()[-SAID:]}")


def _chunks(source: IO[bytes] | None) -> Iterator[bytes]:
    while source is not None and (chunk := source.read(CHUNK_BYTES)):
        yield chunk


def _feed(target: IO[bytes], given: Iterator[bytes]) -> None:
    """Write everything; a program that has had enough says itself what is wrong."""
    try:
        with target:
            for chunk in given:
                target.write(chunk)
    except BrokenPipeError:
        return
