"""Verifying the audit chains: what is new at once, the rest again and again, all of it against the anchors."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.audit import AnchorBook, AnchorReading, Broken, ChainHead, Damage
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry import get_logger
from frontdesk.operations.custody import queries
from frontdesk.operations.custody.evidence import keep_evidence
from frontdesk.operations.custody.model import ANCHORS, Break, Verification, name_of, tenant_of

NEW_AT_ONCE = 5_000
PATROL = 1_000  # about 40 ms of work: a million entries are looked at again every few hours
AGAIN_SECONDS = 0.5
OTHERS = 8  # chains without news that are looked at in one turn
ANCHOR_EVERY = timedelta(hours=6)

log = get_logger("custody")


class Custodian:
    """Verifies every chain of an installation; `folder` takes the evidence."""

    def __init__(self, system: Database, book: AnchorBook, *, folder: Path) -> None:
        self._system = system
        self._book = book
        self._folder = folder
        self._reading: AnchorReading | None = None
        self._read_at: datetime | None = None

    async def verify_once(self, *, whole: bool = False) -> int | None:
        """Verify what is new of every chain and a stretch of what is old; returns how many are broken.

        `whole` looks at every entry. None while another process does so this moment.
        """
        async with self._system.transaction() as turn:
            if not await queries.take_turn(turn):
                return None
            found, reading = await self._read_anchors(turn.now, again=whole)
            known = {one.whose: one for one in await queries.list_verifications(turn)}
            ends = dict(await queries.list_chains(turn))
            anchors = known.pop(ANCHORS, Verification(whose=ANCHORS))
            everyone = {*ends, *reading.tenants_of("audit"), *map(tenant_of, known)}
            broken = await self._look_at_anchors(anchors, found, kept=len(reading.anchors))
            for tenant_id in everyone if whole else _whose_turn(everyone, ends, known):
                before = known.get(name_of(tenant_id)) or Verification(whose=name_of(tenant_id))
                broken += await self._look_at(before, tenant_id, reading, whole=whole)
        return broken

    async def verify_whole(self) -> int:
        """Verify every entry, after whoever verifies at this moment; returns how many chains are broken."""
        while (broken := await self.verify_once(whole=True)) is None:
            await self._system.clock.sleep(AGAIN_SECONDS)
        return broken

    async def _read_anchors(self, now: datetime, *, again: bool) -> tuple[AnchorReading, AnchorReading]:
        """Read the heads as they were found, and as they are once those of today are noted."""
        if self._reading is not None and self._read_at is not None and not again and now - self._read_at < ANCHOR_EVERY:
            return self._reading, self._reading
        found = await asyncio.to_thread(self._book.read)
        await self._note_heads()
        self._reading, self._read_at = await asyncio.to_thread(self._book.read), now
        return found, self._reading

    async def _note_heads(self) -> None:
        try:
            async with self._system.transaction() as tx:
                await self._book.note_heads(tx)
        except Refused as refused:
            log.error("custody.heads_not_noted", code=refused.code)  # noqa: TRY400 - the reason is the disk's

    async def _look_at(
        self, before: Verification, tenant_id: UUID | None, reading: AnchorReading, *, whole: bool
    ) -> int:
        """Look at one chain and keep what was seen; a broken one stays so until a person has acknowledged it."""
        if before.broken is not None:
            return 1
        anchors = reading.of("audit", tenant_id, since=before.resumed_at)
        async with self._system.transaction() as tx:
            seen = await _verify(tx, before, tenant_id, anchors, whole=whole)
            if seen.broken is not None:
                evidence = await self._keep(tx, tenant_id, seen.broken.seq)
                seen = replace(seen, broken=replace(seen.broken, evidence=evidence))
                log.critical("custody.audit_broken", whose=seen.whose, entry=seen.broken and seen.broken.seq)
            await queries.put_verification(tx, seen)
        return int(seen.broken is not None)

    async def _keep(self, tx: Transaction, tenant_id: UUID | None, seq: int) -> str:
        try:
            return str(await keep_evidence(tx, self._folder, tenant_id=tenant_id, seq=seq))
        except OSError as error:
            log.error("custody.evidence_not_kept", error=error)  # noqa: TRY400 - the reason is the disk's
            return ""

    async def _look_at_anchors(self, before: Verification, found: AnchorReading, *, kept: int) -> int:
        """Look whether the journal of heads is what was written: no line changed, none gone."""
        if before.broken is not None:
            return 1
        count, wrong = len(found.anchors), len(found.damage)
        seen, accepted = (0 if one is None else one.seq for one in (before.verified, before.resumed))
        async with self._system.transaction() as tx:
            damage = Damage.CHANGED if wrong > accepted else Damage.MISSING if count < seen else None
            broken = None if damage is None else Break(seq=count, damage=damage.value, at=tx.now, evidence="")
            if broken is not None:
                log.critical("custody.anchors_damaged", damage=broken.damage, lines=list(found.damage)[:5])
            verified = before.verified if broken else _count(kept)
            await queries.put_verification(tx, replace(before, verified=verified, verified_at=tx.now, broken=broken))
        return int(broken is not None)


async def acknowledge_break(tx: Transaction, book: AnchorBook, *, whose: str, by: Actor, reason: str) -> Break:
    """Write down in the chain itself that a person knows of its break; verification goes on behind that entry.

    The transaction is that of the chain's tenant. Nothing is repaired, and an export of the chain still shows it.
    Refuses `custody.not_broken` (409).
    """
    before = await queries.find_verification(tx, whose=whose)
    if before is None or before.broken is None:
        raise Refused("custody.not_broken", "No break was found there that nobody has acknowledged.", status=409)
    broken = before.broken
    await audit.write_entry(
        tx,
        actor=by,
        action="custody.break_acknowledged",
        subject=f"chain:{whose}",
        details={"entry": broken.seq, "damage": broken.damage, "evidence": broken.evidence, "reason": reason},
    )
    if whose == ANCHORS:
        reading = await asyncio.to_thread(book.read)
        kept = _count(len(reading.anchors))
        after = replace(before, verified=kept, resumed=_count(len(reading.damage)))
    else:
        head = await audit.find_head(tx, chain="audit", tenant_id=tx.tenant_id)
        after = replace(before, verified=head, patrolled=head, resumed=head)
    await queries.put_verification(
        tx,
        replace(
            after,
            resumed_at=tx.now,
            verified_at=tx.now,
            broken=None,
            acknowledged_breaks=before.acknowledged_breaks + 1,
        ),
    )
    return broken


def _whose_turn(
    everyone: Collection[UUID | None], ends: Mapping[UUID | None, int], known: Mapping[str, Verification]
) -> list[UUID | None]:
    """Choose the chains that have changed, and of the others those that have not been looked at for longest."""

    def looked_at(tenant_id: UUID | None) -> datetime:
        one = known.get(name_of(tenant_id))
        return datetime.min.replace(tzinfo=UTC) if one is None or one.verified_at is None else one.verified_at

    def is_as_it_was(tenant_id: UUID | None) -> bool:
        one = known.get(name_of(tenant_id))
        return one is not None and one.verified is not None and one.verified.seq == ends.get(tenant_id)

    oldest = sorted(filter(is_as_it_was, everyone), key=looked_at)[:OTHERS]
    return [*(one for one in everyone if not is_as_it_was(one)), *oldest]


async def _verify(
    tx: Transaction,
    before: Verification,
    tenant_id: UUID | None,
    anchors: Sequence[ChainHead],
    *,
    whole: bool,
) -> Verification:
    """Verify what is new, then a stretch of what is old, from the resumed link on, round and round."""
    after, limit = (before.resumed, None) if whole else (before.verified, NEW_AT_ONCE)
    newest = await audit.verify_stretch(tx, tenant_id=tenant_id, after=after, limit=limit, anchors=anchors)
    if isinstance(newest.state, Broken):
        return _broken(before, newest.state, tx.now)
    seen = replace(before, verified=newest.state.head, verified_at=tx.now)
    if whole:
        return replace(seen, patrolled=before.resumed, whole_at=tx.now)
    old = await audit.verify_stretch(tx, tenant_id=tenant_id, after=before.patrolled, limit=PATROL, anchors=anchors)
    if isinstance(old.state, Broken):
        return _broken(seen, old.state, tx.now)
    if old.at_end:
        return replace(seen, patrolled=before.resumed, whole_at=tx.now)
    return replace(seen, patrolled=old.state.head)


def _broken(before: Verification, found: Broken, now: datetime) -> Verification:
    return replace(before, broken=Break(seq=found.seq, damage=found.damage.value, at=now, evidence=""))


def _count(number: int) -> ChainHead | None:
    return ChainHead(number, b"") if number else None
