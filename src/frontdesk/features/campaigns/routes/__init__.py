"""The JSON API of campaigns: drafted, rehearsed, approved, run, and explained."""

from collections.abc import Callable

from fastapi import APIRouter

from frontdesk.features.campaigns.routes import drafting, reading, running
from frontdesk.features.campaigns.routes.views import CampaignOrder
from frontdesk.kernel.auth.visit import Access
from frontdesk.routing import Routes

__all__ = ["CampaignOrder", "router"]


def router(access: Access, *, wake: Callable[[], None]) -> APIRouter:
    """Make the routes of campaigns; `wake` tells sleepers that something may be sent or must stop."""
    routes = Routes(prefix="/api/campaigns", tags=["campaigns"])
    drafting.add_routes(routes, access)
    reading.add_routes(routes, access)
    running.add_routes(routes, access, wake)
    return routes
