"""The web application: everything that answers HTTP, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from frontdesk.features.billing import routes as billing_routes
from frontdesk.features.calls import routes as calls_routes
from frontdesk.features.campaigns import routes as campaigns_routes
from frontdesk.features.consent import routes as consent_routes
from frontdesk.features.contacts import routes as contacts_routes
from frontdesk.features.conversations import routes as conversations_routes
from frontdesk.features.delivery import routes as delivery_routes
from frontdesk.features.insights import routes as insights_routes
from frontdesk.features.scheduling import routes as scheduling_routes
from frontdesk.features.scheduling.routes.calendars import calendar_router
from frontdesk.features.senders import routes as senders_routes
from frontdesk.features.tenants import routes as tenants_routes
from frontdesk.features.textback import routes as textback_routes
from frontdesk.operations.alerts import routes as alert_routes
from frontdesk.operations.incidents import routes as incident_routes
from frontdesk.operations.maintenance import routes as maintenance_routes
from frontdesk.operations.monitors import routes as monitor_routes
from frontdesk.operations.runbooks import routes as runbook_routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.agency import agency_router
from frontdesk.web.announcing import MaintenanceSign
from frontdesk.web.audit_log import audit_router
from frontdesk.web.bodies import Allowance, BodyGuard
from frontdesk.web.businesses import businesses_router, judge_template
from frontdesk.web.design import design_router
from frontdesk.web.docs import docs_router
from frontdesk.web.edge import Edge
from frontdesk.web.entry import EntryDesk, passkey_router, proof_router, reset_router, second_step_router
from frontdesk.web.guide import guide_router
from frontdesk.web.health import health_router, register_readings
from frontdesk.web.hooks import hooks_router
from frontdesk.web.logins import login_router
from frontdesk.web.members import member_router
from frontdesk.web.pages import (
    account_pages,
    agency_pages,
    agenda_pages,
    audit_pages,
    booking_pages,
    booking_settings_pages,
    budget_pages,
    calendar_pages,
    campaign_pages,
    contact_pages,
    decision_pages,
    inbox_pages,
    number_pages,
    operation_pages,
    pages_router,
    palette_pages,
    pay_pages,
    payment_pages,
    people_pages,
    refusal_pages,
    report_pages,
    segment_pages,
    settings_pages,
    token_pages,
)
from frontdesk.web.problems import install_problem_handlers
from frontdesk.web.simulate import Simulator, simulate_router
from frontdesk.web.static_files import STATIC_ROUTE
from frontdesk.web.texts import TextGuard
from frontdesk.web.tokens import token_router
from frontdesk.web.voicemails import voicemail_router
from frontdesk.web.webhooks import WebhookDoor, webhook_routes
from frontdesk.web.welcome import welcome_router
from frontdesk.wiring import CALENDAR_TOPIC, FEED_TOPIC, SEND_TOPIC, Frontdesk
from frontdesk.wiring.alerting import alert_rules
from frontdesk.wiring.booking import booking_voice
from frontdesk.wiring.monitoring import find_twin

UPLOAD = Allowance(limit=51 * 1024 * 1024, seconds=600)  # a file of people of 50 MB, and the form around it


def create_app(parts: Frontdesk, *, closing: asyncio.Event | None = None) -> FastAPI:
    """Put the web application together; `closing` ends live streams."""
    webhooks = webhook_routes(parts)
    app = FastAPI(
        title="Frontdesk",
        summary="The self-hosted front office for service businesses.",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False},
        middleware=[
            Middleware(WebhookDoor, routes=webhooks),
            Middleware(Edge, metrics=parts.metrics, https=parts.public_base_url.startswith("https://")),
            Middleware(MaintenanceSign, system=parts.system),
            Middleware(
                BodyGuard,
                limit=parts.settings.web.max_body_bytes,
                seconds=parts.settings.web.max_body_seconds,
                larger={
                    "/api/imports": UPLOAD,
                    "/businesses/*/people/imports": UPLOAD,
                    "/businesses/*/people/do-not-contact/imports": UPLOAD,
                },
            ),
            Middleware(TextGuard),
        ],
    )
    app.router.redirect_slashes = False
    app.router.routes.extend(webhooks)
    app.router.routes.append(STATIC_ROUTE)
    install_problem_handlers(app)
    register_readings(parts)
    _add_routers(app, parts, FrontDoor(parts), Simulator(find_twin(parts)), closing or asyncio.Event())
    return app


def _add_routers(app: FastAPI, parts: Frontdesk, door: FrontDoor, simulator: Simulator, closing: asyncio.Event) -> None:
    def wake() -> None:
        parts.presence.wake(SEND_TOPIC)
        parts.presence.wake(FEED_TOPIC)

    desk = EntryDesk(parts, door)
    for router in (
        # First, because routes are tried in turn and these may be asked by hundreds in one moment.
        _booking_router(parts, door),
        health_router(parts, door),
        login_router(desk, door),
        second_step_router(desk),
        passkey_router(desk, door),
        proof_router(desk, door),
        reset_router(desk),
        token_pages(parts, door),  # before the settings, whose forms are named by any word
        welcome_router(desk, door, simulator=simulator),
        token_router(parts, door),
        businesses_router(parts, door),
        tenants_routes.router(door, judge_template=judge_template),
        member_router(desk, door),
        senders_routes.router(door),
        calls_routes.router(door),
        insights_routes.router(door),
        voicemail_router(parts, door),
        conversations_routes.router(door, lane=parts.courier, system=parts.system, meanings=parts.meanings),
        contacts_routes.router(door, folder=parts.settings.home / "imports"),
        campaigns_routes.router(door, wake=wake),
        consent_routes.router(door, journal=parts.journal),
        delivery_routes.router(door, switches=parts.switches, wake=wake),
        calendar_router(door, desk=parts.calendars.desk, wake=lambda: parts.presence.wake(CALENDAR_TOPIC)),
        textback_routes.router(door),
        billing_routes.router(door, payments=parts.payments, base_url=parts.public_base_url),
        audit_router(door),
        hooks_router(parts, door),
        alert_routes.router(door, alert_rules(parts.settings)),
        incident_routes.router(door),
        runbook_routes.router(door, system=parts.system),
        monitor_routes.router(door),
        maintenance_routes.router(door, ages=parts.settings.retention, wake=wake),
        simulate_router(door, simulator),
        *_page_routers(app, parts, door, desk, simulator=simulator, wake=wake, closing=closing),
    ):
        # Flat, so that whoever lists the routes sees each with what it depends on.
        app.router.routes.extend(router.routes)


def _booking_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    return scheduling_routes.router(
        door,
        hold_ttl=timedelta(minutes=parts.settings.scheduling.hold_ttl_minutes),
        granularity_minutes=parts.settings.scheduling.search_granularity_minutes,
        metrics=parts.metrics,
        told=booking_voice(parts.links, lane=parts.courier),
        deposit_base_url=None if parts.payments is None else parts.public_base_url,
    )


def _page_routers(
    app: FastAPI,
    parts: Frontdesk,
    door: FrontDoor,
    desk: EntryDesk,
    *,
    simulator: Simulator,
    wake: Callable[[], None],
    closing: asyncio.Event,
) -> Sequence[APIRouter]:
    return (
        pages_router(parts, door, simulator=simulator, wake=wake, closing=closing),
        palette_pages(parts, door),
        payment_pages(parts, door),
        pay_pages(parts),
        budget_pages(parts, door),
        number_pages(parts, door),
        audit_pages(parts, door),
        settings_pages(desk, door),
        agency_router(parts, door),
        agency_pages(parts, door, wake=wake),
        report_pages(parts, door),
        calendar_pages(parts, door),
        agenda_pages(parts, door, closing=closing),
        booking_settings_pages(parts, door),
        refusal_pages(parts, door),
        segment_pages(parts, door),
        people_pages(parts, door, folder=parts.settings.home / "imports"),
        contact_pages(parts, door),
        inbox_pages(parts, door, closing=closing),
        campaign_pages(parts, door, wake=wake),
        decision_pages(parts, door),
        operation_pages(parts, door, wake=wake),
        booking_pages(parts),
        account_pages(desk, door),
        docs_router(app, parts, door),
        guide_router(parts, door),
        design_router(parts, door),
    )
