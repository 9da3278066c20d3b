"""The JSON API of bookings: services, resources, free times, holds, appointments, the waiting list."""

from datetime import timedelta

from fastapi import APIRouter

from frontdesk.features.scheduling.routes import appointments, deposits, offers
from frontdesk.features.scheduling.service.telling import Told
from frontdesk.kernel.auth.visit import Access
from frontdesk.kernel.telemetry import Metrics
from frontdesk.routing import Routes

__all__ = ["router"]


def router(
    access: Access,
    *,
    hold_ttl: timedelta,
    granularity_minutes: int,
    metrics: Metrics,
    told: Told,
    deposit_base_url: str | None,
) -> APIRouter:
    """Make the routes of bookings; a hold lasts `hold_ttl`, offered starts are `granularity_minutes` apart.

    Deposits are paid at `deposit_base_url`; None where nothing takes payments.
    """
    routes = Routes(prefix="/api", tags=["bookings"])
    limits = appointments.Limits(hold_ttl=hold_ttl, granularity_minutes=granularity_minutes)
    offers.add_routes(routes, access)
    appointments.add_routes(routes, access, limits=limits, metrics=metrics)
    deposits.add_routes(routes, access, told=told, base_url=deposit_base_url)
    return routes
