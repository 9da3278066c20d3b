"""Commands for files of people that were imported: listed, and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home, TenantSlug

if TYPE_CHECKING:
    from frontdesk.features.contacts.model import Import, LeftPerson
    from frontdesk.wiring import Frontdesk

SHOWN = 200


def list_imports(
    *,
    tenant: TenantSlug,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 20,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List imported files, newest first."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features.contacts.service import importing

    async def work(parts: Frontdesk) -> list[Import]:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            return await importing.list_imports(tx, before=None, limit=limit)

    found = with_office(home, work)
    if as_json:
        write_json({"imports": [_facts(one) for one in found]})
        return
    rows = [(one.id, one.filename, one.created_at, _status(one), one.rows_added, one.rows_merged) for one in found]
    show_table("Imports", ("id", "file", "uploaded", "status", "added", "merged"), rows)


def undo_import(
    import_id: Annotated[UUID, typer.Argument(help="The import's id, as `contact import` told it.")],
    *,
    tenant: TenantSlug,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Undo an import: whom it added and nobody has touched goes, whom it changed is put back. Opt-outs stay."""
    from frontdesk.cli.importing import take_back
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import EXIT_FAILED, show_facts, show_table, write_json

    one, left = with_office(home, lambda parts: take_back(parts, tenant, import_id, limit=SHOWN))
    if as_json:
        write_json({**_facts(one), "left_people": [_left(person) for person in left]})
    else:
        show_facts({"removed": one.undone_removed, "put back": one.undone_restored, "left": one.undone_left})
        if left:
            show_table("Left as they are", ("number", "name", "why"), [(p.phone_e164, p.name, p.words) for p in left])
    if one.undone_at is None:
        raise typer.Exit(EXIT_FAILED)


def _facts(one: Import) -> dict[str, object]:
    return {
        "id": one.id,
        "filename": one.filename,
        "status": _status(one),
        "added": one.rows_added,
        "merged": one.rows_merged,
        "removed": one.undone_removed,
        "restored": one.undone_restored,
        "left": one.undone_left,
    }


def _left(person: LeftPerson) -> dict[str, object]:
    return {"phone_e164": person.phone_e164, "name": person.name, "reason": person.reason.value, "words": person.words}


def _status(one: Import) -> str:
    return "undone" if one.undone_at else "being undone" if one.is_being_undone else one.status.value
