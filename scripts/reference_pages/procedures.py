"""What operators did with the systems of sources S2 and S3, and what does the same here: `sources.toml`."""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from scripts.reference_pages.markdown import table

DATA: Final = Path(__file__).with_name("sources.toml")
# What a person fills in, as the page shows it.
FILLED_IN: Final = {
    "{tenant}": "BUSINESS_ID",
    "{slug}": "BUSINESS",
    "{contact}": "CONTACT_ID",
    "{phone}": "NUMBER",
    "{home}": "FOLDER",
}


class Caller(StrEnum):
    """Who asks an endpoint."""

    PLATFORM = "platform"
    OWNER = "owner"


class Procedure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step of a source with everything that replaces it; every part that is given is checked.

    `run` are commands without `frontdesk`, `sql` a statement for `frontdesk query`, `ask` a request, `help` commands
    that are not run here; `exits` are the exit codes of `run`, `fields` what the last answer must hold. `proof` is the
    test that carries out what is not run here. `waits` names a part that is not built, `absent` what shows that; they
    read `table NAME`, `metric NAME`, `command NAME`, `path PATH` or `feature NAME`.
    """

    source: str
    part: str
    there: str
    words: str = ""
    run: tuple[str, ...] = ()
    sql: str = ""
    ask: str = ""
    body: dict[str, object] | None = None
    caller: Caller = Caller.PLATFORM
    exits: tuple[int, ...] = (0,)
    fields: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    metric: str = ""
    alert: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    proof: str = ""
    waits: str = ""
    absent: tuple[str, ...] = ()
    outside: str = ""

    @property
    def name(self) -> str:
        """Name it in a finding."""
        return f"{self.source} {self.part}: {self.there}"

    @property
    def is_tried(self) -> bool:
        """Tell whether it is carried out on an installation."""
        return bool(self.run or self.sql or self.ask or self.help or self.metric)


class _Book(msgspec.Struct, forbid_unknown_fields=True):
    procedure: list[Procedure]


@cache
def procedures() -> tuple[Procedure, ...]:
    """Read the data, in the order of the sources."""
    return tuple(msgspec.convert(tomllib.loads(DATA.read_text(encoding="utf-8")), _Book).procedure)


def render_procedures(source: str) -> str:
    """Make the table of one source."""
    rows = [(one.part, one.there, _here(one), _how_checked(one)) for one in procedures() if one.source == source]
    return table(("part", "there", "here", "checked"), rows)


def _here(one: Procedure) -> str:
    parts = [f"`frontdesk {_shown(line)}`" for line in one.run]
    parts += [f"`frontdesk {' '.join((line, *one.options))}`" for line in one.help]
    if one.sql:
        parts.append(f"`frontdesk query '{_shown(one.sql)}'`")
    if one.ask:
        parts.append(f"`{_shown(one.ask)}`")
    if one.metric:
        parts.append(f"`{one.metric}` at `/metrics`")
    if one.alert:
        parts.append(("alerts " if len(one.alert) > 1 else "alert ") + ", ".join(f"`{name}`" for name in one.alert))
    parts += [f"[{slug}](../operations/{slug}.md)" for slug in one.page]
    if one.waits:
        parts.append(f"comes with {one.waits}")
    if one.outside:
        parts.append(one.outside)
    return "; ".join([*parts, one.words] if one.words else parts)


def _shown(text: str) -> str:
    for place, word in FILLED_IN.items():
        text = text.replace(place, word)
    return re.sub(r" --json$", "", text)


def _how_checked(one: Procedure) -> str:
    found = []
    if one.run or one.sql:
        found.append("run")
    if one.ask or one.metric:
        found.append("asked")
    if one.help:
        found.append("help")
    if one.proof:
        found.append(f"`{one.proof.partition('::')[0]}`")
    if one.waits:
        found.append("absent")
    if one.alert or one.page:
        found.append("exists")
    return ", ".join(found)
