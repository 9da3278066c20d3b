"""The pages of the documentation as they ship: found, named, searched, and rendered without any HTML of their own."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path

from markdown_it.token import Token
from markupsafe import Markup

from frontdesk.web.markdown import leading_out, leading_to, read_markdown, render_markdown

PACKED = Path(__file__).parent / "manual"  # where a wheel keeps them
SOURCE = Path(__file__).parents[3] / "docs"
FIRST = ("readme", "quickstart", "missed-call", "booking", "calendars", "campaigns", "contacts", "consent")
SECTIONS: Mapping[str, str] = {
    "": "Using Frontdesk",
    "operations": "When something is wrong",
    "reference": "Reference",
    "decisions": "Why it is built so",
}
_SINGULAR = {"operations": "runbook", "reference": "reference", "decisions": "decision"}
LOOKED_UP = frozenset({"reference", "decisions"})
FOUND_AT_MOST = 30
LINE_AT_MOST = 180
_TITLE = re.compile(r"\A# (.+)\n")
_WORD = re.compile(r"[a-z0-9_.]+")
_MARKS = re.compile(r"[`*>#|]|\]\([^)]*\)|\[")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualPage:
    """A page: `place` is its path below the documentation, `slug` names it in addresses."""

    slug: str
    place: str
    section: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading within a page, to jump to."""

    anchor: str
    words: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """A page that a search found, and a line of it that says why."""

    page: ManualPage
    line: str


@lru_cache(maxsize=1)
def manual() -> Mapping[str, ManualPage]:
    """Read every page once per process, by slug, in the order of the table of contents."""
    folder = PACKED if PACKED.is_dir() else SOURCE
    readme = folder / "README.md" if folder == PACKED else folder.parent / "README.md"
    pages = [_read(readme, "README.md")] if readme.is_file() else []
    pages += [_read(path, path.relative_to(folder).as_posix()) for path in folder.rglob("*.md") if path != readme]
    order = {slug: at for at, slug in enumerate(FIRST)}
    sections = list(SECTIONS)
    known = [page for page in pages if page.section in SECTIONS]
    known.sort(key=lambda page: (sections.index(page.section), order.get(page.slug, len(order)), page.place))
    return {page.slug: page for page in known}


def contents() -> Mapping[str, Sequence[ManualPage]]:
    """List the pages by section."""
    return {
        words: [page for page in manual().values() if page.section == section] for section, words in SECTIONS.items()
    }


def search_manual(asked: str) -> Sequence[FoundPage]:
    """Find the pages with all words that were asked for: those with one in the title first, then the most telling."""
    words = _WORD.findall(asked.lower())
    if not words:
        return []
    found: list[tuple[int, ManualPage]] = []
    for page in manual().values():
        title, text = page.title.lower(), page.text.lower()
        if all(word in text or word in title for word in words):
            score = sum(100 * (word in title) + min(20, text.count(word)) for word in words)
            if page.section in LOOKED_UP:  # they hold nearly every word
                score //= 4
            found.append((score, page))
    found.sort(key=lambda one: (-one[0], one[1].place))
    return [FoundPage(page=page, line=_telling(page, words)) for _, page in found[:FOUND_AT_MOST]]


def render_manual(page: ManualPage) -> tuple[Markup, Sequence[Heading]]:
    """Render a page without its title, and list its headings.

    Links to other pages lead there, links out stay, any other is left as its words.
    """
    tokens = read_markdown(_TITLE.sub("", page.text))
    headings: list[Heading] = []
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            words = _MARKS.sub("", following.content)
            anchor = _anchor(words)
            token.attrSet("id", anchor)
            headings.append(Heading(anchor=anchor, words=words, level=int(token.tag[1:])))
    return render_markdown(tokens, partial(_lead, page)), headings


def _read(path: Path, place: str) -> ManualPage:
    text = path.read_text(encoding="utf-8")
    folder, _, name = place.removesuffix(".md").rpartition("/")
    stem = name.lower()
    title = _TITLE.match(text)
    return ManualPage(
        slug=f"{_SINGULAR[folder]}-{stem}" if folder in _SINGULAR else stem,
        place=place,
        section=folder,
        title=_MARKS.sub("", title[1]) if title else stem.replace("-", " ").capitalize(),
        text=text,
    )


def _lead(page: ManualPage, href: str) -> Sequence[Token]:
    path, _, anchor = href.partition("#")
    if not path and anchor:
        return leading_to(f"#{_anchor(anchor)}")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(page.place), path))
    place = place.removeprefix("docs/") if page.place == "README.md" else place
    place = "README.md" if place == "../README.md" else place
    target = next((one for one in manual().values() if one.place == place), None)
    if target is None:
        return leading_out(href)
    return leading_to(f"/guide/{target.slug}" + (f"#{_anchor(anchor)}" if anchor else ""))


def _anchor(words: str) -> str:
    return re.sub(r"[^a-z0-9_.]+", "-", words.lower()).strip("-")


def _telling(page: ManualPage, words: Sequence[str]) -> str:
    """Choose the line with most of the words, as people read it."""
    lines = [_MARKS.sub("", line).strip() for line in page.text.splitlines()[1:]]
    best = max(filter(None, lines), key=lambda line: sum(word in line.lower() for word in words), default="")
    return best if len(best) <= LINE_AT_MOST else f"{best[:LINE_AT_MOST]} …"
