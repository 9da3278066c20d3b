"""Commands for people in number: add, list, tag, import, export, segments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.imports import list_imports, undo_import
from frontdesk.cli.options import AsJson, Home, TenantSlug

if TYPE_CHECKING:
    from frontdesk.features.contacts import Card, Filter, Segment
    from frontdesk.features.contacts.model import Import
    from frontdesk.kernel.db import Transaction
    from frontdesk.wiring import Frontdesk

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only look: who is new or known, and what is wrong.")]
Mapped = Annotated[list[str] | None, typer.Option("--map", help="WHAT=HEADING, like phone=Mobile; repeat it.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag; repeat it for more.")]
Country = Annotated[str, typer.Option(help="Country of numbers without a code; that of the business if not given.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    people = typer.Typer(help="People: add, list, tag, import, export, segments.")
    people.command("add")(add_contact)
    people.command("list")(list_contacts)
    people.command("tag")(tag_contact)
    people.command("import")(import_file)
    people.command("imports")(list_imports)
    people.command("undo-import")(undo_import)
    people.command("export")(export_contacts)
    people.command("segments")(list_segments)
    app.add_typer(people, name="contact")


def add_contact(
    phone: Annotated[str, typer.Argument(help="The number, best like +12065550123.")],
    *,
    tenant: TenantSlug,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    tag: Tags = None,
    country: Country = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a person to a business."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import tenants
    from frontdesk.features.contacts.service import cards

    async def work(parts: Frontdesk) -> Card:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            default = country or (await tenants.get_tenant(tx)).country
            return await cards.add_person(
                tx, phone=phone, default_country=default, told={"name": name}, tags=tag or (), source="cli", by=actor()
            )

    added = with_office(home, work)
    if as_json:
        write_json(added)
    else:
        console().print(f"{added.phone_e164} is added.")


def list_contacts(
    *,
    tenant: TenantSlug,
    words: Annotated[str, typer.Option("--find", help="Words in name, e-mail or number.")] = "",
    tag: Annotated[str, typer.Option(help="Only people with this tag.")] = "",
    segment: Annotated[str, typer.Option(help="Only people of this segment, by name or id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List people, newest first."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features.contacts.service import cards

    async def work(parts: Frontdesk) -> list[Card]:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            filter_ = (await _find_segment(tx, segment)).filter if segment else None
            return await cards.find_people(tx, words=words, tag=tag, filter_=filter_, before=None, limit=limit)

    found = with_office(home, work)
    if as_json:
        write_json({"contacts": found})
        return
    rows = [(one.phone_e164, one.name, one.timezone, one.region, ", ".join(one.tags)) for one in found]
    show_table("People", ("number", "name", "zone", "region", "tags"), rows)


def tag_contact(
    phone: Annotated[str, typer.Argument(help="The number.")],
    *,
    tenant: TenantSlug,
    add: Annotated[list[str] | None, typer.Option(help="A tag to add; repeat it for more.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="A tag to take off; repeat it for more.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add tags to a person and take others off."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import tenants
    from frontdesk.features.contacts import parse_phone
    from frontdesk.features.contacts.service import cards
    from frontdesk.kernel.errors import Refused

    async def work(parts: Frontdesk) -> Card:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            number = parse_phone(phone, (await tenants.get_tenant(tx)).country).e164
            found = await cards.find_card_by_phone(tx, number)
            if found is None:
                raise Refused("contacts.not_found", f"nobody has the number {number}", status=404)
            return await cards.tag_person(tx, found.id, add=add or (), remove=remove or (), by=actor())

    tagged = with_office(home, work)
    if as_json:
        write_json(tagged)
    else:
        console().print(f"{tagged.phone_e164}: {', '.join(tagged.tags) or 'no tags'}.")


def list_segments(*, tenant: TenantSlug, home: Home = None, as_json: AsJson = False) -> None:
    """List segments with how many people fit now."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features.contacts import count_matching, write_filter
    from frontdesk.features.contacts.service import segments

    async def work(parts: Frontdesk) -> list[tuple[Segment, int]]:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            found = await segments.list_segments(tx, before=None, limit=1_000)
            return [(one, await count_matching(tx, one.filter)) for one in found]

    found = with_office(home, work)
    if as_json:
        listed = [{"id": one.id, "name": one.name, "filter": one.filter, "people": people} for one, people in found]
        write_json({"segments": listed})
        return
    rows = [(one.name, people, write_filter(one.filter)) for one, people in found]
    show_table("Segments", ("name", "people", "filter"), rows)


