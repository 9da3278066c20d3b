"""Seeded worlds with kills, lost replies and clock jumps: run by the simulation in the tests of a source checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

import frontdesk
from frontdesk.kernel.errors import Refused


def run_simulation(*, seeds: int, first: int) -> dict[str, object]:
    """Run `seeds` worlds from seed `first` on; refuses without a source checkout (`bench.no_sources`)."""
    root = Path(frontdesk.__file__).parents[2]
    if not (root / "tests" / "simulation" / "__main__.py").exists():
        raise Refused(
            "bench.no_sources", "the simulation is part of the tests: run this from a source checkout of Frontdesk"
        )
    command = [sys.executable, "-m", "tests.simulation", "--seeds", str(seeds), "--first-seed", str(first), "--json"]
    paths = os.pathsep.join([str(root / "src"), str(root)])
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=root, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, check=False
    )
    try:
        return msgspec.json.decode(done.stdout.strip().rpartition(b"\n")[2], type=dict[str, object])
    except msgspec.DecodeError:
        raise Refused("bench.simulation_failed", f"the simulation ended with code {done.returncode}") from None
