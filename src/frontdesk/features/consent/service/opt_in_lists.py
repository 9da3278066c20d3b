"""Consents in number, as another program kept them: recorded in sets, each with its evidence, each once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from frontdesk.features import contacts
from frontdesk.features.consent.events import ConsentChanged
from frontdesk.features.consent.model import InvalidRow, LedgerEvent, OptIn, missing_of, sha256_of
from frontdesk.features.consent.queries import ledger, opt_ins
from frontdesk.features.consent.service.opt_ins import checked_opt_in, evidence_of
from frontdesk.features.consent.sheets import ListedOptIn, read_opt_in
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

BATCH = 1_000  # people locked at once; the chain's head is held as long
MAX_INVALID_ROWS = 1_000  # kept by name; all are counted
_canonical = msgspec.json.Encoder(order="deterministic")

OpenTransaction = Callable[[], AbstractAsyncContextManager[Transaction]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptInReport:
    """What became of a list: rows that were new, known or no consents, and what the kept ones lack for marketing."""

    rows_read: int = 0
    added: int = 0
    known: int = 0
    incomplete: int = 0
    invalid: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    invalid_rows: tuple[InvalidRow, ...] = ()


async def record_many(tx: Transaction, given: Sequence[OptIn], *, by: Actor) -> int:
    """Put consents on record with their evidence; returns how many are new.

    A consent is known by all of its evidence (its source key), so that a list read again adds nothing, and what was
    taken back stays so. One that lacks evidence is kept and permits no marketing; none lifts a refusal. Refuses the
    whole set as `record_opt_in` refuses one.
    """
    fresh: dict[str, opt_ins.NewOptIn] = {}
    for one in given:
        checked = checked_opt_in(tx, one, "")
        key = key_of(checked)
        if key not in fresh:
            fresh[key] = opt_ins.NewOptIn(
                id=new_id(),
                opt_in=checked,
                text_sha256=sha256_of(checked.text_shown),
                missing=missing_of(checked),
                source_key=key,
                recorded_by=by.id,
            )
    if not fresh:
        return 0
    await ledger.lock_persons_alone(tx, [one.opt_in.phone_e164 for one in fresh.values()])
    added = await opt_ins.add_opt_ins(tx, list(fresh.values()), by=by.id)
    new = [one for one in fresh.values() if one.id in added]
    if new:
        await ledger.add_many_to_ledger(tx, [_entry(one) for one in new])
    for about in (one.opt_in for one in new):
        scope, event = about.scope.value, LedgerEvent.OPT_IN.value
        tx.announce(ConsentChanged(phone_e164=about.phone_e164, event_type=event, scope=scope))
    return len(new)


def key_of(opt_in: OptIn) -> str:
    """Make the source key of a consent from all of its evidence."""
    return "evidence:" + hashlib.sha256(_canonical.encode(opt_in)).hexdigest()


async def import_opt_ins(
    open_transaction: OpenTransaction,
    rows: Iterable[ListedOptIn],
    *,
    usual: OptIn,
    country: str,
    name: str,
    by: Actor,
    progress: Callable[[OptInReport], None] | None = None,
) -> OptInReport:
    """Record the consents of a list; what a row does not say is taken from `usual`, and what is none is named.

    Batches of 1,000 commit one by one: what was read is on record even if the import dies; done again, it adds what
    is missing. `country` (ISO 3166) reads numbers without a plus.
    """
    report, waiting = OptInReport(), iter(rows)
    while batch := await asyncio.to_thread(lambda: list(islice(waiting, BATCH))):
        async with open_transaction() as tx:
            given, invalid = _read(tx, batch, usual=usual, country=country)
            added = await record_many(tx, given, by=by)
        report = _add(report, given, invalid, added=added)
        if progress is not None:
            progress(report)
    async with open_transaction() as tx:
        counts = {"rows": report.rows_read, "added": report.added, "known": report.known, "invalid": report.invalid}
        subject = f"tenant:{tx.tenant}"
        await audit.write_entry(
            tx, actor=by, action="consent.opt_ins_imported", subject=subject, details={"name": name, **counts}
        )
    return report


def _read(
    tx: Transaction, rows: Sequence[ListedOptIn], *, usual: OptIn, country: str
) -> tuple[list[OptIn], list[InvalidRow]]:
    found: list[OptIn] = []
    invalid: list[InvalidRow] = []
    for row in rows:
        try:
            phone = contacts.parse_phone(row.cells.get("phone", ""), country).e164
            found.append(checked_opt_in(tx, read_opt_in(row, phone_e164=phone, usual=usual), ""))
        except Refused as refusal:
            invalid.append(InvalidRow(line=row.line, code=refusal.code, message=refusal.message))
    return found, invalid


def _add(report: OptInReport, given: Sequence[OptIn], invalid: Sequence[InvalidRow], *, added: int) -> OptInReport:
    lacking = [lacks for one in given if (lacks := missing_of(one))]
    missing = Counter(report.missing)
    for lacks in lacking:
        missing.update(lacks)
    return OptInReport(
        rows_read=report.rows_read + len(given) + len(invalid),
        added=report.added + added,
        known=report.known + len(given) - added,
        incomplete=report.incomplete + len(lacking),
        invalid=report.invalid + len(invalid),
        missing=dict(missing.most_common()),
        invalid_rows=(*report.invalid_rows, *invalid)[:MAX_INVALID_ROWS],
    )


def _entry(new: opt_ins.NewOptIn) -> ledger.Entry:
    about = {"id": str(new.id), "opt_in": evidence_of(new.opt_in), "missing": list(new.missing)}
    return ledger.Entry(
        event=LedgerEvent.OPT_IN, phone_e164=new.opt_in.phone_e164, scope=new.opt_in.scope.value, metadata=about
    )
