"""How often the API may be asked: by each token or person, and about each business, weighted by what it costs.

Webhooks of carriers do not come this way, and the kill switch (`reserved` routes) is never refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.routing import Route

from frontdesk.kernel.allowances import Allowance, Allowances
from frontdesk.kernel.auth import ApiToken, Principal, Session
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry.metrics import API_REFUSALS, API_UNMETERED
from frontdesk.wiring import Frontdesk

# What a request costs where it is more than one unit: it moves many rows, reads them all, or starts work that does.
COSTS: Mapping[tuple[str, str], int] = {
    ("POST", "/api/contacts/export"): 100,
    ("POST", "/api/exports/compliance"): 50,
    ("POST", "/api/imports"): 50,
    ("POST", "/api/imports/{import_id}/start"): 50,
    ("POST", "/api/imports/{import_id}/resume"): 50,
    ("POST", "/api/imports/{import_id}/undo"): 50,
    ("GET", "/api/imports/{import_id}/errors.csv"): 20,
    ("POST", "/api/dnc/imports"): 50,
    ("POST", "/api/dnc/global/imports"): 50,
    ("POST", "/api/campaigns/{campaign_id}/rehearse"): 50,
    ("POST", "/api/campaigns/{campaign_id}/start"): 20,
    ("POST", "/api/segments/preview"): 10,
    ("GET", "/api/segments/{segment_id}/people"): 5,
    ("POST", "/api/webhook-endpoints/{endpoint_id}/replay"): 50,
    ("GET", "/api/voicemails/{voicemail_id}/audio"): 5,
    ("POST", "/businesses/{tenant_id}/people/imports"): 50,
    ("POST", "/businesses/{tenant_id}/people/imports/{import_id}/check"): 50,
    ("POST", "/businesses/{tenant_id}/people/imports/{import_id}/start"): 50,
    ("POST", "/businesses/{tenant_id}/people/imports/{import_id}/resume"): 50,
    ("POST", "/businesses/{tenant_id}/people/imports/{import_id}/undo"): 50,
    ("POST", "/businesses/{tenant_id}/people/export"): 100,
    ("POST", "/businesses/{tenant_id}/people/do-not-contact/imports"): 50,
    ("POST", "/businesses/{tenant_id}/campaigns/{campaign_id}/rehearse"): 50,
    ("GET", "/businesses/{tenant_id}/reports/{report}.csv"): 10,
}


def cost_of(method: str, path: str) -> int:
    """Tell how many units a request costs, by its method and its route's pattern."""
    return COSTS.get((method, path), 1)


class ApiLimits:
    """Counts each request against whoever makes it, and against the business it is about."""

    def __init__(self, parts: Frontdesk) -> None:
        limits = parts.settings.limits
        self._own = _allowance(limits.caller_units_per_minute, limits.caller_burst)
        self._business = _allowance(limits.business_units_per_minute, limits.business_burst)
        self._allowances = Allowances(parts.system)
        self._metrics = parts.metrics

    async def count_caller(self, request: Request, principal: Principal) -> None:
        """Count a request against its token or person; refuses one that comes too fast (`api.too_fast`, 429)."""
        kind, subject = _named(principal)
        await self._count(request, kind, subject, self._own)

    async def count_business(self, request: Request, principal: Principal, tenant_id: UUID) -> None:
        """Count a request against the business it is about; refuses one that comes too fast (`api.too_fast`, 429).

        Whoever runs the platform does not use up what the business's own people and programs may ask for.
        """
        if not _is_of_platform(principal):
            await self._count(request, "business", f"business:{tenant_id}", self._business)

    async def _count(self, request: Request, kind: str, subject: str, allowance: Allowance | None) -> None:
        if allowance is None:
            return
        route = request.scope.get("route")
        units = cost_of(request.method, route.path if isinstance(route, Route) else "")
        wait = await self._allowances.spend(subject, units, allowance)
        if wait is None:
            self._metrics.increment(API_UNMETERED)
        elif wait > 0:
            self._metrics.increment(API_REFUSALS, limit=kind)
            seconds = math.ceil(wait)
            raise Refused(
                "api.too_fast",
                f"Too many requests of this {kind}. Try again in {seconds} s.",
                status=429,
                details={"limit": kind, "retry_after_seconds": seconds},
            )


def _allowance(per_minute: int, burst: int) -> Allowance | None:
    return Allowance(per_second=per_minute / 60, burst=burst) if per_minute else None


def _named(principal: Principal) -> tuple[str, str]:
    if isinstance(principal, ApiToken):
        return "token", f"token:{principal.id}"
    return "person", f"person:{principal.user_id if isinstance(principal, Session) else principal.actor.id}"


def _is_of_platform(principal: Principal) -> bool:
    if isinstance(principal, ApiToken):
        return principal.tenant_id is None
    return isinstance(principal, Session) and principal.platform_admin
