"""The audit log's anchors: heads noted outside the database, and the check of an export against them, offline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.kernel.audit import AnchorBook, ChainHead, ChainState
    from frontdesk.wiring import Frontdesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Whether an export holds, how many anchors it was held against, and what is wrong with the anchors themselves."""

    intact: bool
    entries: int
    anchors: int
    broken_at: int | None
    damage: str | None
    anchors_damaged: tuple[str, ...]
    sentence: str


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    group = typer.Typer(help="The audit log's anchors outside the database.")
    group.command("anchor")(anchor)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def anchor(*, home: Home = None, as_json: AsJson = False) -> None:
    """Note the head of every chain in the journal outside the database; `up` does so daily and when it ends."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    async def work(parts: Frontdesk) -> int:
        book = open_book(parts.settings.home)
        async with parts.system.transaction() as tx:
            return await book.note_heads(tx)

    noted = with_office(home, work)
    if as_json:
        write_json({"noted": noted})
    else:
        console().print(f"{noted} heads noted.")


def verify(
    file: Annotated[Path, typer.Argument(help="What `export audit --out` has written.", exists=True, dir_okay=False)],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Check an exported audit log against its own hashes and the anchors of the home folder; needs no database."""
    from frontdesk.cli.office import read_settings
    from frontdesk.cli.output import console, write_json

    verified = check_export(file, open_book(read_settings(home).home))
    if as_json:
        write_json(verified)
    else:
        console().print(verified.sentence)
        for wrong in verified.anchors_damaged:
            console().print(f"[red]✗[/red] anchors: {wrong}", highlight=False)
    if not verified.intact or verified.anchors_damaged:
        raise typer.Exit(1)


def open_book(home: Path) -> AnchorBook:
    """Open the installation's anchors; the key is made on the first call and kept in the home folder."""
    from frontdesk.kernel.audit import ANCHOR_KEY, JOURNAL, AnchorBook
    from frontdesk.kernel.journal import Journal
    from frontdesk.kernel.secrets import ensure_secret

    return AnchorBook(Journal(home / "journal", JOURNAL), key=ensure_secret(home, ANCHOR_KEY))


def check_export(file: Path, book: AnchorBook) -> Verified:
    """Check an export against itself and the anchors; refuses a file that is no export (`cli.no_export`)."""
    from frontdesk.kernel.audit import verify_export

    *lines, last = file.read_text(encoding="utf-8").splitlines() or [""]
    chain, tenant_id, head = _read_head(last)
    reading = book.read()
    anchors = reading.of(chain, tenant_id)
    state = verify_export(lines, chain=chain, tenant_id=tenant_id, head=head, anchors=anchors)
    return _verified(state, anchors=len(anchors), damaged=reading.damage)


def _read_head(line: str) -> tuple[str, UUID | None, ChainHead | None]:
    from frontdesk.kernel.audit import ChainHead
    from frontdesk.kernel.errors import Refused

    try:
        match json.loads(line):
            case {
                "chain": str(chain),
                "tenant_id": (str() | None) as tenant,
                "entries": int(entries),
                "head": str(head),
            }:
                tenant_id = None if tenant is None else UUID(tenant)
                return chain, tenant_id, ChainHead(entries, bytes.fromhex(head)) if entries else None
            case _:
                pass
    except ValueError:
        pass
    raise Refused("cli.no_export", "the last line is not that of an export: use the file of `export audit --out`")


def _verified(state: ChainState, *, anchors: int, damaged: tuple[str, ...]) -> Verified:
    from frontdesk.kernel.audit import Broken

    if isinstance(state, Broken):
        return Verified(
            intact=False,
            entries=state.seq - 1,
            anchors=anchors,
            broken_at=state.seq,
            damage=state.damage.value,
            anchors_damaged=damaged,
            sentence=f"The chain is broken at entry {state.seq}: {state.damage.value}.",
        )
    entries = 0 if state.head is None else state.head.seq
    return Verified(
        intact=True,
        entries=entries,
        anchors=anchors,
        broken_at=None,
        damage=None,
        anchors_damaged=damaged,
        sentence=f"The chain holds: {entries} entries, in agreement with {anchors} anchors outside the database.",
    )
