"""Backups, restore and the fence on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.kernel.epoch import Epoch
    from frontdesk.operations.backups.model import Backup
    from frontdesk.operations.backups.proving import Proof
    from frontdesk.operations.backups.queries import Drill
    from frontdesk.operations.backups.restoring import Restored, Settled
    from frontdesk.wiring import Frontdesk

MIB = 1024 * 1024
LATEST = "latest"
BackupName = Annotated[str, typer.Option("--backup", help="Name of a backup, from `backup list`; none: the latest.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    backups = typer.Typer(help="Backups: take one, list them, prove one by restoring it beside us.")
    backups.command("now")(now)
    backups.command("list")(list_backups)
    backups.command("verify")(verify)
    app.add_typer(backups, name="backup")
    app.command("restore")(restore)
    fence = typer.Typer(help="The fence: a restored or copied database sends nothing until somebody claims it.")
    fence.command("show")(show)
    fence.command("claim")(claim)
    app.add_typer(fence, name="epoch")


def now(*, home: Home = None, as_json: AsJson = False) -> None:
    """Take a backup now, sealed and read back: of the embedded server its files, of one of your own a dump."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.operations.backups.keeping import address_of, take

    async def work(parts: Frontdesk) -> Backup:
        return await take(parts.system, parts.settings, url=address_of(parts.settings))

    backup = with_office(home, work)
    if as_json:
        write_json(backup)
    else:
        console().print(f"{backup.name}: {backup.size_bytes / MIB:.1f} MiB, sealed and read back.")


def list_backups(*, home: Home = None, as_json: AsJson = False) -> None:
    """List the backups there are, and how the last restore drills went; needs no database for the first."""
    from frontdesk.cli.office import read_settings
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.operations.backups.keeping import shelf_of

    backups = shelf_of(read_settings(home)).list_backups()
    if as_json:
        write_json({"backups": backups})
        return
    rows = [(one.name, one.kind, one.finished_at, f"{one.size_bytes / MIB:.1f} MiB", one.cluster) for one in backups]
    show_table("Backups", ("name", "kind", "leads to", "size", "cluster"), rows)


def verify(*, backup: BackupName = "", home: Home = None, as_json: AsJson = False) -> None:
    """Restore a backup into a throwaway server beside us, check every page and chain, and keep the times it took."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    proof, earlier = with_office(home, lambda parts: _verify(parts, backup))
    if as_json:
        write_json({"proof": proof, "drills": earlier})
    else:
        console().print(f"{'[bold green]Proven.[/bold green]' if proof.passed else '[bold red]Not proven.[/bold red]'}")
        console().print(f"{proof.backup}: {proof.words}", markup=False)
    if not proof.passed:
        raise typer.Exit(1)


async def _verify(parts: Frontdesk, name: str) -> tuple[Proof, list[Drill]]:
    from frontdesk.cli.auditing import open_book
    from frontdesk.cli.office import actor
    from frontdesk.operations.backups.keeping import address_of, find_backup, is_embedded, shelf_of
    from frontdesk.operations.backups.model import BackupKind
    from frontdesk.operations.backups.proving import prove
    from frontdesk.operations.backups.queries import list_drills

    shelf = shelf_of(parts.settings)
    kind = BackupKind.BASE if is_embedded(parts.settings, address_of(parts.settings)) else BackupKind.DUMP
    chosen = await find_backup(shelf, name=name, kind=None if name else kind)
    home = parts.settings.home
    proof = await prove(parts.system, shelf, chosen, home=home, book=open_book(home), by=actor())
    async with parts.system.transaction() as tx:
        return proof, await list_drills(tx)


def restore(
    *,
    to: Annotated[str, typer.Option("--to", help="A moment like 2026-03-01T14:30:00-05:00, or latest.")],
    into: Annotated[str, typer.Option("--into", help="Address of an empty database, for a dump of your own one.")] = "",
    backup: BackupName = "",
    keep_queued: Annotated[
        bool, typer.Option("--keep-queued", help="Keep texts that waited at that moment; they may have left since.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put the database back to a moment. What was there is kept aside; nothing is sent until `epoch claim`.

    Texts that waited at an earlier moment may have left since, so they are dropped unless --keep-queued is given.
    """
    from frontdesk.cli.office import actor, read_settings, run
    from frontdesk.cli.output import write_json
    from frontdesk.operations.backups.keeping import find_backup, shelf_of
    from frontdesk.operations.backups.model import BackupKind
    from frontdesk.operations.backups.restoring import restore_embedded
    from frontdesk.operations.backups.undumping import restore_into

    moment, settings = _moment(to), read_settings(home)
    shelf = shelf_of(settings)

    async def work() -> Restored | Settled:
        if into:
            chosen = await find_backup(shelf, name=backup, kind=BackupKind.DUMP)
            return await restore_into(shelf, chosen, url=into, home=settings.home, keep_queued=keep_queued, by=actor())
        _require_embedded(external=settings.database.url is not None)
        return await restore_embedded(
            shelf, home=settings.home, to=moment, backup_name=backup, keep_queued=keep_queued, by=actor()
        )

    restored = run(work)
    if as_json:
        write_json(restored)
    else:
        _show_restored(restored)


