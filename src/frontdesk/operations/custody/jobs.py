"""Custody by the clock: every entry of every audit log is verified each night."""

from __future__ import annotations

from frontdesk.kernel import actor
from frontdesk.kernel.db import Database
from frontdesk.kernel.jobs import RunContext, Workflows
from frontdesk.kernel.settings import Settings
from frontdesk.operations.custody.rotating import finish_rotation
from frontdesk.operations.custody.verifying import Custodian

VERIFY = "custody.verify_whole.v1"
FINISH = "custody.finish_rotation.v1"
NIGHTLY = "40 3 * * *"


def add_custody_workflows(workflows: Workflows, custodian: Custodian, *, system: Database, settings: Settings) -> None:
    """Register the nightly verification at 03:40 UTC, and the end of an exchange of keys on order.

    The verification waits its turn behind whoever verifies at that moment.
    """

    @workflows.workflow(VERIFY, concurrency=1)
    async def verify_all(run: RunContext) -> None:
        await run.call("verify", custodian.verify_whole)

    @workflows.workflow(FINISH, concurrency=1)
    async def finish(run: RunContext) -> None:
        await run.call("finish", lambda: finish_rotation(system, settings, by=actor.system("custody")))

    workflows.schedule("custody.nightly", workflow=VERIFY, expression=NIGHTLY)
