"""Consent on the command line: record opt-ins, keep do-not-contact lists, ask why somebody may not be texted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from frontdesk.cli.opt_in_lists import import_opt_ins
from frontdesk.cli.options import AsJson, Home, OptionalTenant, TenantSlug

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from frontdesk.features.consent import ListImport, OptInRecord, RefusalScope, Standing
    from frontdesk.kernel.db import Transaction
    from frontdesk.wiring import Frontdesk

Result = TypeVar("Result")
Contact = Annotated[str, typer.Option("--contact", help="The person's number in E.164, like +12065550123.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the ledger and the audit log.")]
ScopeName = Annotated[str, typer.Option("--scope", help="all, or marketing alone.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    opt_ins = typer.Typer(help="Consents with their evidence.")
    opt_ins.command("add")(add_opt_in)
    opt_ins.command("revoke")(revoke_opt_in)
    opt_ins.command("list")(list_opt_ins)
    app.add_typer(opt_ins, name="opt-in")
    lists = typer.Typer(help="Who must not be texted.")
    lists.command("check")(check)
    lists.command("add")(add_listing)
    lists.command("remove")(remove_listing)
    lists.command("import")(import_list)
    app.add_typer(lists, name="dnc")
    consents = typer.Typer(help="Consents in number.")
    consents.command("import-opt-ins")(import_opt_ins)
    app.add_typer(consents, name="consent")


def add_opt_in(
    file: Annotated[Path, typer.Argument(help="JSON with the fields of POST /api/opt-ins; - is standard input.")],
    *,
    tenant: TenantSlug,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Record a consent with its evidence; what is missing is named, and keeps it from permitting marketing."""
    import sys

    import msgspec

    from frontdesk.cli.office import actor
    from frontdesk.features import consent, contacts

    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    try:
        opt_in = msgspec.json.decode(text, type=consent.OptIn)
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"{file} is no consent: {error}") from None
    if opt_in.given_at is not None and opt_in.given_at.tzinfo is None:
        raise typer.BadParameter("given_at lacks its offset: write 2026-03-04T09:05:00-08:00")
    contacts.describe(opt_in.phone_e164)
    kept = _for_tenant(home, tenant, lambda tx, _parts: consent.record_opt_in(tx, opt_in, by=actor()))
    _show_opt_in(kept, as_json=as_json)


