"""The program's own files as syntax trees, for tests that read them."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "frontdesk"
NOT_OURS = {
    ".git", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv",
    "__pycache__", "build", "dist", "node_modules", "var",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file of the program; `place` is its path below the package."""

    place: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Its dotted name."""
        return "frontdesk." + self.place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str:
        """The first folder or file of its place, such as `kernel`."""
        return self.place.partition("/")[0].removesuffix(".py")

    @property
    def feature(self) -> str | None:
        """The feature it belongs to, if any."""
        parts = self.place.split("/")
        return parts[1] if parts[0] == "features" and len(parts) > 2 else None

    @property
    def is_queries(self) -> bool:
        """Whether it is the place for the SQL of a feature, or of a room of operations."""
        parts = self.place.split("/")
        inside = parts[0] in {"features", "operations"} and len(parts) > 2
        return inside and parts[2] in {"queries.py", "queries"}


@cache
def sources() -> tuple[Source, ...]:
    """Read every Python file of the program."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Source(path.relative_to(PACKAGE).as_posix(), text, ast.parse(text)))
    return tuple(found)


def functions(tree: ast.AST) -> Iterator[Function]:
    """List every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """List every string that is not a docstring."""
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks:
            yield node


def our_files(*endings: str) -> Iterator[Path]:
    """List the repository's own files with one of `endings` (all when none is given), without what tools made."""
    for folder, folders, names in os.walk(ROOT):
        below = Path(folder).relative_to(ROOT).as_posix()
        folders[:] = sorted(
            name for name in folders if name not in NOT_OURS and f"{below}/{name}" != "src/frontdesk/web/static/build"
        )
        if below == "src/frontdesk/web/static":
            folders[:] = [name for name in folders if name != "build"]
        for name in sorted(names):
            if not endings or name.endswith(endings):
                yield Path(folder) / name


def listed(offenders: list[str]) -> str:
    """Write offenders one per line, as an assertion's message."""
    return "\n" + "\n".join(offenders)


WRITES_SQL = re.compile(
    r"^\s*with\s+\w+\s+as\s*\(|^\s*\(?select\b|\(\s*select\b[\s\S]{1,4000}?\bfrom\b|\binsert\s+into\s+\w+\s*(\(|as|select)"
    r"|\bdelete\s+from\s+\w|\bupdate\s+\w+(\s+as\s+\w+)?\s+set\s+\w+\s*="
)
