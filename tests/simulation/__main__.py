"""Run seeded worlds from the command line: `python -m tests.simulation --seeds 2000 --json`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from tests.simulation.simulation import Simulation, Summary, Verdict
from tests.support.database import SERVER_ADDRESS, clone_of, migrated_template, server_for_the_run


def main() -> int:
    """Run the worlds and print what they came to; 1 if an invariant was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="how many worlds")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--log", action="store_true", help="print every step of the worlds")
    given = parser.parse_args()
    with server_for_the_run():
        summary = run_worlds(
            range(given.first_seed, given.first_seed + given.seeds), loud=not given.json, log=given.log
        )
    sys.stdout.write(summary.as_json() + "\n")
    return 1 if summary.failed else 0


def run_worlds(seeds: range, *, loud: bool, log: bool) -> Summary:
    """Run worlds on a database of their own."""
    address = os.environ[SERVER_ADDRESS]
    lending = clone_of(address, asyncio.run(migrated_template(address)))
    with asyncio.Runner() as runner:
        url = runner.run(lending.__aenter__())
        simulation = Simulation(url)
        try:
            if log:
                for seed in seeds:
                    sys.stdout.write("\n".join(simulation.live(seed, keep_log=True).log) + "\n")
            return simulation.run(seeds, tell=_tell if loud else lambda _verdict: None)
        finally:
            simulation.close()
            runner.run(lending.__aexit__(None, None, None))


def _tell(verdict: Verdict) -> None:
    for violation in verdict.violations:
        sys.stdout.write(f"seed {verdict.seed} ({verdict.plan.theme}): {violation}\n")


if __name__ == "__main__":
    raise SystemExit(main())