def revoke_opt_in(
    opt_in_id: Annotated[str, typer.Argument(help="Id of the consent.")],
    *,
    tenant: TenantSlug,
    reason: Why,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take a consent back in a person's name; it stays on record."""
    from uuid import UUID

    from frontdesk.cli.office import actor
    from frontdesk.features import consent

    try:
        wanted = UUID(opt_in_id)
    except ValueError:
        raise typer.BadParameter(f"{opt_in_id} is no id") from None
    gone = _for_tenant(
        home,
        tenant,
        lambda tx, _parts: consent.revoke_opt_in(tx, opt_in_id=wanted, reason=reason, by=actor()),
    )
    _show_opt_in(gone, as_json=as_json)


def list_opt_ins(*, tenant: TenantSlug, contact: Contact, home: Home = None, as_json: AsJson = False) -> None:
    """List a person's consents, latest first."""
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import consent, contacts

    phone = contacts.describe(contact).e164
    found = _for_tenant(home, tenant, lambda tx, _parts: consent.list_opt_ins(tx, phone_e164=phone, limit=200))
    if as_json:
        write_json({"opt_ins": found})
        return
    rows = [(one.id, one.kind, one.scope, one.given_at, one.revoked_at, ", ".join(one.missing)) for one in found]
    show_table("Consents", ("id", "kind", "for", "given", "taken back", "missing"), rows)


def check(*, tenant: TenantSlug, contact: Contact, home: Home = None, as_json: AsJson = False) -> None:
    """Tell whether a business may text a person, and every reason why not."""
    from frontdesk.features import consent, contacts

    phone = contacts.describe(contact).e164
    _show_standing(
        _for_tenant(home, tenant, lambda tx, _parts: consent.check_person(tx, phone_e164=phone)), as_json=as_json
    )


def add_listing(
    *,
    contact: Contact,
    reason: Why,
    tenant: OptionalTenant = None,
    scope: ScopeName = "all",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Never text a person again: one business, or without --tenant every business of the platform."""
    from frontdesk.cli.office import actor
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import consent, contacts

    phone, wanted = contacts.describe(contact).e164, _scope(scope)

    async def put(tx: Transaction, parts: Frontdesk) -> bool:
        add = consent.put_on_global_list if tenant is None else consent.put_on_list
        return await add(tx, phone_e164=phone, scope=wanted, reason=reason, by=actor(), journal=parts.journal)

    added = _for_tenant(home, tenant, put)
    if as_json:
        write_json({"added": added})
    else:
        console().print("Will not be texted." if added else "Was on the list already.")


def remove_listing(
    *, contact: Contact, reason: Why, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False
) -> None:
    """Let a person be texted again whom the business listed itself; who said STOP comes back only by START."""
    from frontdesk.cli.office import actor
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import consent, contacts

    phone = contacts.describe(contact).e164

    async def take_off(tx: Transaction, parts: Frontdesk) -> None:
        remove = consent.take_off_global_list if tenant is None else consent.take_off_list
        await remove(tx, phone_e164=phone, reason=reason, by=actor(), journal=parts.journal)

    _for_tenant(home, tenant, take_off)
    if as_json:
        write_json({"removed": True})
    else:
        console().print("Taken off the list.")


def import_list(
    file: Annotated[Path, typer.Argument(help="CSV with one number a row, or a column headed phone.")],
    *,
    reason: Why,
    tenant: OptionalTenant = None,
    name: Annotated[str, typer.Option("--name", help="Name of the list; none is the file's.")] = "",
    scope: ScopeName = "all",
    country: Annotated[str, typer.Option("--country", help="Country of numbers without a plus, like US.")] = "US",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put everybody of a file on the list of a business, or without --tenant of the whole platform."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import error_console, write_json
    from frontdesk.features import consent

    order = consent.ListOrder(
        name=name or file.name,
        scope=_scope(scope),
        reason=reason,
        country=country.upper(),
        by=actor(),
    )

    async def work(parts: Frontdesk) -> ListImport:
        tenant_id = None if tenant is None else await find_tenant_id(parts, tenant)
        database = parts.system if tenant_id is None else parts.app

        def tell(report: ListImport) -> None:
            if not as_json:
                error_console().print(f"{report.rows_read} rows, {report.added} added, {report.invalid} invalid")

        with file.open(encoding="utf-8-sig", newline="") as lines:
            return await consent.import_list(
                lambda: database.transaction(tenant_id),
                consent.read_listed_phones(lines),
                order,
                journal=parts.journal,
                progress=tell,
            )

    report = with_office(home, work)
    if as_json:
        write_json(report)
    else:
        _show_import(report)


def _for_tenant(
    home: Path | None, tenant: str | None, work: Callable[[Transaction, Frontdesk], Awaitable[Result]]
) -> Result:
    """Do one thing in a transaction of a business, or (none named) of the platform."""
    from frontdesk.cli.office import find_tenant_id, with_office

    async def go(parts: Frontdesk) -> Result:
        if tenant is None:
            async with parts.system.transaction() as tx:
                return await work(tx, parts)
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            return await work(tx, parts)

    return with_office(home, go)


def _scope(text: str) -> RefusalScope:
    from frontdesk.features import consent

    try:
        return consent.RefusalScope(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no scope: write all or marketing") from None


def _show_opt_in(kept: OptInRecord, *, as_json: bool) -> None:
    from frontdesk.cli.output import console, show_facts, write_json

    if as_json:
        write_json({"opt_in": kept, "permits_marketing": kept.permits_marketing, "missing": kept.missing})
        return
    if kept.permits_marketing:
        console().print("[green]On record; it permits marketing.[/green]")
    else:
        console().print("[yellow]On record; it permits no marketing.[/yellow]")
    show_facts(
        {
            "id": kept.id,
            "missing": ", ".join(kept.missing) or "nothing",
            "sha256 of the text": kept.text_sha256,
            "taken back": kept.revoked_at,
        }
    )


def _show_standing(found: Standing, *, as_json: bool) -> None:
    from frontdesk.cli.output import show_facts, write_json

    if as_json:
        write_json(found)
        return
    refusal, proof = found.refusal, found.written_consent
    show_facts(
        {
            "reminders and answers": found.transactional or "may be sent",
            "marketing": found.marketing or "may be sent",
            "on the list": f"{refusal.scope}, by {refusal.source}: {refusal.reason}" if refusal else "no",
            "on the platform's list": found.everywhere.reason if found.everywhere else "no",
            "said STOP to": ", ".join(one.sender_e164 for one in found.senders) or "none of the numbers",
            "consent lacks": (", ".join(proof.missing) or "nothing") if proof else "everything: there is none",
        }
    )


def _show_import(report: ListImport) -> None:
    from frontdesk.cli.output import console, show_table

    console().print(
        f"{report.rows_read} rows: {report.added} added, {report.known} were on the list, {report.invalid} no numbers"
    )
    if report.invalid_rows:
        show_table("No numbers", ("line", "why"), [(row.line, row.message) for row in report.invalid_rows])
