"""How a program is kept running: checks look, readings measure, remedies repair, sabotage breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction


class Severity(IntEnum):
    """How bad it is; they compare."""

    OK = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The word for it, as it is stored and shown."""
        return self.name.lower()


class Approval(StrEnum):
    """Who has to say yes before a remedy acts."""

    NOBODY = "nobody"  # harmless and limited: may also run by itself on an alert
    OPERATOR = "operator"
    OWNER = "owner"  # loses something, costs money, or lets texts leave

    @property
    def rank(self) -> int:
        """How much it takes; they compare by it."""
        return (Approval.NOBODY, Approval.OPERATOR, Approval.OWNER).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check saw: what is wrong in one sentence, how bad, and what it was told from.

    `value` is the number behind it, if there is one; `evidence` is kept and shown: no bodies, secrets or numbers of
    people.
    """

    severity: Severity
    words: str
    value: float | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether nothing needs to be done."""
        return self.severity <= Severity.INFO


Look = Callable[[Transaction], Awaitable[Finding]]


def none_expected(
    count: int, words: str, *, otherwise: Severity, evidence: Mapping[str, object] | None = None
) -> Finding:
    """Tell of something that must not be there at all: well at 0, as bad as `otherwise` at any more."""
    severity = otherwise if count else Severity.OK
    return Finding(severity=severity, words=words, value=count, evidence={} if evidence is None else evidence)


def none_of(count: Callable[[Transaction], Awaitable[int]], words: str, *, otherwise: Severity) -> Look:
    """Look by counting what must not be there at all; `words` says it of a `{count}`."""

    async def look(tx: Transaction) -> Finding:
        found = await count(tx)
        return none_expected(found, words.format(count=found), otherwise=otherwise)

    return look


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A sentence that is true while all is well, and how to look; it reads only. `runbook` is a page's slug."""

    name: str
    sentence: str
    runbook: str
    look: Look


@dataclass(frozen=True, slots=True)
class Sample:
    """One number with the values of its reading's labels, in their order."""

    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A number asked of the database, exported as a gauge of this name, and what alerts are made of."""

    name: str
    help: str
    measure: Callable[[Transaction], Awaitable[Sequence[Sample]]]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something a remedy has to be told; `kind` is 'uuid', 'word' or 'count'. None as default: it must be given."""

    name: str
    kind: str
    sentence: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants a remedy done, why, and with what."""

    by: Actor
    reason: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    def uuid(self, name: str) -> UUID:
        """Read an argument that names something."""
        return UUID(self.arguments[name])

    def count(self, name: str) -> int:
        """Read an argument that counts."""
        return int(self.arguments[name])


Act = Callable[[Transaction, Order], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A repair inside the database: done once, in one transaction with the record of it; returns what it did, in words.

    `may_act` looks first: a finding that is not well refuses the remedy with its words. `undo` takes it back.
    """

    name: str
    sentence: str
    approval: Approval
    act: Act
    may_act: Callable[[Transaction], Awaitable[Finding]] | None = None
    undo: Act | None = None
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """How a drill breaks the database of a throwaway installation; never run anywhere else."""

    name: str
    sentence: str
    act: Callable[[Transaction], Awaitable[None]]
