"""Outgoing webhooks as JSON: who is told of what, how it went, and telling it again."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from frontdesk.kernel import hooks, idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.hooks import Delivery, DeliveryStatus, Endpoint, Sealer
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.outbox.dispatcher import EventRejected
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.wiring import Frontdesk

PREFIX = "/api/webhook-endpoints"
EventNames = Annotated[frozenset[str], Field(min_length=1, max_length=hooks.MAX_EVENT_NAMES)]
Url = Annotated[str, Field(min_length=1, max_length=2048)]
Described = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]

DISABLED: dict[int | str, dict[str, Any]] = {409: {"description": "The endpoint is disabled"}}
FULL: dict[int | str, dict[str, Any]] = {409: {"description": "The business has as many endpoints as it may"}}


class EndpointView(BaseModel):
    """An endpoint without its secret; `previous_secret_until` is set while two secrets sign."""

    id: UUID
    url: str
    description: str
    event_names: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_because: str
    failing_since_at: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


class EndpointWithSecret(EndpointView):
    """An endpoint whose secret is new; `secret` is shown now and never again."""

    secret: str


class NewEndpoint(BaseModel, extra="forbid"):
    """Where to tell of which events; `GET /api/webhook-events` lists their names."""

    url: Url
    description: Described = ""
    event_names: EventNames


class ChangedEndpoint(BaseModel, extra="forbid"):
    """What to change of an endpoint; what is left out stays as it is."""

    url: Url | None = None
    description: Described | None = None
    event_names: EventNames | None = None
    enabled: bool | None = None


class AttemptView(BaseModel):
    """One try: when, how long in milliseconds, how it ended."""

    number: int
    started_at: datetime
    took_ms: int
    outcome: str
    status_code: int | None


class DeliveryView(BaseModel):
    """One event on its way to an endpoint; `webhook_id` is its header, `tries` are the latest ones, newest first."""

    id: UUID
    webhook_id: str
    event_name: str
    status: DeliveryStatus
    attempts: int
    next_try_at: datetime | None
    last_outcome: str
    last_status_code: int | None
    created_at: datetime
    finished_at: datetime | None
    tries: list[AttemptView]


class ReplaySpan(BaseModel, extra="forbid"):
    """From when to before when (now) to tell again; what was taken already only with `delivered_too`."""

    since: Moment
    until: Moment | None = None
    delivered_too: bool = False


class Replayed(BaseModel):
    """How many events are told again; 10 000 at most at once."""

    deliveries: int


class EventName(BaseModel):
    """An event that endpoints can be told of."""

    name: str
    summary: str


def hooks_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of outgoing webhooks."""
    routes = Routes(tags=["webhooks out"])
    _add_endpoint_routes(routes, parts, door)
    _add_change_routes(routes, parts, door)
    _add_delivery_routes(routes, door)
    return routes


def _add_endpoint_routes(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    events = {event.name: event for event in parts.catalogue if event is not EventRejected}
    sealer = _sealer(parts)

    @routes.get("/api/webhook-events", summary="List the events that endpoints can be told of")
    async def list_events(_visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_READ))]) -> list[EventName]:
        return [
            EventName(name=name, summary=(event.__doc__ or "").strip().partition("\n")[0])
            for name, event in sorted(events.items())
        ]

    @routes.get(PREFIX, summary="List the business's endpoints, newest first")
    async def list_endpoints(
        visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_READ))],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[EndpointView]:
        async with visit.transaction() as tx:
            found = await hooks.list_endpoints(tx, before=before, limit=limit)
        return page_of([_view(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.post(
        PREFIX, summary="Tell a program of events; its signing secret is shown once", status_code=201, responses=FULL
    )
    async def add_endpoint(
        visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_WRITE))],
        new: NewEndpoint,
        idempotency_key: Annotated[idempotency.Key | None, Header()] = None,
    ) -> EndpointWithSecret:
        async with visit.transaction() as tx:

            async def add() -> UUID:
                added = await hooks.add_endpoint(
                    tx,
                    sealer,
                    url=new.url,
                    description=new.description,
                    event_names=new.event_names,
                    known_names=frozenset(events),
                    allow_loopback=parts.settings.hooks.allow_loopback,
                    actor=visit.actor,
                )
                return added.id

            asked = {**new.model_dump(mode="json"), "event_names": sorted(new.event_names)}
            endpoint_id, _ = await idempotency.once(
                tx, operation="hooks.add", key=idempotency_key, request=asked, make=add
            )
            endpoint = await hooks.get_endpoint(tx, endpoint_id=endpoint_id)
            secret = await hooks.read_secret(tx, sealer, endpoint_id=endpoint_id)
        return _with_secret(endpoint, secret)

    @routes.get(PREFIX + "/{endpoint_id}", summary="Read an endpoint")
    async def get_endpoint(
        endpoint_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_READ))]
    ) -> EndpointView:
        async with visit.transaction() as tx:
            return _view(await hooks.get_endpoint(tx, endpoint_id=endpoint_id))


