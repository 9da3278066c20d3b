"""Figures of a run: percentiles, memory, and how they are printed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def percentile(values: Sequence[float], share: float) -> float:
    """Tell the smallest value that at least `share` (0..1) of all values do not exceed; 0 without values."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def latencies_ms(seconds: Sequence[float], *, prefix: str = "") -> dict[str, float]:
    """Summarise durations as milliseconds: p50, p95, p99 and the largest."""
    return {
        f"{prefix}p50_ms": round(percentile(seconds, 0.50) * 1000, 2),
        f"{prefix}p95_ms": round(percentile(seconds, 0.95) * 1000, 2),
        f"{prefix}p99_ms": round(percentile(seconds, 0.99) * 1000, 2),
        f"{prefix}max_ms": round(max(seconds, default=0.0) * 1000, 2),
    }


def peak_rss_mib(pid: int) -> float:
    """Read the largest resident memory a process has had, in MiB; 0 where the system does not tell."""
    try:
        found = _PEAK.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    except OSError:
        return 0.0
    return round(int(found.group(1)) / 1024, 1) if found else 0.0


def cpu_seconds(pid: int) -> float:
    """Tell the seconds of CPU that a process and its ended children have used; 0 for one that is gone."""
    import psutil

    try:
        process = psutil.Process(pid)
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    except psutil.Error:
        return 0.0
    return sum(one.user + one.system for one in times)


def show_figures(title: str, figures: Mapping[str, object]) -> None:
    """Print figures for people."""
    from frontdesk.cli.output import console, show_facts

    console().print(f"[bold]{title}[/bold]")
    show_facts({name.replace("_", " "): value for name, value in figures.items()})
