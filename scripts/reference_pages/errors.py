"""The page of codes: refusals with what they say, and the reasons for which a text does not leave."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import frontdesk
from scripts.reference_pages.markdown import page, table
from scripts.reference_pages.reasons import ANSWERS, REASONS

PACKAGE = Path(frontdesk.__file__).parent
CODE = re.compile(r"^[a-z_]+\.[a-z_]+$")
# Where reasons are given, and how such a reason looks.
REASON_FILES = (
    "features/campaigns/rehearsal.py",
    "features/campaigns/service/making.py",
    "features/campaigns/service/running.py",
    "features/consent/law/judging.py",
    "features/delivery/gates.py",
    "features/delivery/queries/restored.py",
    "features/delivery/retry.py",
    "features/delivery/service/reconciling.py",
    "features/senders/model.py",
    "features/textback/model/answers.py",
    "features/textback/service.py",
)
REASON = re.compile(r"^(budget|campaign|consent|contacts|delivery|law|senders|textback)\.[a-z_]+$")
ALLOWED = "law.allowed"
NOT_REASONS = {"template", "action", "key", "cause"}
ANSWERING = {"_answer", "_tell", "problem_body"}

REFUSALS = """
## Refusals

"Cannot do what you asked" is answered with problem+json: `code` is stable, `detail` says what to do.
"""
FAULTS = """
## Answers below the API

Given where a request never reaches a route, and by the command line (`{"error": {"code", "message"}}` with `--json`).
"""
WHY_NOT = """
## Why a text waits or does not leave

Stored with every decision in `send_decisions.code`, and on the job in `send_jobs.failure_code`. *Hold*: looked at again
by itself. *Bar* and *drop*: final. Where a carrier refuses, `failure_code` is the carrier's own code.
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One place that refuses."""

    code: str
    status: str
    message: str


@cache
def _trees() -> Sequence[tuple[str, ast.Module]]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def text_of(node: ast.expr) -> str:
    """Read a text as people see it, with dots for what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(text_of(value) if isinstance(value, ast.Constant) else "…" for value in values)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return text_of(left) + text_of(right)
        case _:
            return "…"


def _is_refusal(node: ast.Call) -> bool:
    return (isinstance(node.func, ast.Name) and node.func.id == "Refused") or (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "__init__"
        and bool(node.args)
        and bool(CODE.match(text_of(node.args[0])))
    )


def refusals() -> list[Refusal]:
    """List every refusal of the program."""
    found = set()
    for _, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_refusal(node) and CODE.match(text_of(node.args[0])):
                status = next((ast.unparse(one.value) for one in node.keywords if one.arg == "status"), "400")
                found.add(Refusal(text_of(node.args[0]), status, text_of(node.args[1]) if len(node.args) > 1 else "…"))
    return sorted(found, key=lambda one: (one.code, one.message))


def unnamed_refusals() -> list[str]:
    """List the places that refuse with a code that cannot be read here."""
    return [
        f"{place}: {ast.unparse(node)[:100]}"
        for place, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Refused"
        and not CODE.match(text_of(node.args[0]))
    ]


def answers() -> set[str]:
    """List the codes that are answered without a refusal: by the edge, by webhooks, by the command line."""
    found: set[str] = set()
    for place, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ANSWERING:
                found |= {text_of(one) for one in node.args if CODE.match(text_of(one))}
            elif isinstance(node, ast.Assign) and place.startswith("web/"):
                found |= {
                    one for one in map(_constant, ast.walk(node.value)) if re.match(r"(web|webhooks)\.[a-z_]+$", one)
                }
            elif isinstance(node, ast.JoinedStr) and place.startswith("web/"):
                found |= set(re.findall(r'"code":"([a-z_]+\.[a-z_]+)"', text_of(node)))
    return found


def _constant(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def reasons() -> set[str]:
    """List every reason for which a text waits, is dropped or barred; `…` stands for what is filled in."""
    found = set()
    for place, tree in _trees():
        if place not in REASON_FILES:
            continue
        other = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and node.arg in NOT_REASONS
            for inner in ast.walk(node.value)
        }
        refused = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and _is_refusal(node)
            for inner in node.args
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in other | refused:
                text = text_of(node)
                if REASON.match(text.removesuffix("…")) and "." in text and text != ALLOWED:
                    found.add(text)
    return {one for one in found if not any(other != one and other.removesuffix("…") == one for other in found)}


def render_errors() -> str:
    """Make the page."""
    told = [(f"`{one.code}`", one.status, one.message) for one in refusals()]
    unsaid = answers() - {one.code for one in refusals()}
    if missing := sorted((unsaid - set(ANSWERS)) | (reasons() - set(REASONS))):
        raise LookupError(f"scripts/reference_pages/reasons.py says nothing of {', '.join(missing)}")
    below = [(f"`{code}`", ANSWERS[code]) for code in sorted(unsaid)]
    why = [(f"`{code}`", *REASONS[code]) for code in sorted(reasons())]
    return page(
        "Codes",
        f"{REFUSALS}\n{table(('code', 'status', 'says'), told)}",
        f"{FAULTS}\n{table(('code', 'means'), below)}",
        f"{WHY_NOT}\n{table(('code', 'verdict', 'means'), why)}",
    )
