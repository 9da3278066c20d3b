"""Runbooks as HTML: Markdown without HTML in it; links into the program are marks, those to other pages lead there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import quote

from markdown_it.token import Token
from markupsafe import Markup

from frontdesk.operations.runbooks import StepKind, library
from frontdesk.web.markdown import leading_out, leading_to, read_markdown, render_markdown
from frontdesk.web.pages.rows import Tone

_WORDS_OF = {StepKind.CHECK: "check", StepKind.DO: "do", StepKind.EXPECT: "expect"}
_WIRED = re.compile(r"(check|do|expect):([a-z0-9_.]+)(?:\?.*)?")
_PAGE = re.compile(r"([a-z0-9-]+)\.md(?:#.*)?")
_TITLE = re.compile(r"\A# .+\n")


def render_page(text: str, tones: Mapping[str, Tone]) -> Markup:
    """Render a runbook's words, without their title; `tones` says how checks stand, by name.

    Links to other runbooks lead to their pages, links to the program become marks, links out stay; any other link is
    left as its words. Nothing of the text becomes HTML that Markdown does not make.
    """
    return render_markdown(read_markdown(_TITLE.sub("", text)), partial(_lead, tones))


def _lead(tones: Mapping[str, Tone], href: str) -> Sequence[Token]:
    if wired := _WIRED.fullmatch(href):
        kind, name = StepKind(wired[1]), wired[2]
        tone = tones.get(name, Tone.CALM)
        mark = Token("link_open", "span", 1, attrs={"class": f"wired {kind.value} {tone.value}", "title": name})
        kind_open, words = Token("em_open", "b", 1), Token("text", "", 0, content=_WORDS_OF[kind])
        return [mark, kind_open, words, Token("em_close", "b", -1), Token("text", "", 0, content=" ")]
    if (page := _PAGE.fullmatch(href)) and page[1] in library():
        return leading_to(f"/operations/runbooks/{quote(page[1])}")
    return leading_out(href)
