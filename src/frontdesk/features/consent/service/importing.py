"""Do-not-contact lists from files: in batches, each in force when it commits, what is no number named by its line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from itertools import islice

from frontdesk.features import contacts
from frontdesk.features.consent.events import ListImported
from frontdesk.features.consent.model import InvalidRow, LedgerEvent, ListImport, OptOutJournal, RefusalScope
from frontdesk.features.consent.queries import ledger, refusals
from frontdesk.features.consent.service.hearing import write_to_journal
from frontdesk.features.consent.sheets import ListedPhone
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

BATCH = 1_000  # people locked at once; the chain's head is held as long
MAX_INVALID_ROWS = 1_000  # kept by name; all are counted

OpenTransaction = Callable[[], AbstractAsyncContextManager[Transaction]]
Progress = Callable[[ListImport], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrder:
    """What to do with a list: whom it is from, what its people must not be sent, and how its numbers are written."""

    name: str
    scope: RefusalScope
    reason: str
    country: str
    by: Actor


async def import_list(
    open_transaction: OpenTransaction,
    rows: Iterable[ListedPhone],
    order: ListOrder,
    *,
    journal: OptOutJournal,
    progress: Progress | None = None,
) -> ListImport:
    """Put everybody of a list on the do-not-contact list of a business, or (no tenant) of the platform.

    Batches of 1,000 commit one by one, so that memory stays small and what was read is in force even if the import
    dies; done again, it adds what is missing. A list that cannot be read at all is refused by whoever yields its rows.
    """
    waiting = iter(rows)
    first = list(islice(waiting, BATCH))
    async with open_transaction() as tx:
        report = await _begin(tx, order)
    batch = first
    while batch:
        phones, invalid = await asyncio.to_thread(read_phones, batch, order.country)
        async with open_transaction() as tx:
            report = await _take_batch(tx, report, phones, invalid, order, journal, rows=len(batch))
        if progress is not None:
            progress(report)
        batch = list(islice(waiting, BATCH))
    async with open_transaction() as tx:
        return await _finish(tx, report, order)


def read_phones(rows: Sequence[ListedPhone], country: str) -> tuple[list[str], list[InvalidRow]]:
    """Bring numbers to E.164, each once, in order; what is none is named with the line and the reason."""
    found: dict[str, None] = {}
    invalid: list[InvalidRow] = []
    for row in rows:
        try:
            found[contacts.parse_phone(row.written, country).e164] = None
        except Refused as refusal:
            # A number that costs extra may stand on a list of those not to be texted.
            if refusal.code == "contacts.phone_premium_rate" and row.written.startswith("+"):
                found["+" + "".join(filter(str.isdecimal, row.written))] = None
            else:
                invalid.append(InvalidRow(line=row.line, code=refusal.code, message=refusal.message))
    return list(found), invalid


async def _begin(tx: Transaction, order: ListOrder) -> ListImport:
    import_id = new_id()
    await refusals.add_import(
        tx, import_id=import_id, name=order.name, scope=order.scope, reason=order.reason, by=order.by.id
    )
    return ListImport(
        id=import_id,
        name=order.name,
        scope=order.scope.value,
        started_at=tx.now,
        finished_at=None,
        imported_by=order.by.id,
        rows_read=0,
        added=0,
        known=0,
        invalid=0,
        invalid_rows=(),
    )


async def _take_batch(
    tx: Transaction,
    report: ListImport,
    phones: list[str],
    invalid: list[InvalidRow],
    order: ListOrder,
    journal: OptOutJournal,
    *,
    rows: int,
) -> ListImport:
    await ledger.lock_persons_alone(tx, phones)
    put = refusals.put_on_global_list if tx.tenant_id is None else refusals.put_on_list
    reason = f"{order.reason} (list {order.name})"
    added = sorted(await put(tx, phones, scope=order.scope, reason=reason, by=order.by.id, import_id=report.id))
    await asyncio.gather(
        *(
            write_to_journal(tx, journal, LedgerEvent.LISTED, phone_e164=phone, sender_e164="", scope=order.scope.value)
            for phone in added
        )
    )
    if tx.tenant_id is not None and added:
        about = {"reason": order.reason, "list": order.name, "import": str(report.id), "by": order.by.id}
        await ledger.add_many_to_ledger(
            tx,
            [
                ledger.Entry(event=LedgerEvent.LISTED, phone_e164=phone, scope=order.scope.value, metadata=about)
                for phone in added
            ],
        )
    so_far = replace(
        report,
        rows_read=report.rows_read + rows,
        added=report.added + len(added),
        known=report.known + rows - len(invalid) - len(added),
        invalid=report.invalid + len(invalid),
        invalid_rows=(*report.invalid_rows, *invalid)[:MAX_INVALID_ROWS],
    )
    await refusals.record_import(tx, so_far)
    return so_far


async def _finish(tx: Transaction, report: ListImport, order: ListOrder) -> ListImport:
    done = replace(report, finished_at=tx.now)
    await refusals.record_import(tx, done)
    tx.announce(ListImported(import_id=done.id, scope=done.scope, added=done.added, invalid=done.invalid))
    counts = {"rows": done.rows_read, "added": done.added, "known": done.known, "invalid": done.invalid}
    await audit.write_entry(
        tx,
        actor=order.by,
        action="consent.list_imported",
        subject=f"import:{done.id}",
        details={"name": order.name, "scope": order.scope.value, **counts},
    )
    return done