def _require_embedded(*, external: bool) -> None:
    from frontdesk.kernel.errors import Refused

    if external:
        raise Refused(
            "restore.not_ours",
            "DATABASE_URL names a server of your own. To go back: 1. stop every `frontdesk web` and `frontdesk worker`;"
            " 2. create an empty database; 3. `frontdesk restore --to latest --into ADDRESS` loads the last dump into"
            " it; 4. set DATABASE_URL to that address; 5. start, look, and `frontdesk epoch claim --reason …`. For a"
            " moment between two dumps use your provider's own restore, then go on with step 4",
            status=409,
        )


def _moment(text: str) -> datetime | None:
    """Read a moment; one without a zone is in UTC, None is the latest."""
    if text == LATEST:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a moment like 2026-03-01T14:30:00Z nor latest") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _show_restored(restored: Restored | Settled) -> None:
    from frontdesk.cli.output import console, show_facts
    from frontdesk.operations.backups.restoring import Restored

    console().print("[bold green]Restored.[/bold green] Nothing is sent, charged or booked until somebody claims it.")
    facts: dict[str, object] = {
        "last commit": restored.reached_at,
        "opt-outs brought back": restored.brought_back,
        "waiting texts dropped": restored.dropped,
    }
    if isinstance(restored, Restored):
        facts |= {"backup": restored.backup, "seconds": f"{restored.seconds:.1f}", "old files": restored.kept_aside}
    show_facts(facts)
    for wrong in restored.journal_damage:
        console().print(f"[red]journal:[/red] {wrong}", highlight=False)
    console().print("Start `frontdesk up`, look whether all is there, then: frontdesk epoch claim --reason …")


def show(*, home: Home = None, as_json: AsJson = False) -> None:
    """Show whether this database may send, and who has said so."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, show_facts, write_json
    from frontdesk.kernel import epoch

    async def work(parts: Frontdesk) -> Epoch:
        async with parts.system.transaction() as tx:
            return await epoch.read_epoch(tx)

    era = with_office(home, work)
    if as_json:
        write_json({"claimed": era.claimed, "why_fenced": era.why_fenced, "epoch": era})
    else:
        console().print("[green]Claimed.[/green]" if era.claimed else f"[red]Fenced:[/red] {era.why_fenced}")
        show_facts({"claimed by": era.claimed_by, "claimed at": era.claimed_at, "reason": era.reason})
    if not era.claimed:
        raise typer.Exit(1)


def claim(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why this database may send, for the audit log.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let this database send, charge and book, in place of any other; opt-outs come back from the journal first."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    era, brought_back = with_office(home, lambda parts: _claim(parts, reason))
    if as_json:
        write_json({"claimed": era.claimed, "epoch": era, "brought_back": brought_back})
    else:
        console().print(f"Claimed. {brought_back} opt-outs brought back from the journal; sending goes on within 5 s.")


async def _claim(parts: Frontdesk, reason: str) -> tuple[Epoch, int]:
    from frontdesk.cli.office import actor
    from frontdesk.kernel import epoch
    from frontdesk.operations.backups.restoring import reconcile_journal
    from frontdesk.wiring import SEND_TOPIC

    brought_back, _ = await reconcile_journal(parts.system, home=parts.settings.home, since=None)
    async with parts.system.transaction() as tx:
        era = await epoch.claim(tx, by=actor(), reason=reason)
    parts.presence.wake(SEND_TOPIC)
    return era, brought_back
