"""PgQueuer, the queue under the runs: its names are fixed here, whatever the environment says."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import Driver

from frontdesk.kernel.db import Tx
from frontdesk.kernel.jobs.queries import Requeued

CHANNEL = Channel("ch_pgqueuer")


def queue_names() -> DBSettings:
    """Name every object of the queue, because PgQueuer would otherwise take names from variables like CHANNEL."""
    return DBSettings(
        prefix="",
        db_schema=None,
        channel=CHANNEL,
        function="fn_pgqueuer_changed",
        statistics_table="pgqueuer_statistics",
        queue_status_type="pgqueuer_status",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        trigger="tg_pgqueuer_changed",
        schedules_table="pgqueuer_schedules",
        durability=Durability.durable,
    )


def queue_over(driver: Driver) -> Queries:
    """Build PgQueuer's own repository over a connection of ours."""
    names = queue_names()
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(names),
        qbq=QueryQueueBuilder(names),
        qbs=QuerySchedulerBuilder(names),
    )


ENQUEUE = QueryQueueBuilder(queue_names()).build_enqueue_query("skip")


async def enqueue(tx: Tx, *, place: Requeued) -> None:
    """Put a run into the queue, in the caller's transaction; workers are woken by its commit."""
    key = f"{place.run_id}/{place.enqueued}"
    await tx.fetch(ENQUEUE, [0], [place.workflow], [key.encode()], [timedelta(0)], [key], [None])


def read_place(payload: bytes | None) -> tuple[UUID, int] | None:
    """Read from a queue row which run it stands for, and as which place of it."""
    try:
        run_id, _, enqueued = (payload or b"").decode("ascii").partition("/")
        return UUID(run_id), int(enqueued)
    except ValueError:
        return None
