"""A file of made-up people through the whole import: uploaded, read, merged, counted; rows per second and memory.

The file is written by a seed, kept where uploads are kept, and taken in by a worker process of its own on an embedded
PostgreSQL with fsync on. Rows per second are those from the start of the import to its completion, reading included.
`again` is the same file a second time: everybody is known. Memory is the largest resident size that the worker, and
the reader which it starts, have had.

Usage: python benchmarks/import_contacts.py [--rows 100000] [--kind csv|xlsx] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from frontdesk.cli.bench.figures import cpu_seconds, peak_rss_mib
from frontdesk.features import tenants
from frontdesk.features.contacts.model import Import, ImportStatus
from frontdesk.features.contacts.service import importing
from frontdesk.features.contacts.service.reading import Job
from frontdesk.features.contacts.service.staging import Staged
from frontdesk.features.tenants.hours import DAYS
from frontdesk.kernel import actor
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.telemetry import configure_logging
from frontdesk.schema.migrate import migrate

HEADER = ("First Name", "Last Name", "Mobile", "E-mail", "State", "City", "Plan", "Tags")
AREAS = ("206", "212", "415", "305", "512", "602", "713", "850", "915", "303", "312", "617", "702", "808", "907")
NAMES = ("Carol", "Ben", "Ada", "Nuria", "José", "Zoë", "Wei")
BENCH = actor.system("bench")
PATIENCE_SECONDS = 600.0


def people(rows: int, *, seed: int = 7) -> Iterator[tuple[str, ...]]:
    """Make people up, 1 % of them with a number that is none."""
    chance = random.Random(seed)
    for number in range(rows):
        line = f"{chance.randint(200, 999)}-{chance.randint(0, 9999):04d}"
        phone = "none" if chance.random() < 0.01 else f"({chance.choice(AREAS)}) {line}"  # noqa: PLR2004 - 1 %
        yield (
            *(chance.choice(NAMES), f"Test{number}", phone, f"person{number}@example.com"),
            *(chance.choice(("FL", "TX", "CA", "New York", "WA")), f"Town, {number % 300}"),
            *(chance.choice(("gold", "silver", "")), chance.choice(("vip", "", "spring;vip"))),
        )


def write_csv(path: Path, rows: int) -> None:
    """Write people as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(HEADER) + "\r\n")
        for cells in people(rows):
            file.write(",".join(f'"{cell}"' for cell in cells) + "\r\n")


def write_xlsx(path: Path, rows: int) -> None:
    """Write people as the smallest workbook that there is."""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r0" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" '
        'sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for cells in (HEADER, *people(rows)):
                texts = "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in cells)
                sheet.write(f"<row>{texts}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")


async def found_business(system: Database) -> tenants.Tenant:
    """Open the business whose people they will be."""
    hours = json.dumps({"weekly": {day: [["00:00", "24:00"]] for day in DAYS}, "special": []})
    async with system.transaction() as tx:
        tenant = tenants.open_business(
            tenant_id=new_id(),
            slug="harbor",
            name="Harbor Plumbing",
            timezone="America/New_York",
            forwarding_e164=None,
            open_template="Sorry we missed you.",
            closed_template="We are closed.",
            cooldown_seconds=600,
            hours=hours,
            at=tx.now,
        )
        await tenants.create_tenant(tx, tenant, by=BENCH)
    return tenant


async def take_in(
    app: Database, tenant: tenants.Tenant, folder: Path, file: Path, *, worker: int
) -> tuple[Import, float, float]:
    """Upload and start one import and follow it to its end; returns it, its seconds, and the reader's peak in MiB."""
    staged = Staged(folder, tenant_id=tenant.id, import_id=(import_id := new_id()))
    with file.open("rb") as source:
        size, sha256 = staged.keep(source)
    settings = importing.make_settings(Job(country="US", keep_others=True), tags=["bench"], known_wins=False)
    read = await staged.look(settings.job)
    async with app.transaction(tenant.id) as tx:
        await importing.add_import(
            tx,
            import_id=import_id,
            filename=file.name,
            size=size,
            sha256=sha256,
            settings=settings,
            read=read,
            by=BENCH,
        )
    began = time.monotonic()
    async with app.transaction(tenant.id) as tx:
        await importing.start_import(tx, import_id, dry_run=False, by=BENCH)
    peak = 0.0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with app.transaction(tenant.id) as tx:
                one = await importing.get_import(tx, import_id)
            if not one.status.is_under_way:
                return one, time.monotonic() - began, peak
            peak = max(peak, reader_peak(worker))
            await asyncio.sleep(0.1)


def reader_peak(worker: int) -> float:
    """Tell the largest memory of the program by which a worker reads a file now, if there is one."""
    try:
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return max([0.0, *(peak_rss_mib(int(pid)) for pid in children)])


async def measure(*, rows: int, kind: str) -> dict[str, object]:
    """Take a file in twice."""
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fd-import-")))
        server = EmbeddedPostgres(home)
        url = await server.start()
        stack.push_async_callback(server.stop)
        await migrate(url)
        flush = flush_with(Handlers([]))
        system = await Database.open(url, role=Role.SYSTEM, clock=DatabaseClock(), flush=flush)
        stack.push_async_callback(system.close)
        app = await Database.open(url, role=Role.APP, clock=DatabaseClock(), flush=flush)
        stack.push_async_callback(app.close)
        tenant = await found_business(system)
        file = home / f"people.{kind}"
        await asyncio.to_thread(write_csv if kind == "csv" else write_xlsx, file, rows)
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "frontdesk", "worker"),
            env={**os.environ, "DATABASE_URL": url, "FRONTDESK_HOME": str(home), "PYTHONPATH": sys.path[0]},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        stack.push_async_callback(worker.wait)
        stack.callback(worker.terminate)
        figures: dict[str, object] = {"rows": rows, "kind": kind, "file_mib": round(file.stat().st_size / 1024**2, 1)}
        await asyncio.sleep(3)
        for name in ("first", "again"):
            spent = cpu_seconds(worker.pid)
            one, seconds, peak = await take_in(app, tenant, home / "imports", file, worker=worker.pid)
            if one.status is not ImportStatus.COMPLETED or one.rows_done != rows:
                raise SystemExit(f"the import is {one.status}: {one.failure}")
            figures |= {
                f"{name}_rows_per_s": round(rows / seconds),
                f"{name}_seconds": round(seconds, 2),
                f"{name}_worker_cpu_us_per_row": round((cpu_seconds(worker.pid) - spent) / rows * 1e6, 1),
                f"{name}_added": one.rows_added,
                f"{name}_merged": one.rows_merged,
                f"{name}_rejected": one.rows_rejected,
                f"{name}_reader_peak_mib": peak,
            }
        figures["worker_peak_mib"] = peak_rss_mib(worker.pid)
        return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kind", choices=("csv", "xlsx"), default="csv")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    configure_logging(level="ERROR")
    figures = asyncio.run(measure(rows=given.rows, kind=given.kind))
    print(json.dumps(figures) if given.json else "\n".join(f"{name:<24}{value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
