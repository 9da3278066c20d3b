"""Compliance packs on the command line: written for a regulator, and checked without a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.features.insights import Pack, Report
    from frontdesk.wiring import Frontdesk


def add_exports(exports: typer.Typer) -> None:
    """Add the verbs to the group `export`."""
    exports.command("compliance")(export_compliance)
    exports.command("verify")(verify)


def export_compliance(
    *,
    contact: Annotated[str, typer.Option("--contact", help="The person's number in E.164, like +12065550123.")],
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Short name or id; none is every business that knows the person.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the packs, one per business.")] = Path("compliance"),
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write all that is on record about a person's consent and texts, as CSV and JSON, with proof and its check."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    packs = with_office(home, lambda parts: _export(parts, contact, tenant, out.expanduser().resolve()))
    if as_json:
        write_json({"packs": packs})
        return
    for pack in packs:
        console().print(f"{pack.folder}: {pack.events} events, {pack.sends} sends. Note its head: {pack.head}")
        console().print(f"  manifest {pack.manifest_sha256}; check it with: frontdesk export verify {pack.folder}")


async def _export(parts: Frontdesk, contact: str, tenant: str | None, out: Path) -> list[Pack]:
    from frontdesk.cli.office import actor, find_tenant_id
    from frontdesk.features import contacts, insights, tenants
    from frontdesk.kernel.errors import Refused

    phone = contacts.describe(contact).e164
    if tenant is None:
        async with parts.system.transaction() as tx:
            businesses = [one.id for one in await tenants.list_tenants(tx)]
    else:
        businesses = [await find_tenant_id(parts, tenant)]
    packs: list[Pack] = []
    for business in businesses:
        async with parts.app.transaction(business) as tx:
            if await insights.has_records_of(tx, phone_e164=phone):
                folder = out / (await tenants.get_tenant(tx)).slug
                packs.append(await insights.write_pack(tx, folder, phone_e164=phone, by=actor()))
    if not packs:
        raise Refused("insights.nothing_on_record", "nothing is on record about this number", status=404)
    return packs


def verify(
    folder: Annotated[Path, typer.Argument(help="A pack, or a folder of packs.")],
    *,
    anchor: Annotated[
        str | None, typer.Option("--anchor", help="A chain head noted earlier, NUMBER:HASH: finds a rewritten history.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a compliance pack, without a database. Exit code 1 if it was changed, cut or forged."""
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import insights

    known = _read_anchor(anchor)
    inside = sorted(one for one in folder.glob("*/") if one.is_dir())
    packs = [folder] if (folder / "manifest.json").exists() else inside
    if not packs:
        raise typer.BadParameter(f"{folder} holds no pack")
    reports: dict[str, Report] = {str(pack): insights.verify(pack, known) for pack in packs}
    if as_json:
        listed = [{"folder": name, "ok": one.ok, "report": one} for name, one in reports.items()]
        write_json({"ok": all(one.ok for one in reports.values()), "packs": listed})
    else:
        from rich.markup import escape

        for name, report in reports.items():
            console().print(f"[bold]{escape(name)}[/bold]")
            for sentence in insights.sentences(report):
                console().print(f"  {escape(sentence)}")
    if not all(one.ok for one in reports.values()):
        raise typer.Exit(1)


def _read_anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdecimal() or not digest:
        raise typer.BadParameter("an anchor is written NUMBER:HASH")
    return int(number), digest
