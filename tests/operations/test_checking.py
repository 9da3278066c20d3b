"""Checks tell the truth about a real database, keep since when, and cannot change anything."""

from __future__ import annotations

from datetime import timedelta

import pytest

from frontdesk.features import delivery
from frontdesk.kernel import actor
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.checking import all_checks, list_states, look_at_all, look_at_each
from frontdesk.operations.checking.registry import get_check

ADA = actor.system("cli/ada")


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.name)
async def test_every_check_can_be_looked_at(system: Database, check: Check) -> None:
    [looked] = await look_at_each(system, [check])
    assert "cannot be looked at" not in looked.finding.words
    assert looked.finding.words


async def test_a_check_that_writes_or_fails_is_critical_and_changes_nothing(system: Database) -> None:
    async def write(tx: Transaction) -> Finding:
        await delivery.pause_sending(tx, scope=delivery.Scope.GLOBAL, key="all", by=ADA, reason="a check must not")
        return Finding(severity=Severity.OK, words="written")

    [looked] = await look_at_each(system, [Check(name="a.b", sentence="s", runbook="r", look=write)])
    assert looked.finding.severity is Severity.CRITICAL
    assert "read-only transaction" in looked.finding.words
    async with system.transaction() as tx:
        assert await delivery.list_paused(tx) == []


async def test_how_a_check_stands_is_kept_with_since_when(system: Database) -> None:
    assert await look_at_all(system)

    async def standing() -> tuple[Severity, str, object]:
        async with system.transaction() as tx:
            [found] = [one for one in await list_states(tx) if one.name == "delivery.sending_is_on"]
        return found.severity, found.words, found.since_at

    well, _, well_since = await standing()
    await look_at_all(system)
    assert (well, (await standing())[2]) == (Severity.OK, well_since)
    async with system.transaction() as tx:
        await delivery.pause_sending(tx, scope=delivery.Scope.CHANNEL, key="sms", by=ADA, reason="work")
    await look_at_all(system)
    bad, words, bad_since = await standing()
    assert bad is Severity.WARNING
    assert "channel sms" in words
    assert "work" in words
    assert bad_since != well_since


async def test_only_one_process_looks_at_a_time(system: Database) -> None:
    async with system.transaction() as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtext('operations.checking'))")
        assert await look_at_all(system) is None
    assert await look_at_all(system) is not None


async def test_a_process_that_is_not_there_is_missed(system: Database) -> None:
    [missing] = await look_at_each(system, [get_check("operations.worker_runs")])
    assert missing.finding.severity is Severity.CRITICAL
    assert "frontdesk worker" in missing.finding.words
    async with system.transaction() as tx:
        await tx.execute(
            "insert into live_processes (id, kind, lock_key, started_at, lease_until)"
            " values (gen_random_uuid(), 'worker', 7, $1, $2)",
            tx.now,
            tx.now + timedelta(seconds=30),
        )
    [there] = await look_at_each(system, [get_check("operations.worker_runs")])
    assert there.finding.is_well
