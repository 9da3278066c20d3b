"""The same drain by us, by graphile-worker and by BullMQ, side by side: same machine, same PostgreSQL, same stub.

Per text all read the person and the opt-out, write the message, make one POST that the stub answers after 20 ms, and
record the result. Ours passes every gate on top of that and stores the decision. Rounds alternate, so that whatever
else the machine does slows all; the stub counts and times the POSTs of all. Needs Node >= 20 and npm; BullMQ needs
redis-server, which is installed by apt-get for root, and is left out by name where it cannot be had.

Usage: python benchmarks/compare_drain.py [--jobs 20000] [--workers 2] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from drain_peers import BullMq, GraphileWorker, NotHere, drain, fresh_database, on_database

from frontdesk.cli.bench.callers import MAX_CALLERS
from frontdesk.cli.bench.drain import run_drain
from frontdesk.kernel.postgres import EmbeddedPostgres
from frontdesk.kernel.telemetry import configure_logging

OURS = "frontdesk"
Peers = Sequence[GraphileWorker | BullMq]


def install(peers: Peers) -> tuple[list[GraphileWorker | BullMq], dict[str, str]]:
    """Install the peers; returns those that can run here, and why the others cannot."""
    ready, missing = [], {}
    for peer in peers:
        try:
            peer.install()
        except NotHere as reason:
            missing[peer.name] = str(reason)
        else:
            ready.append(peer)
    return ready, missing


async def compare(peers: Peers, *, jobs: int, workers: int, rounds: int, concurrency: int) -> dict[str, object]:
    """Run all by turns; returns each one's median, and how many times a peer's median is ours."""
    runs: dict[str, list[dict[str, float]]] = {OURS: [], **{peer.name: [] for peer in peers}}
    home = Path(tempfile.mkdtemp(prefix="fd-compare-"))
    server = EmbeddedPostgres(home)
    try:
        url = await server.start()
        for number in range(1, rounds + 1):
            mine = await run_drain(
                jobs=jobs, workers=workers, delay_ms=20, database_url=await fresh_database(url, "ours")
            )
            runs[OURS].append({name: float(str(mine[name])) for name in ("sends_per_s", "peak_rss_mib", "violations")})
            for peer in peers:
                runs[peer.name].append(
                    await drain(
                        peer,
                        await fresh_database(url, "peer"),
                        on_database(server.tcp_dsn, "peer"),
                        jobs=jobs,
                        workers=workers,
                        concurrency=concurrency,
                    )
                )
            said = ", ".join(f"{name} {found[-1]['sends_per_s']:,.0f}/s" for name, found in runs.items())
            sys.stderr.write(f"round {number}: {said}\n")
    finally:
        await server.stop()
        shutil.rmtree(home, ignore_errors=True)
    return _summarise(runs)


def _summarise(runs: dict[str, list[dict[str, float]]]) -> dict[str, object]:
    medians = {name: statistics.median(run["sends_per_s"] for run in found) for name, found in runs.items()}
    return {
        "sends_per_s": medians,
        "ratio": {name: round(medians[OURS] / rate, 2) for name, rate in medians.items() if name != OURS},
        "peak_rss_mib": {name: max(run["peak_rss_mib"] for run in found) for name, found in runs.items()},
        "violations": int(sum(run["violations"] for found in runs.values() for run in found)),
    }


def main() -> None:
    """Parse the arguments, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=256, help="jobs in flight per worker of a peer, as ours")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.jobs > MAX_CALLERS:
        parser.error(f"at most {MAX_CALLERS} jobs")
    configure_logging(level="ERROR")
    peers, missing = install((GraphileWorker(), BullMq()))
    figures = asyncio.run(
        compare(peers, jobs=given.jobs, workers=given.workers, rounds=given.rounds, concurrency=given.concurrency)
    )
    figures = {"jobs": given.jobs, "workers": given.workers, "rounds": given.rounds, **figures, "left_out": missing}
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name}: {json.dumps(value)}")
    if figures["violations"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
