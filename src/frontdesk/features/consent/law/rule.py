"""The form of a rule: dated, cited, versioned, and known by the hash of its content."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from datetime import date

Span = tuple[str, str]  # local wall clock, "08:00" to before "21:00"; "24:00" is the end of the day

MARKETING = ("C3",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a text may arrive, by the person's clock; None = not at all on such days.

    `holidays` names the subdivision of the United States whose legal holidays are closed too. `clock` is a zone in
    which the same hours must hold as well, where a statute names a clock of its own.
    """

    weekdays: Span | None
    saturday: Span | None
    sunday: Span | None
    holidays: str = ""
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `texts` marketing texts and calls to one person in any 24 hours."""

    texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Consent that must be proven; `fields` are those of ConsentProof that may not be empty.

    `implied_days` is how long implied consent lasts, None without limit. `of_sender` binds a business of that country
    wherever the person is.
    """

    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    implied_days: int | None = None
    of_sender: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration, by its key in the business's settings, or a recorded exemption from it."""

    key: str


@dataclass(frozen=True, slots=True)
class TenantQuiet:
    """The business's own quiet hours, in the person's zone."""


@dataclass(frozen=True, slots=True)
class AnyHour:
    """No hour is closed: the person has just asked."""


@dataclass(frozen=True, slots=True)
class KeptBy:
    """Kept by another part of the program, which is named; this one only cites it."""

    part: str


Effect = Hours | Cap | Consent | Registered | TenantQuiet | AnyHour | KeptBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of one statute.

    `country` is ISO 3166-1, or empty for all; `regions` are ISO 3166-2, or empty for the entire country. The law is in
    force from `effective_from` to `effective_to` inclusive. `entered` is the day on which a corrected or changed
    version came into this book, None for the first: a replay of an earlier day does not see it. `unsure` says what
    about the rule has not been settled; such a rule is applied all the same.
    """

    id: str
    version: int
    title: str
    country: str
    regions: tuple[str, ...] = ()
    classes: tuple[str, ...] = MARKETING
    effect: Effect
    citation: str
    effective_from: date
    effective_to: date | None = None
    entered: date | None = None
    unsure: str = ""

    @property
    def sha256(self) -> str:
        """Hash the rule's content, all fields of it."""
        content = dataclasses.asdict(self)
        content["effect"] = {type(self.effect).__name__: content["effect"]}
        text = json.dumps(content, default=date.isoformat, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def every_day(opens: str, closes: str) -> Hours:
    """Write the same hours for every day of the week."""
    return Hours(weekdays=(opens, closes), saturday=(opens, closes), sunday=(opens, closes))


def not_on_sunday(opens: str, closes: str, *, holidays: str = "", clock: str = "") -> Hours:
    """Write the same hours from Monday to Saturday; none on Sunday, nor on the legal holidays of state `holidays`."""
    return Hours(weekdays=(opens, closes), saturday=(opens, closes), sunday=None, holidays=holidays, clock=clock)
