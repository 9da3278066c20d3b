"""Words from outside that would be markup or code if anybody took them for it, and the search for such a birth."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from pathlib import Path

from tests.support.backroom import noon
from tests.support.furnished import Furnished, anything
from tests.support.house import open_house

MARKUP = Path(__file__).parents[1] / "fixtures" / "hostile" / "markup.json"
MOST_NAME = 100
MOST_TEXT = 1_000


def load_payloads() -> list[str]:
    """Read every payload; each calls `fdx`, makes something named so, or asks evil.example for something."""
    return [one["payload"] for one in json.loads(MARKUP.read_text(encoding="utf-8"))]


@dataclass
class Hostile:
    """Says a payload wherever people would say something, in turn, and remembers which."""

    payloads: Sequence[str] = field(default_factory=load_payloads)
    said: list[str] = field(default_factory=list)
    _turn: count[int] = field(default_factory=count)

    def __call__(self, plain: str, *, most: int = 120, fits: Callable[[str], bool] = anything) -> str:
        """Say the next payload that a place takes: short names have no line breaks."""
        for at in self._turn:
            payload = self.payloads[at % len(self.payloads)]
            if len(payload) <= most - 10 and fits(payload) and (most > MOST_NAME * 2 or is_name(payload)):
                self.said.append(payload)
                return payload
        raise AssertionError(plain)


@asynccontextmanager
async def open_hostile_house(database_url: str, home: Path) -> AsyncIterator[Furnished]:
    """Open a house in which everybody writes payloads wherever they write."""
    clock = noon()
    async with open_house(database_url, home, clock=clock) as house:
        filled = Furnished(house, clock, say=Hostile())
        await filled.fill()
        yield filled


def is_name(words: str) -> bool:
    """Tell whether words may be a name: on one line, and not too long."""
    return len(words) <= MOST_NAME and not any(ord(letter) < 0x20 for letter in words)


def file_of(names: Sequence[str]) -> bytes:
    """Write a file of people with these names."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["phone", "name"])
    rows.writerows([f"20655{52000 + at}", name] for at, name in enumerate(names))
    return out.getvalue().encode()


def squeezed(words: str) -> str:
    """Make one space of any white space, as pages show it."""
    return " ".join(words.split())


class Births(HTMLParser):
    """Reads a page as it was sent and lists elements and attributes that only a payload can have brought."""

    URLS = frozenset({"href", "src", "action", "formaction", "data", "poster", "xlink:href", "srcdoc", "content"})
    NEVER = frozenset({"object", "embed", "base", "frame", "frameset", "portal", "marquee", "math", "style", "keygen"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge an element."""
        if tag in self.NEVER or "fdx" in tag:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            words = (value or "").strip().lower()
            runs = words.startswith(("javascript:", "vbscript:", "data:text", "//evil", "https://evil", "http://evil"))
            if name.startswith("on") or name == "style" or "fdx" in name or (name in self.URLS and runs):
                self.found.append(f"<{tag} {name}={words[:60]}>")
        if tag == "script" and not (dict(attrs).get("src") or "").startswith("/static/"):
            self.found.append(f"<script {attrs}>")


def births_in(html: str) -> list[str]:
    """List what was born from payloads in a page."""
    reader = Births()
    reader.feed(html)
    reader.close()
    return reader.found


BORN = """() => {
    const found = [];
    const never = "object,embed,base,frame,frameset,portal,marquee,math,foreignObject,keygen,body style,[srcdoc]";
    for (const one of document.querySelectorAll(never)) found.push(one.outerHTML.slice(0, 120));
    if (typeof window.fdx !== "undefined") found.push("a payload ran, or made window.fdx");
    for (const one of document.querySelectorAll("*")) {
      if (one.localName.includes("fdx")) found.push(one.outerHTML.slice(0, 120));
      for (const { name, value } of one.attributes) {
        const bad = name.startsWith("on") || name.includes("fdx")
          || (name === "style" && /evil|expression|fixed/.test(value));
        const goes = ["href", "src", "action", "formaction", "data", "poster", "xlink:href"].includes(name);
        const to = goes ? new URL(value, location.href) : null;
        const known = to && ["http:", "https:", "tel:", "mailto:"].includes(to.protocol);
        const away = to && (!known || to.host === "evil.example");
        const drawn = one.localName === "img" && to?.protocol === "data:" && to.pathname.startsWith("image/");
        if (bad || (away && !drawn)) found.push(`${one.localName} ${name}=${value.slice(0, 80)}`);
      }
    }
    for (const one of document.querySelectorAll("script"))
      if (!one.getAttribute("src")?.startsWith("/static/")) found.push(one.outerHTML.slice(0, 120));
    return found;
}"""
SHOWN = """() => {
    const fields = [...document.querySelectorAll("input, textarea, option")].map((one) => one.value);
    const named = [...document.querySelectorAll("[title], [aria-label]")].map((one) => one.title + " " + one.ariaLabel);
    return [document.body.textContent, document.title, ...fields, ...named].join("\\n");
}"""