def import_file(  # noqa: PLR0913 - its options
    file: Annotated[Path, typer.Argument(help="A .csv or .xlsx file.", exists=True, dir_okay=False)],
    *,
    tenant: TenantSlug,
    dry_run: DryRun = False,
    mapping: Mapped = None,
    keep_others: Annotated[bool, typer.Option("--keep-others", help="Make custom fields of other columns.")] = False,
    known_wins: Annotated[bool, typer.Option("--known-wins", help="What is known wins over the file.")] = False,
    tag: Tags = None,
    country: Country = "",
    encoding: Annotated[str | None, typer.Option(help="Encoding of the text, if not found out.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Delimiter of the columns, if not found out.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; the first if not given.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write the rows that were not taken, as CSV.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Import people from a file. Stopped, it is gone on with by a worker, or by `frontdesk up`."""
    from frontdesk.cli.importing import follow, import_people
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import EXIT_FAILED, show_facts, write_json
    from frontdesk.features.contacts.service.reading import Job

    job = Job(
        country=country,
        mapping=_mapping(mapping or []),
        keep_others=keep_others,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
    )

    async def work(parts: Frontdesk) -> Import:
        return await import_people(
            parts, tenant, file, job=job, tags=tag or (), known_wins=known_wins, dry_run=dry_run, report=report,
            tell=follow(quiet=as_json),
        )  # fmt: skip

    one = with_office(home, work)
    facts = {
        "id": one.id,
        "status": one.status.value,
        "rows": one.rows_done,
        "added": one.rows_added,
        "merged": one.rows_merged,
        "rejected": one.rows_rejected,
        "noted": one.rows_noted,
        "failure": one.failure,
    }
    if as_json:
        write_json(facts)
    else:
        show_facts({name: value for name, value in facts.items() if value != ""})
    if one.status.value not in {"completed", "checked"}:
        raise typer.Exit(EXIT_FAILED)


def export_contacts(
    file: Annotated[Path, typer.Argument(help="Where to write; - is standard output. .xlsx makes a workbook.")],
    *,
    tenant: TenantSlug,
    segment: Annotated[str, typer.Option(help="Only people of this segment, by name or id.")] = "",
    as_kind: Annotated[str, typer.Option("--format", help="csv or xlsx; by the file's name if not given.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Export people as CSV or XLSX, which can be imported again."""
    import sys

    from frontdesk.cli.importing import export_people
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import error_console, write_json
    from frontdesk.features.contacts.sheets import FileKind

    if as_kind not in {"", *FileKind}:
        raise typer.BadParameter(f"{as_kind} is neither csv nor xlsx")
    kind = FileKind(as_kind or ("xlsx" if file.suffix.lower() == ".xlsx" else "csv"))

    async def work(parts: Frontdesk) -> int:
        tenant_id = await find_tenant_id(parts, tenant)
        filter_: Filter | None = None
        if segment:
            async with parts.app.transaction(tenant_id) as tx:
                filter_ = (await _find_segment(tx, segment)).filter
        about = {"segment": segment} if segment else {}
        if str(file) == "-":
            return await export_people(parts, tenant_id, sys.stdout.buffer, kind=kind, filter_=filter_, about=about)
        with file.open("wb") as out:
            return await export_people(parts, tenant_id, out, kind=kind, filter_=filter_, about=about)

    people = with_office(home, work)
    if str(file) == "-":
        return
    if as_json:
        write_json({"people": people, "file": str(file)})
    else:
        error_console().print(f"{people} people in {file}.")


def _mapping(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    wrong = [name for name, equals, heading in pairs if not (equals and heading)]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]} is not WHAT=HEADING, like phone=Mobile")
    return {name: heading for name, _, heading in pairs}


async def _find_segment(tx: Transaction, name: str) -> Segment:
    from frontdesk.features.contacts.service import segments
    from frontdesk.kernel.errors import Refused

    found = await segments.list_segments(tx, before=None, limit=10_000)
    for one in found:
        if name in {one.name, str(one.id)}:
            return one
    raise Refused("contacts.segment_not_found", f"There is no segment {name}.", status=404)
