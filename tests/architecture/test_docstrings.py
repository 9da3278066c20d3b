"""Every module and every public name says what it is for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import Function, Source, listed, sources

SENTENCE = re.compile(r"^[A-Z`/].{8,112}[.!?]$")


def first_sentence(node: ast.Module | ast.ClassDef | Function) -> str:
    """Give a docstring's first line."""
    return (ast.get_docstring(node) or "").partition("\n")[0]


def public(source: Source) -> Iterator[ast.ClassDef | Function]:
    """List the module's public functions and classes, and the public methods of those classes."""
    for node in source.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (one for one in node.body if isinstance(one, Function) and not one.name.startswith("_"))


def test_every_module_begins_with_one_sentence_that_is_its_caption() -> None:
    offenders = [
        f"{source.place}: {first_sentence(source.tree)!r}"
        for source in sources()
        if source.place != "__main__.py" and not SENTENCE.match(first_sentence(source.tree))
    ]
    assert not offenders, listed(offenders)


def test_no_two_modules_have_the_same_caption() -> None:
    seen: dict[str, str] = {}
    offenders = []
    for source in sources():
        caption = first_sentence(source.tree)
        if caption in seen:
            offenders.append(f"{source.place} and {seen[caption]}: {caption}")
        seen[caption] = source.place
    assert not offenders, listed(offenders)


def test_every_public_function_class_and_method_begins_with_a_sentence() -> None:
    offenders = [
        f"{source.place}:{node.lineno} {node.name}: {first_sentence(node)!r}"
        for source in sources()
        for node in public(source)
        if not first_sentence(node).endswith((".", "!", "?", "…"))
    ]
    assert not offenders, listed(offenders)


def test_a_comment_says_why_in_two_lines_at_most() -> None:
    offenders = []
    for source in sources():
        run = 0
        for number, line in enumerate(source.text.splitlines(), start=1):
            run = run + 1 if line.lstrip().startswith("# ") else 0
            if run == 3:
                offenders.append(f"{source.place}:{number}")
    assert not offenders, listed(offenders)
