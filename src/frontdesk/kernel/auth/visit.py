"""A visit: one request whose caller has proven who they are and may do what they came for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from frontdesk.kernel.actor import Actor
from frontdesk.kernel.auth.model import Principal, Scope
from frontdesk.kernel.db import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request about one business, by somebody who may make it."""

    principal: Principal
    tenant_id: UUID
    correlation_id: UUID
    database: Database

    @property
    def actor(self) -> Actor:
        """Name the visitor wherever it is written down who did something."""
        return self.principal.actor

    def transaction(self, *, inline: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that sees this business alone; `inline` runs what a person waits for in it."""
        return self.database.transaction(self.tenant_id, correlation_id=self.correlation_id, inline=inline)

    def may(self, scope: Scope) -> bool:
        """Tell whether the visitor may do something else here, too."""
        return scope in self.principal.scopes_for(self.tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformVisit:
    """A request about every business at once, by somebody who may make it."""

    principal: Principal
    correlation_id: UUID
    database: Database

    @property
    def actor(self) -> Actor:
        """Name the visitor wherever it is written down who did something."""
        return self.principal.actor

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that sees every business."""
        return self.database.transaction(correlation_id=self.correlation_id)


class Access(Protocol):
    """Whoever lets visitors in; each method returns what a route depends on.

    Refused: `auth.login_required` (401), `auth.scope_missing` (403), `auth.csrf` (403), `tenants.not_found` (404) for a
    business that is not the visitor's, `tenants.choose` (400) when none is named and there are several, and
    `api.too_fast` (429) for who asks too often. Where it takes a `proven` person, also `auth.prove_again` (403) for a
    session whose last proof is over ten minutes old; a program is not asked, it has its scope.
    """

    def to_business(
        self, scope: Scope, *, reserved: bool = False, proven: bool = False
    ) -> Callable[..., Awaitable[Visit]]:
        """Let in who may do `scope` for the business; `reserved` uses the connection kept back for the kill switch."""
        ...

    def to_platform(
        self, scope: Scope, *, reserved: bool = False, proven: bool = False
    ) -> Callable[..., Awaitable[PlatformVisit]]:
        """Let in who may do `scope` for the whole platform."""
        ...