def _add_change_routes(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    known_names = frozenset(event.name for event in parts.catalogue if event is not EventRejected)
    sealer = _sealer(parts)

    @routes.patch(PREFIX + "/{endpoint_id}", summary="Change an endpoint, disable or enable it")
    async def change_endpoint(
        endpoint_id: UUID,
        visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_WRITE))],
        change: ChangedEndpoint,
    ) -> EndpointView:
        async with visit.transaction() as tx:
            changed = await hooks.change_endpoint(
                tx,
                endpoint_id=endpoint_id,
                actor=visit.actor,
                known_names=known_names,
                allow_loopback=parts.settings.hooks.allow_loopback,
                url=change.url,
                description=change.description,
                event_names=change.event_names,
                enabled=change.enabled,
            )
        return _view(changed)

    @routes.delete(PREFIX + "/{endpoint_id}", summary="Take an endpoint away, with what it was told", status_code=204)
    async def delete_endpoint(
        endpoint_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_WRITE))]
    ) -> Response:
        async with visit.transaction() as tx:
            await hooks.delete_endpoint(tx, endpoint_id=endpoint_id, actor=visit.actor)
        return Response(status_code=204)

    @routes.post(
        PREFIX + "/{endpoint_id}/rotate-secret", summary="Make a new signing secret; the old one signs for 24 h more"
    )
    async def rotate_secret(
        endpoint_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_WRITE))]
    ) -> EndpointWithSecret:
        async with visit.transaction() as tx:
            endpoint = await hooks.rotate_secret(tx, sealer, endpoint_id=endpoint_id, actor=visit.actor)
            secret = await hooks.read_secret(tx, sealer, endpoint_id=endpoint_id)
        return _with_secret(endpoint, secret)

    @routes.post(
        PREFIX + "/{endpoint_id}/test",
        summary="Tell an endpoint something made up",
        status_code=202,
        responses=DISABLED,
    )
    async def send_test(
        endpoint_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_WRITE))]
    ) -> DeliveryView:
        async with visit.transaction() as tx:
            return _delivery(await hooks.send_test(tx, endpoint_id=endpoint_id, actor=visit.actor))


def _add_delivery_routes(routes: APIRouter, door: FrontDoor) -> None:
    @routes.get(PREFIX + "/{endpoint_id}/deliveries", summary="List what an endpoint was told, with the tries")
    async def list_deliveries(
        endpoint_id: UUID,
        visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_READ))],
        status: DeliveryStatus | None = None,
        event_name: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z_.0-9]+$")] = None,
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[DeliveryView]:
        async with visit.transaction() as tx:
            found = await hooks.list_deliveries(
                tx, endpoint_id=endpoint_id, before=before, limit=limit, status=status, event_name=event_name
            )
        return page_of([_delivery(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.get(PREFIX + "/{endpoint_id}/deliveries/{delivery_id}", summary="Read one thing that an endpoint was told")
    async def get_delivery(
        endpoint_id: UUID, delivery_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_READ))]
    ) -> DeliveryView:
        async with visit.transaction() as tx:
            return _delivery(await hooks.get_delivery(tx, endpoint_id=endpoint_id, delivery_id=delivery_id))

    @routes.post(
        PREFIX + "/{endpoint_id}/deliveries/{delivery_id}/replay",
        summary="Tell an endpoint one thing again, with the same id",
        status_code=202,
        responses=DISABLED,
    )
    async def replay(
        endpoint_id: UUID, delivery_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_WRITE))]
    ) -> DeliveryView:
        async with visit.transaction() as tx:
            again = await hooks.replay(tx, endpoint_id=endpoint_id, delivery_id=delivery_id, actor=visit.actor)
        return _delivery(again)

    @routes.post(
        PREFIX + "/{endpoint_id}/replay",
        summary="Tell an endpoint again what happened since a moment",
        status_code=202,
        responses=DISABLED,
    )
    async def replay_since(
        endpoint_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.HOOKS_WRITE))], span: ReplaySpan
    ) -> Replayed:
        async with visit.transaction() as tx:
            count = await hooks.replay_since(
                tx,
                endpoint_id=endpoint_id,
                since=span.since,
                until=span.until,
                delivered_too=span.delivered_too,
                actor=visit.actor,
            )
        return Replayed(deliveries=count)


def _sealer(parts: Frontdesk) -> Sealer:
    return Sealer(parts.settings.signing_keys())


def _view(endpoint: Endpoint) -> EndpointView:
    shown = asdict(endpoint)
    shown.pop("tenant_id")
    return EndpointView(**shown, enabled=endpoint.disabled_at is None)


def _with_secret(endpoint: Endpoint, secret: str) -> EndpointWithSecret:
    return EndpointWithSecret(**_view(endpoint).model_dump(), secret=secret)


def _delivery(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        webhook_id=hooks.header_id(delivery.message_id),
        event_name=delivery.event_name,
        status=delivery.status,
        attempts=delivery.attempts,
        next_try_at=delivery.due_at if delivery.status is DeliveryStatus.PENDING else None,
        last_outcome=delivery.last_outcome,
        last_status_code=delivery.last_status_code,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
        tries=[AttemptView(**asdict(one)) for one in delivery.tries],
    )
