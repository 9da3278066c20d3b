"""Write docs/reference, or tell which of its pages are out of date."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.telemetry import configure_logging
from frontdesk.schema.migrate import migrate
from scripts.reference_pages.pages import FOLDER, all_pages


async def _made() -> dict[str, str]:
    """Make every page on a throwaway server."""
    home = Path(tempfile.mkdtemp(prefix="frontdesk-reference-"))
    server = EmbeddedPostgres(home, settings={"fsync": "off"})
    try:
        address = await server.start()
        try:
            await migrate(address)
            return await all_pages(address, home)
        finally:
            await server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> int:
    """Write the pages, or with --check compare them."""
    configure_logging(level="ERROR", secrets=())
    stale = []
    for name, text in asyncio.run(_made()).items():
        path = FOLDER / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{_shown(name)} {'is out of date' if '--check' in sys.argv[1:] else 'written'}")
    return 1 if stale and "--check" in sys.argv[1:] else 0


def _shown(name: str) -> str:
    return f"docs/{name.removeprefix('../')}" if name.startswith("../") else f"docs/reference/{name}"


sys.exit(main())
