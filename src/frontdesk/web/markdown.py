"""Markdown of our own as HTML: no HTML that stands in it is taken over, and a page says where its links lead."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

Lead = Callable[[str], Sequence[Token]]
_reader = MarkdownIt("commonmark", {"html": False}).enable("table")


def read_markdown(text: str) -> list[Token]:
    """Read a page into tokens, whose headings may still be given attributes."""
    return _reader.parse(text)


def render_markdown(tokens: Sequence[Token], lead: Lead) -> Markup:
    """Render a page; `lead` turns the address of each link into what opens it, of which the first names the element."""
    for token in tokens:
        if token.type == "inline":
            token.children = _linked(token.children or [], lead)
    html = _reader.renderer.render(tokens, _reader.options, {})
    # Whoever has no mouse scrolls what is wider than the page with the keys, so it has to take the focus.
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="scroller" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Markup(html)  # noqa: S704 - made by the renderer above, which escapes what it is given


def leading_to(address: str) -> Sequence[Token]:
    """Open a link that leads to an address of ours."""
    return (Token("link_open", "a", 1, attrs={"href": address}),)


def leading_out(address: str) -> Sequence[Token]:
    """Open a link to another site, if it is a secure one; any other is left as its words."""
    if address.startswith("https://"):
        return (Token("link_open", "a", 1, attrs={"href": address, "rel": "noreferrer"}),)
    return (Token("link_open", "span", 1),)


def _linked(children: Sequence[Token], lead: Lead) -> list[Token]:
    found: list[Token] = []
    tags: list[str] = []
    for child in children:
        if child.type == "link_open":
            opened = lead(str(child.attrs.get("href", "")))
            tags.append(opened[0].tag)
            found += opened
            continue
        if child.type == "link_close":
            child.tag = tags.pop()
        found.append(child)
    return found
