"""Every runbook is proven: a throwaway installation is broken, and the page alone finds it out and repairs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from frontdesk.operations.runbooks import library

PATIENCE_SECONDS = 1800


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_SECONDS + 60)
def test_every_runbook_passes_its_drills(home: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "PYTHONPATH"}}
    told = subprocess.run(
        [sys.executable, "-m", "frontdesk", "drill", "--all", "--json", "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env=environment,
        check=False,
    )
    report = json.loads(told.stdout)
    failed = [
        f"{one['runbook']} ({one['broken_by']}): {one['words']}" for one in report["results"] if not one["passed"]
    ]
    assert not failed, failed
    assert {one["runbook"] for one in report["results"]} == set(library())
    assert told.returncode == 0
