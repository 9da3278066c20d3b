"""Every exemption from a tool has a code and a reason, and nothing is left for later."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, listed, our_files

EXEMPTION = re.compile(r"#\s*(?:ruff:\s*)?(?:noqa|type:\s*ignore|pragma:|nosec|fmt:\s*off|pylint:|mypy:)")
REASONED = re.compile(
    r"#\s*(?:ruff:\s*)?noqa: [A-Z]{1,6}[0-9]{3,4}(?:, ?[A-Z]{1,6}[0-9]{3,4})*\s+(?:-|#) \S"
    r"|# type: ignore\[[a-z-]+(?:, ?[a-z-]+)*\]\s+(?:-|#) \S"
)
# Put together here, so that this file does not hold what it looks for.
LATER = re.compile("|".join((r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b", "NotImplemented" + "Error")))
MACHINE = re.compile("|".join((r"(?<![\w.])/wo" + r"rk/", r"(?<![\w.])/tm" + r"p/w/", r"(?<![\w.])/ro" + r"ot/",
                               r"(?<![\w.])/ho" + r"me/[a-z]", r"\b[A-Z]:\\\\Us" + "ers")))  # fmt: skip
REGISTRY = re.compile(
    "|".join((r"py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(?:org|com)", "artifact" + "ory"))
)
CODE = (".py", ".bash", ".sh", ".toml", ".md", ".html", ".css", ".js", ".mjs", ".json", ".lock", ".mako")


def remarks() -> list[tuple[Path, int, str]]:
    """List every line of our Python files that asks a tool to look away."""
    return [
        (path, number, line)
        for path in our_files(".py")
        if path.name != Path(__file__).name
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if EXEMPTION.search(line)
    ]


def test_every_exemption_names_a_code_and_gives_a_reason() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()[-100:]}"
        for path, number, line in remarks()
        if not REASONED.search(line)
    ]
    assert not offenders, listed(offenders)


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: S105",
        "x = 1  # type: ignore",
        "x = 1  # type: ignore  # because",
        "x = 1  # type: ignore[no-any-return]",
        "x = 1  # pragma: no cover",
    ],
)
def test_an_exemption_without_code_or_reason_is_seen(line: str) -> None:
    assert EXEMPTION.search(line)
    assert not REASONED.search(line)


def test_an_exemption_with_code_and_reason_passes() -> None:
    assert REASONED.search("x = 1  # noqa: S105 - a header's name")
    assert REASONED.search("import x  # type: ignore[import-untyped]  # no py.typed")


def offences(pattern: re.Pattern[str], *endings: str) -> list[str]:
    """List where `pattern` occurs in our files."""
    found = []
    for path in our_files(*endings):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if pattern.search(line) and "integrity" not in line:
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:120]}")
    return found


def test_nothing_is_left_for_later() -> None:
    offenders = offences(LATER, ".py", ".bash", ".toml", ".md", ".html", ".js", ".mjs", ".css")
    assert not offenders, listed(offenders)


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    offenders = offences(MACHINE, *CODE)
    assert not offenders, listed(offenders)


def test_no_file_names_a_package_registry() -> None:
    offenders = offences(REGISTRY, *CODE)
    assert not offenders, listed(offenders)
