"""The pages that people write are true: their links lead somewhere, their commands, settings and SQL exist."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path

import asyncpg
import pytest
from typer.core import TyperOption

from frontdesk.features.delivery import JobStatus
from frontdesk.kernel.settings.loading import PARTS, setting_name
from frontdesk.kernel.telemetry import CATALOGUE
from scripts.reference_pages.commands import all_commands
from tests.docs.pages import ROOT, all_pages, blocks, hand_written, name, prose

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
IN_TEXT = re.compile(r"`([^`\n]+)`")
RUNBOOK = ["Symptoms", "Diagnosis", "Resolution", "Verification", "Prevention"]
DECISION = ["Context", "Decision", "Alternatives considered", "Not covered"]


def anchors(page: Path) -> set[str]:
    """List what a link into a page may name."""
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in HEADING.findall(page.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("page", all_pages(), ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            broken.append(target)
    assert not broken


def command_lines(page: Path) -> list[str]:
    """List the commands of ours that a page tells to type."""
    found = []
    for block in blocks(page, "bash"):
        for line in block.splitlines():
            text = line.partition("  #")[0].strip()
            if text.startswith(("./run", "frontdesk ")):
                found.append(text)
    found += [text for text in IN_TEXT.findall(prose(page)) if text.startswith(("./run ", "frontdesk "))]
    return found


def fault_in(line: str) -> str | None:
    """Tell what is wrong with a command line; None if the program would take it."""
    words = [word for word in shlex.split(line.replace("…", ""), comments=True) if word][1:]
    while words and words[0].isupper():
        words = words[1:]
    if not words or words[0].startswith("-"):
        words = ["up", *words]
    if words[-1] in {"--help", "--version"}:
        return None
    commands = all_commands()
    for length in (2, 1):
        command = commands.get(" ".join(("frontdesk", *words[:length])))
        if command is not None:
            known = {
                flag
                for one in command.params
                if isinstance(one, TyperOption)
                for flag in (*one.opts, *one.secondary_opts)
            }
            unknown = [word for word in words[length:] if word.startswith("--") and word.partition("=")[0] not in known]
            return f"no option {unknown[0]}" if unknown else None
    return None if any(one.startswith(f"frontdesk {words[0]} ") for one in commands) else f"no command {words[0]}"


@pytest.mark.parametrize("page", hand_written(), ids=name)
def test_every_command_in_the_pages_exists(page: Path) -> None:
    faults = {line: fault for line in command_lines(page) if (fault := fault_in(line))}
    assert not faults


def test_a_command_that_does_not_exist_is_seen() -> None:
    assert fault_in("./run vanish")
    assert fault_in("frontdesk pause --nonsense")
    assert fault_in("./run --port 9000 --home DIR") is None
    assert sum(len(command_lines(page)) for page in hand_written()) > 30


@pytest.mark.parametrize("page", hand_written(), ids=name)
def test_every_setting_and_metric_named_in_the_pages_exists(page: Path) -> None:
    settings = {setting_name(field, info) for part in PARTS for field, info in part.model_fields.items()}
    settings |= {f"{name}_FILE" for name in settings}
    metrics = {metric.name for metric in CATALOGUE}
    unknown = []
    for text in IN_TEXT.findall(prose(page)):
        word = text.partition("=")[0]
        if re.fullmatch(r"(?!TWIN_)[A-Z]+_[A-Z_]+", word) and word not in settings:
            unknown.append(word)
        if re.fullmatch(r"[a-z_]+_(total|seconds)", word) and word.startswith(("webhook", "outbox", "slo", "http")):
            unknown += [] if word in metrics else [word]
    # Constants of the program may be named too.
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert not [word for word in unknown if not re.search(rf"^{word}\b", source, re.MULTILINE)]


@pytest.mark.parametrize("page", [page for page in hand_written() if list(blocks(page, "sql"))], ids=name)
async def test_every_statement_in_the_pages_is_accepted_by_postgresql_and_only_reads(
    page: Path, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        for statement in blocks(page, "sql"):
            assert statement.lstrip().startswith("select")
            await connection.prepare(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "operations").glob("*.md")), ids=name)
def test_a_runbook_has_the_five_parts_in_their_order(page: Path) -> None:
    assert re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE) == RUNBOOK
    assert list(blocks(page, "bash")), "a runbook tells what to type"


def decisions() -> list[Path]:
    """List the records of decisions."""
    return sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(page.name[:4]) for page in decisions()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 10


@pytest.mark.parametrize("page", decisions(), ids=name)
def test_a_decision_is_one_page_with_alternatives_and_limits(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == DECISION
    assert text.count("\n") <= 60
    alternatives = text.split("## Alternatives considered")[1].split("## Not covered")[0]
    assert alternatives.count("\n- ") >= 2


def test_the_diagram_of_a_send_job_shows_the_states_of_the_program() -> None:
    page = ROOT / "docs" / "missed-call.md"
    [diagram] = blocks(page, "mermaid")
    shown = set(re.findall(r"\b([a-z]+)\b(?= -->|:|$)", re.sub(r":.*", "", diagram), re.MULTILINE)) - {"v"}
    shown |= set(re.findall(r"--> ([a-z]+)", diagram))
    states = {status.value for status in JobStatus}
    assert shown <= states
    assert states == shown, "a state that is reached belongs into the diagram"


def test_the_tree_in_the_readme_names_every_room() -> None:
    named = set(re.findall(r"^\| `src/frontdesk/([\w/.]+?)/?` \|", prose(ROOT / "README.md"), re.MULTILINE))
    package = ROOT / "src" / "frontdesk"
    rooms = {path.name for path in package.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    features = {f"features/{path.name}" for path in (package / "features").iterdir() if (path / "__init__.py").exists()}
    assert named == rooms | features


def cited_tests() -> list[tuple[str, str]]:
    """List the tests that GUIDE.md names, with the rule they stand for."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", prose(ROOT / "GUIDE.md"), re.MULTILINE)
    return [(test, rule) for rule, proof in rows for test in IN_TEXT.findall(proof) if "/" in test]


def test_every_rule_of_the_guide_names_a_test_or_says_by_eye() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", prose(ROOT / "GUIDE.md"), re.MULTILINE)
    rules = [(rule, proof) for rule, proof in rows if rule != "rule" and not rule.startswith("---")]
    assert len(rules) > 40
    assert not [rule for rule, proof in rules if "`" not in proof and proof != "by eye"]


@pytest.mark.parametrize(("test", "rule"), cited_tests())
def test_every_test_that_the_guide_names_exists(test: str, rule: str) -> None:
    path, _, function = test.partition("::")
    file = ROOT / path
    assert file.exists(), rule
    if function:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
            for node in ast.walk(tree)
        ), rule


def test_every_file_that_security_promises_by_exists() -> None:
    named = [text for text in IN_TEXT.findall(prose(ROOT / "SECURITY.md")) if text.startswith("tests/")]
    assert len(named) > 5
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_licence_is_the_one_that_the_readme_names() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert "MIT" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["readme"] == "README.md"
