"""Reading a runbook's page: front matter, the five parts, and the links that lead into the program."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl

from frontdesk.kernel.errors import Refused
from frontdesk.operations.runbooks.model import Link, Resolution, Runbook, StepKind

PARTS = ("Symptoms", "Diagnosis", "Resolution", "Verification", "Prevention")
NEEDED = ("title", "severity", "owner")
KNOWN = {*NEEDED, "alerts", "sources", "drill", "automatic", "within", "escalate"}
SEVERITIES = ("P0", "P1", "P2", "P3")
DEFAULT_WITHIN = timedelta(seconds=60)
DEFAULT_ESCALATION = timedelta(minutes=15)  # the sources' clock for the gravest incidents

_LINK = re.compile(r"\[([^\]]+)\]\((check|do|expect):([a-z0-9_.]+)(?:\?([^)\s]*))?\)")
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_ITEM = re.compile(r"^(?:\d+\.|-) ", re.MULTILINE)
_DURATION = re.compile(r"(\d+) ?(s|min|h)")
_SECONDS = {"s": 1, "min": 60, "h": 3600}


class PageFaulty(ValueError):
    """A page that cannot be read as a runbook; the message names the page and what is wrong."""


def read_page(slug: str, text: str) -> Runbook:
    """Read a page; raises `PageFaulty`."""
    front, body = _split(slug, text)
    parts = _parts(slug, body)
    automatic = front.get("automatic", "no")
    if automatic not in {"yes", "no"} or front["severity"] not in SEVERITIES:
        raise PageFaulty(f"{slug}: `automatic` is yes or no, `severity` one of {', '.join(SEVERITIES)}")
    return Runbook(
        slug=slug,
        title=front["title"],
        severity=front["severity"],
        owner=front["owner"],
        alerts=_words(front, "alerts"),
        sources=_words(front, "sources", ";"),
        drill=_words(front, "drill"),
        automatic=automatic == "yes",
        within=_duration(slug, front, "within", DEFAULT_WITHIN),
        escalate_after=_duration(slug, front, "escalate", DEFAULT_ESCALATION),
        text=body,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        diagnosis=_links(slug, parts["Diagnosis"], StepKind.CHECK),
        resolutions=tuple(_resolution(slug, item) for item in _ITEM.split(parts["Resolution"])[1:]),
        verification=_links(slug, parts["Verification"], StepKind.EXPECT),
    )


@cache
def library() -> dict[str, Runbook]:
    """Read every page that comes with the program, by slug."""
    pages = sorted(files("frontdesk.operations.runbooks").joinpath("library").iterdir(), key=lambda page: page.name)
    found = {}
    for page in pages:
        if page.name.endswith(".md"):
            slug = page.name.removesuffix(".md")
            found[slug] = read_page(slug, page.read_text(encoding="utf-8"))
    return found


def get_runbook(slug: str) -> Runbook:
    """Return a runbook; refuses `runbooks.unknown` (404)."""
    page = library().get(slug)
    if page is None:
        raise Refused("runbooks.unknown", f"There is no runbook {slug}; see `frontdesk runbook list`.", status=404)
    return page


def _split(slug: str, text: str) -> tuple[dict[str, str], str]:
    if not text.startswith("---\n") or "\n---\n" not in text:
        raise PageFaulty(f"{slug}: the page begins with its front matter between two lines of ---")
    head, _, body = text[4:].partition("\n---\n")
    front = {}
    for line in head.splitlines():
        name, _, value = line.partition(":")
        front[name.strip()] = value.strip()
    unknown, missing = front.keys() - KNOWN, [name for name in NEEDED if not front.get(name)]
    if unknown or missing:
        raise PageFaulty(f"{slug}: front matter lacks {missing} or has the unknown {sorted(unknown)}")
    return front, body.lstrip("\n")


def _parts(slug: str, body: str) -> dict[str, str]:
    pieces = _SECTION.split(body)
    names = tuple(pieces[1::2])
    if names != PARTS:
        raise PageFaulty(f"{slug}: the parts are {', '.join(PARTS)}, in this order; found {', '.join(names)}")
    return dict(zip(names, pieces[2::2], strict=True))


def _links(slug: str, text: str, only: StepKind | None = None) -> tuple[Link, ...]:
    found = []
    for words, kind, name, query in _LINK.findall(text):
        link = Link(StepKind(kind), name, words, dict(parse_qsl(query)))
        if only is not None and link.kind is not only:
            raise PageFaulty(f"{slug}: {kind}:{name} does not belong where only {only.value}: links do")
        found.append(link)
    return tuple(found)


def _resolution(slug: str, item: str) -> Resolution:
    links = _links(slug, item)
    if any(link.kind is StepKind.EXPECT for link in links):
        raise PageFaulty(f"{slug}: what is expected belongs into Verification")
    return Resolution(
        words=" ".join(_LINK.sub(r"\1", item).split()),
        when=tuple(link.name for link in links if link.kind is StepKind.CHECK),
        remedies=tuple(link for link in links if link.kind is StepKind.DO),
    )


def _words(front: dict[str, str], name: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(word.strip() for word in front.get(name, "").split(separator) if word.strip())


def _duration(slug: str, front: dict[str, str], name: str, default: timedelta) -> timedelta:
    if name not in front:
        return default
    found = _DURATION.fullmatch(front[name])
    if found is None:
        raise PageFaulty(f"{slug}: `{name}` is a time like 60 s, 15 min or 2 h")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
