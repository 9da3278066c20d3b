"""Runbooks as HTML: Markdown without HTML in it; links into the program are marks, those to other pages lead there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from frontdesk.operations.runbooks import StepKind, library
from frontdesk.web.pages.rows import Tone

_WORDS_OF = {StepKind.CHECK: "check", StepKind.DO: "do", StepKind.EXPECT: "expect"}
_WIRED = re.compile(r"(check|do|expect):([a-z0-9_.]+)(?:\?.*)?")
_PAGE = re.compile(r"([a-z0-9-]+)\.md(?:#.*)?")
_TITLE = re.compile(r"\A# .+\n")
_reader = MarkdownIt("commonmark", {"html": False}).enable("table")


def render_page(text: str, tones: Mapping[str, Tone]) -> Markup:
    """Render a runbook's words, without their title; `tones` says how checks stand, by name.

    Links to other runbooks lead to their pages, links to the program become marks, links out stay; any other link is
    left as its words. Nothing of the text becomes HTML that Markdown does not make.
    """
    tokens = _reader.parse(_TITLE.sub("", text))
    for token in tokens:
        if token.type == "inline":
            token.children = _linked(token.children or [], tones)
    html = _reader.renderer.render(tokens, _reader.options, {})
    # Whoever has no mouse scrolls what is wider than the page with the keys, so it has to take the focus.
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="scroller" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Markup(html)  # noqa: S704 - made by the renderer above, which escapes what it is given


def _linked(children: Sequence[Token], tones: Mapping[str, Tone]) -> list[Token]:
    found: list[Token] = []
    tags: list[str] = []
    for child in children:
        if child.type == "link_open":
            opened = _opened(str(child.attrs.get("href", "")), tones)
            tags.append(opened[0].tag)
            found += opened
        elif child.type == "link_close":
            child.tag = tags.pop()
            found.append(child)
        else:
            found.append(child)
    return found


def _opened(href: str, tones: Mapping[str, Tone]) -> list[Token]:
    if wired := _WIRED.fullmatch(href):
        kind, name = StepKind(wired[1]), wired[2]
        tone = tones.get(name, Tone.CALM)
        mark = Token("link_open", "span", 1, attrs={"class": f"wired {kind.value} {tone.value}", "title": name})
        kind_open, words = Token("em_open", "b", 1), Token("text", "", 0, content=_WORDS_OF[kind])
        return [mark, kind_open, words, Token("em_close", "b", -1), Token("text", "", 0, content=" ")]
    if (page := _PAGE.fullmatch(href)) and page[1] in library():
        return [Token("link_open", "a", 1, attrs={"href": f"/operations/runbooks/{quote(page[1])}"})]
    if href.startswith("https://"):
        return [Token("link_open", "a", 1, attrs={"href": href, "rel": "noreferrer"})]
    return [Token("link_open", "span", 1)]
