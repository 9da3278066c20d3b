"""Whoever has to hear that something is wrong: what they are told, and how they are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class NoticeStatus(StrEnum):
    """Whether something is wrong, or was."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedAlert:
    """One alert in a notice; `ends_at` is None while it fires. Labels and words name no customer and hold no secret."""

    fingerprint: str
    status: NoticeStatus
    labels: Mapping[str, str]
    summary: str
    value: float | None
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody is told of one group of alerts; it fires as long as one of them does.

    `group_key` is the same for all notices of a group, `sequence` counts them. `severity` is info, warning or critical.
    """

    group_key: str
    sequence: int
    alertname: str
    tenant: str
    status: NoticeStatus
    severity: str
    owner: str
    runbook: str
    runbook_url: str
    external_url: str
    at: datetime
    repeats: bool
    alerts: tuple[NoticedAlert, ...] = field(default=())

    @property
    def firing(self) -> tuple[NoticedAlert, ...]:
        """List the alerts that fire."""
        return tuple(one for one in self.alerts if one.status is NoticeStatus.FIRING)

    @property
    def title(self) -> str:
        """Say in one line what it is about."""
        state = f"FIRING:{len(self.firing)}" if self.status is NoticeStatus.FIRING else "RESOLVED"
        return f"[{state}] {self.alertname}" + (f" ({self.tenant})" if self.tenant else "")


class AlertSink(Protocol):
    """A place where people hear of alerts; one call is one try."""

    @property
    def name(self) -> str:
        """Name the sink, as it is stored with every notice."""
        ...

    async def tell(self, notice: Notice) -> None:
        """Tell it once; raises ProviderError if it was not, or perhaps not, taken."""
        ...


class SignOfLife(Protocol):
    """A dead man's switch outside: it raises the alarm when it hears nothing."""

    async def beat(self) -> None:
        """Say that alerts are being looked after; raises ProviderError if that was not heard."""
        ...


class CertificateReader(Protocol):
    """Looks at the certificate that an address shows to the world."""

    async def expires_at(self, *, host: str, port: int) -> datetime:
        """Tell until when it is valid; raises ProviderError if none is shown."""
        ...
