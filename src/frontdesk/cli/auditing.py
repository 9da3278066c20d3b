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
    from frontdesk.operations.custody.model import Break, Verification
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
    group = typer.Typer(help="The audit log: its anchors outside the database, and whether it is what was written.")
    group.command("anchor")(anchor)
    group.command("verify")(verify)
    group.command("status")(status)
    group.command("acknowledge")(acknowledge)
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


def status(
    *,
    whole: Annotated[bool, typer.Option("--whole", help="Look at every entry, not only at what is new.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Verify the audit log of the platform and of every business now; exits with 1 if one is broken."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json

    found = with_office(home, lambda parts: _verify_all(parts, whole=whole))
    if as_json:
        write_json({"chains": found})
    else:
        rows = [
            (
                one.whose,
                one.verified.seq if one.verified else 0,
                one.whole_at,
                f"entry {one.broken.seq}: {one.broken.damage}" if one.broken else "no",
                one.broken.evidence if one.broken else "",
            )
            for one in found
        ]
        show_table("Audit logs", ("whose", "verified to", "whole", "broken", "evidence"), rows)
    if any(one.broken for one in found):
        raise typer.Exit(1)


async def _verify_all(parts: Frontdesk, *, whole: bool) -> list[Verification]:
    from frontdesk.operations.custody import queries
    from frontdesk.wiring.custody import custodian_of

    custodian = custodian_of(parts)
    await (custodian.verify_whole() if whole else custodian.verify_once())
    async with parts.system.transaction() as tx:
        return await queries.list_verifications(tx)


def acknowledge(
    whose: Annotated[str, typer.Argument(help="platform, anchors, or a business's id, as `audit status` shows it.")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="What is known of it; it is kept in the audit log itself.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write down that a break is known; nothing is repaired, and verification goes on behind it."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.operations.custody.model import tenant_of
    from frontdesk.operations.custody.verifying import acknowledge_break

    async def work(parts: Frontdesk) -> Break:
        book = open_book(parts.settings.home)
        async with parts.system.transaction(tenant_of(whose)) as tx:
            return await acknowledge_break(tx, book, whose=whose, by=actor(), reason=reason)

    known = with_office(home, work)
    if as_json:
        write_json({"acknowledged": whose, "entry": known.seq, "damage": known.damage, "evidence": known.evidence})
    else:
        console().print(f"The break at entry {known.seq} is acknowledged; evidence: {known.evidence or 'none'}.")


def open_book(home: Path) -> AnchorBook:
    """Open the installation's anchors."""
    from frontdesk.kernel import audit

    return audit.open_book(home)


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
