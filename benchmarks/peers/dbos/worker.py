"""The peer's three-step workflow: `worker.py add N` queues N of them, `worker.py work NAME` runs them until ended."""

import asyncio
import os
import signal
import sys

from dbos import DBOS

CONCURRENCY = int(os.environ.get("CONCURRENCY", "16"))
QUEUE = "texts"
POLL_SECONDS = 0.02


@DBOS.step()
async def read(number: int) -> dict[str, int]:
    """First step."""
    return {"number": number}


@DBOS.step()
async def send(found: dict[str, int]) -> dict[str, int]:
    """Second step."""
    return {"sent": found["number"]}


@DBOS.step()
async def record(sent: dict[str, int]) -> dict[str, int]:
    """Third step."""
    return {"recorded": sent["sent"]}


@DBOS.workflow()
async def text(number: int) -> dict[str, int]:
    """Three steps, each remembered."""
    return await record(await send(await read(number)))


async def add(count: int) -> None:
    """Queue the workflows, a hundred at a time."""
    for start in range(0, count, 100):
        await asyncio.gather(
            *(DBOS.enqueue_workflow_async(QUEUE, text, number) for number in range(start, min(start + 100, count)))
        )


async def work() -> None:
    """Run until a signal comes."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def main() -> None:
    """Add or work, as the first argument says."""
    verb, argument = sys.argv[1:3]
    DBOS(
        config={
            "name": "texts",
            "system_database_url": os.environ["DATABASE_URL"],
            "application_version": "1",
            "executor_id": argument,
            "sys_db_pool_size": 20,
            "log_level": "ERROR",
        }
    )
    DBOS.listen_queues([QUEUE] if verb == "work" else ["none"])

    async def run() -> None:
        DBOS.launch()
        await DBOS.register_queue_async(QUEUE, worker_concurrency=CONCURRENCY, polling_interval_sec=POLL_SECONDS)
        await (add(int(argument)) if verb == "add" else work())

    asyncio.run(run())
    DBOS.destroy()


if __name__ == "__main__":
    main()
