"""What must be true after a release: one version runs, and the database has the shape that it expects."""

from __future__ import annotations

from functools import cache

from frontdesk.kernel.db import Transaction
from frontdesk.kernel.upkeep import Check, Finding, Severity
from frontdesk.operations.releases import queries
from frontdesk.schema.migrate import head_revision

newest = cache(head_revision)


async def _one_version_runs(tx: Transaction) -> Finding:
    versions = await queries.list_versions(tx)
    shown = ", ".join(f"{count} of {version or 'an unknown version'}" for version, count in versions.items())
    return Finding(
        severity=Severity.OK if len(versions) <= 1 else Severity.WARNING,
        words=f"processes run: {shown or 'none'}",
        value=len(versions),
        evidence={"versions": versions},
    )


async def _schema_is_whole(tx: Transaction) -> Finding:
    revision, wanted = await queries.find_revision(tx), newest()
    evidence: dict[str, object] = {"revision": revision, "program": wanted}
    if revision is None or revision < wanted:
        words = f"the database is at revision {revision or 'none'}, this program needs {wanted}: `frontdesk migrate`"
        return Finding(severity=Severity.CRITICAL, words=words, evidence=evidence)
    unfinished = await queries.list_invalid(tx)
    if unfinished:
        words = f"a migration was begun and not finished: {', '.join(unfinished)}"
        return Finding(severity=Severity.CRITICAL, words=words, value=len(unfinished), evidence=evidence)
    if revision > wanted:
        words = f"the database is at revision {revision}, ahead of this program, which runs on it all the same"
        return Finding(severity=Severity.INFO, words=words, evidence=evidence)
    return Finding(severity=Severity.OK, words=f"the database is at revision {revision}", evidence=evidence)


CHECKS: tuple[Check, ...] = (
    Check(
        name="releases.one_version_runs",
        sentence="Web and worker processes are all of one version",
        runbook="deployment",
        look=_one_version_runs,
    ),
    Check(
        name="releases.schema_is_whole",
        sentence="The database has the shape that this program expects, and nothing of it is half made",
        runbook="migration-wrong",
        look=_schema_is_whole,
    ),
)
