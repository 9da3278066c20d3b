"""Whether the audit log is what was written, all access of a breach is ended, and no secret is half exchanged."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.kernel.auth import LoginLimits
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.custody import queries
from frontdesk.operations.custody.model import ANCHORS, PLATFORM

BEHIND_SECONDS = 600.0
MANY_FAILED, NEARLY_ALL = 30, 0.8  # an address has used up its tries; everybody nearly has
ROTATION_TIME = timedelta(hours=24)  # both secrets are accepted for a day at most


async def _audit_is_unbroken(tx: Transaction) -> Finding:
    broken = await queries.list_broken(tx)
    if not broken:
        return Finding(severity=Severity.OK, words="every audit log is what was written, as far as it is verified")
    first = broken[0]
    words = f"the audit log of {_whose(first.whose)} is broken at entry {first.broken.seq}: {first.broken.damage}"
    if first.whose == ANCHORS:
        words = f"the journal of heads outside the database is damaged ({first.broken.damage})"
    if len(broken) > 1:
        words += f"; {len(broken)} are broken"
    evidence: dict[str, object] = {
        "broken": [
            {"whose": one.whose, "entry": one.broken.seq, "damage": one.broken.damage, "evidence": one.broken.evidence}
            for one in broken
        ]
    }
    return Finding(severity=Severity.CRITICAL, words=words, value=len(broken), evidence=evidence)


def _whose(whose: str) -> str:
    return "the platform" if whose == PLATFORM else f"business {whose}"


async def _chains_are_verified(tx: Transaction) -> Finding:
    behind = await queries.measure_behind(tx)
    if behind is None:
        return Finding(severity=Severity.INFO, words="no audit log has been verified yet: is a worker running?")
    severity = Severity.OK if behind <= BEHIND_SECONDS else Severity.WARNING
    return Finding(severity=severity, words=f"audit logs were last verified {behind:.0f} s ago", value=behind)


async def _people_get_in(tx: Transaction) -> Finding:
    limits = LoginLimits()
    tries = await queries.get_tries(tx, within=limits.window)
    severity = Severity.OK if tries.failed < MANY_FAILED else Severity.WARNING
    if tries.failed >= NEARLY_ALL * limits.overall:
        severity = Severity.CRITICAL
    minutes = limits.window.total_seconds() / 60
    words = f"{tries.failed} logins of the last {minutes:.0f} minutes failed, from {tries.addresses} addresses"
    return Finding(severity=severity, words=words, value=tries.failed, evidence={"succeeded": tries.succeeded})


async def _rotations_are_finished(tx: Transaction) -> Finding:
    rotations = await queries.list_rotations(tx)
    late = [one.name for one in rotations if tx.now - one.since_at > ROTATION_TIME]
    if late:
        words = f"an old secret beside the new one is set for more than a day: {', '.join(late)}"
        return Finding(severity=Severity.WARNING, words=words, value=len(late), evidence={"settings": late})
    if rotations:
        words = f"{', '.join(one.name for one in rotations)} is being exchanged: old and new are accepted"
        return Finding(severity=Severity.INFO, words=words, value=0)
    return Finding(severity=Severity.OK, words="every secret has one value", value=0)


async def _access_is_closed(tx: Transaction) -> Finding:
    breach = await queries.find_breach(tx)
    if breach is None:
        return Finding(severity=Severity.OK, words="no breach is declared", value=0)
    doors = await queries.get_open_doors(tx, before=breach.declared_at)
    count = doors.sessions + doors.tokens
    since = f"since the breach of {breach.declared_at:%d %b %H:%M} UTC"
    if count:
        words = f"{doors.sessions} sessions and {doors.tokens} API tokens have not been ended {since}"
        return Finding(severity=Severity.CRITICAL, words=words, value=count, evidence={"reason": breach.reason})
    return Finding(severity=Severity.INFO, words=f"all access was renewed {since}; close it when all is done", value=0)


CHECKS: tuple[Check, ...] = (
    Check(
        name="custody.people_get_in",
        sentence="Fewer than 30 logins failed in the last 15 minutes",
        runbook="sign-in-failing",
        look=_people_get_in,
    ),
    Check(
        name="custody.audit_is_unbroken",
        sentence="The audit log is what was written: nothing changed, missing, moved or cut off",
        runbook="audit-broken",
        look=_audit_is_unbroken,
    ),
    Check(
        name="custody.chains_are_verified",
        sentence="Audit logs are verified all the time",
        runbook="audit-broken",
        look=_chains_are_verified,
    ),
    Check(
        name="custody.access_is_closed",
        sentence="After a breach nothing opens that opened before it",
        runbook="breach",
        look=_access_is_closed,
    ),
    Check(
        name="custody.rotations_are_finished",
        sentence="No secret has an old value beside the new one for more than a day",
        runbook="secret-rotation",
        look=_rotations_are_finished,
    ),
)
