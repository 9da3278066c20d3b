"""The embedded PostgreSQL beside a program that cannot hold it itself: prints its address, ends when its input does."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import structlog

from frontdesk.kernel.postgres.server import EmbeddedPostgres


async def _serve(home: Path, settings: dict[str, str]) -> int:
    """Run or attach to the server of `home` until standard input ends or a signal asks to stop."""
    server, stop = EmbeddedPostgres(home, settings=settings), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sys.stdout.write(f"{await server.start()}\n")
    sys.stdout.flush()
    waits = [asyncio.create_task(wait) for wait in (stop.wait(), server.gave_up.wait(), _input_end())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await server.stop()
    return 1 if server.gave_up.is_set() else 0


async def _input_end() -> None:
    """Wait until whoever started us closes our standard input, or dies; for ever when it is no pipe."""
    if not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        await asyncio.Event().wait()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def _setting(text: str) -> tuple[str, str]:
    """Split NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def main() -> int:
    """Parse the arguments and serve; standard output carries the address alone."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    parser = argparse.ArgumentParser(prog="python -m frontdesk.kernel.postgres", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the folder that holds all state of a run")
    parser.add_argument("--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", dest="settings")
    given = parser.parse_args()
    return asyncio.run(_serve(given.home, dict(given.settings)))


if __name__ == "__main__":
    raise SystemExit(main())
