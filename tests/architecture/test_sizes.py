"""Files and functions stay small enough to read at one sitting."""

from __future__ import annotations

from tests.architecture.sources import functions, listed, sources

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def test_no_file_is_longer_than_400_lines() -> None:
    sizes = {source.place: source.text.count("\n") for source in sources()}
    assert len(sizes) > 100
    offenders = [f"{place}: {lines} lines" for place, lines in sizes.items() if lines > MAX_FILE_LINES]
    assert not offenders, listed(offenders)


def test_no_function_is_longer_than_60_lines() -> None:
    offenders = [
        f"{source.place}:{function.lineno} {function.name}: {lines} lines"
        for source in sources()
        for function in functions(source.tree)
        if (lines := (function.end_lineno or function.lineno) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert not offenders, listed(offenders)
