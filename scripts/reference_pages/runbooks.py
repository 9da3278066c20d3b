"""The pages of operations: every runbook for reading, and the lists of runbooks, checks, remedies and drills."""

from __future__ import annotations

import re

from frontdesk.operations.checking.registry import all_checks, all_remedies
from frontdesk.operations.drills import all_breaks
from frontdesk.operations.runbooks import Runbook, library
from scripts.reference_pages.markdown import GENERATED, page, table

_LINK = re.compile(r"\[([^\]]+)\]\(((?:check|do|expect):[a-z0-9_.]+)(?:\?[^)\s]*)?\)")
INTRODUCTION = """
A runbook is a page that a person reads and the program runs: `frontdesk runbook find WORDS`, `frontdesk runbook
diagnose NAME`, `frontdesk runbook run NAME`. `frontdesk drill NAME` breaks a throwaway installation and lets the page
repair it.
"""


def render_runbooks() -> dict[str, str]:
    """Make docs/operations, by path below docs/reference."""
    return {f"../operations/{slug}.md": _readable(one) for slug, one in library().items()}


def render_operations() -> str:
    """Make the page that lists what keeps an installation running."""
    pages = table(
        ("runbook", "severity", "when", "alerts", "sources", "drills"),
        [
            (
                f"[{one.slug}](../operations/{one.slug}.md)",
                one.severity,
                one.title,
                ", ".join(f"`{name}`" for name in one.alerts),
                "; ".join(one.sources),
                ", ".join(f"`{name}`" for name in one.drill),
            )
            for one in library().values()
        ],
    )
    checks = table(
        ("check", "what must be true", "runbook"),
        [(f"`{one.name}`", one.sentence, f"[{one.runbook}](../operations/{one.runbook}.md)") for one in all_checks()],
    )
    remedies = table(
        ("remedy", "what it does", "needs the approval of", "is told", "can be taken back"),
        [
            (
                f"`{one.name}`",
                one.sentence,
                one.approval.value,
                ", ".join(f"`{each.name}`" for each in one.parameters),
                "yes" if one.undo is not None else "",
            )
            for one in all_remedies()
        ],
    )
    breaks = table(("broken by", "what happens"), [(f"`{one.name}`", one.sentence) for one in all_breaks()])
    return page(
        "Operations",
        INTRODUCTION,
        "## Runbooks",
        pages,
        "## Checks",
        "Looked at every 15 s by one worker; `frontdesk health` shows what is wrong and since when.",
        checks,
        "## Remedies",
        remedies,
        "## What drills break",
        breaks,
    )


def _readable(one: Runbook) -> str:
    """Write a page as it is read outside the program: links into it become names."""
    title, _, rest = one.text.partition("\n")
    facts = f"Severity {one.severity}, owner {one.owner}. Run it: `frontdesk runbook run {one.slug}`."
    readable = _LINK.sub(r"\1 (`\2`)", rest)
    return f"{title}\n\n{GENERATED}\n\n{facts}\n{readable}"
