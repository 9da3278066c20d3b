"""A business and its settings, remembered for a few seconds."""

from __future__ import annotations

from uuid import UUID

from frontdesk.features.tenants.model import Tenant
from frontdesk.features.tenants.service import get_tenant
from frontdesk.kernel.clock import Clock
from frontdesk.kernel.db import Database

REMEMBER_SECONDS = 5.0
MAX_REMEMBERED = 10_000


class TenantDirectory:
    """Looks businesses up for who answers their calls; a change of settings takes up to 5 s to be heard here.

    What may not be late by a moment (consent, kill switches, the text-back itself) is read where it is decided.
    """

    def __init__(self, *, app: Database, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._known: dict[UUID, tuple[float, Tenant]] = {}

    async def get(self, tenant_id: UUID) -> Tenant:
        """Get a business; refuses one that is gone (`tenants.not_found`)."""
        remembered = self._known.get(tenant_id)
        if remembered is not None and self._clock.monotonic() < remembered[0]:
            return remembered[1]
        async with self._app.transaction(tenant_id) as tx:
            tenant = await get_tenant(tx)
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[tenant_id] = (self._clock.monotonic() + REMEMBER_SECONDS, tenant)
        return tenant
