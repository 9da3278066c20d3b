"""Opt-ins over HTTP: record them with their evidence, have them confirmed, list them, take them back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field

from frontdesk.features import tenants
from frontdesk.features.consent import service
from frontdesk.features.consent.model import ConsentKind, ConsentScope, OptIn, OptInRecord, OptInRequest
from frontdesk.features.consent.routes.fields import E164, Kept, Words
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.moments import Moment
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of

IdempotencyKey = Annotated[idempotency.Key | None, Header(alias="Idempotency-Key")]
Short = Annotated[str, Field(max_length=500), Kept]


class NewOptIn(BaseModel, extra="forbid"):
    """A consent with its evidence; what is missing keeps it from permitting marketing, and is named in the answer.

    `given_at` and `zone` are when and where the person agreed, `ip` and `user_agent` theirs, `sellers` who may text
    them by it. `text_sha256` is checked against `text_shown`. `confirm` asks the person by text for their YES first;
    else who signs up for marketing is welcomed by text, unless `welcome` is false because they were told already.
    """

    phone_e164: E164
    kind: ConsentKind = ConsentKind.WRITTEN
    scope: ConsentScope = ConsentScope.MARKETING
    text_shown: Annotated[str, Field(max_length=10_000), Kept] = ""
    text_sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    url: Annotated[str, Field(max_length=2_000), Kept] = ""
    given_at: Moment | None = None
    zone: Annotated[str, Field(max_length=64), Kept] = ""
    ip: Annotated[str, Field(max_length=45), Kept] = ""
    user_agent: Annotated[str, Field(max_length=1_000), Kept] = ""
    sellers: Annotated[list[Short], Field(max_length=50)] = []
    not_a_condition: bool = False
    source: Short = ""
    confirm: bool = False
    welcome: bool = True
    frequency: Annotated[str, Field(max_length=60), Kept] = ""


class OptInAnswer(BaseModel):
    """What became of a consent: it is on record, or (`request`) the person is asked by text first."""

    opt_in: OptInRecord | None
    request: OptInRequest | None
    permits_marketing: bool
    missing: list[str]


class Revocation(BaseModel, extra="forbid"):
    """Why a consent is taken back."""

    reason: Words


def add_opt_ins(routes: APIRouter, access: Access) -> None:
    """Add the routes of opt-ins."""
    _add_reading(routes, access)
    may_write = access.to_business(Scope.CONSENT_WRITE)

    @routes.post(
        "/api/opt-ins",
        summary="Record a consent with its evidence",
        status_code=201,
        responses={409: {"description": "The key stands for another consent"}},
    )
    async def record(
        visit: Annotated[Visit, Depends(may_write)], order: NewOptIn, key: IdempotencyKey = None
    ) -> OptInAnswer:
        async with visit.transaction(inline=True) as tx:
            asking = order.confirm or (
                order.scope is ConsentScope.MARKETING and (await tenants.get_tenant(tx)).double_opt_in
            )

            async def make() -> UUID:
                return await _ask(tx, visit, order) if asking else await _record(tx, visit, order)

            made, _ = await idempotency.once(
                tx, operation="opt_ins", key=key, request=order.model_dump(mode="json"), make=make
            )
            return await _answer(tx, made, asking=asking)

    @routes.post(
        "/api/opt-ins/{opt_in_id}/revoke",
        summary="Take a consent back; it stays on record",
        responses={409: {"description": "The consent has been taken back already"}},
    )
    async def revoke(opt_in_id: UUID, visit: Annotated[Visit, Depends(may_write)], order: Revocation) -> OptInRecord:
        async with visit.transaction() as tx:
            return await service.revoke_opt_in(tx, opt_in_id=opt_in_id, reason=order.reason, by=visit.actor)


def _add_reading(routes: APIRouter, access: Access) -> None:
    may_read = access.to_business(Scope.CONSENT_READ)

    @routes.get("/api/opt-ins", summary="List consents, latest first")
    async def list_opt_ins(
        visit: Annotated[Visit, Depends(may_read)],
        phone_e164: E164 | None = None,
        scope: ConsentScope | None = None,
        in_force: bool | None = None,  # noqa: FBT001 - a query parameter is always named
        complete: bool | None = None,  # noqa: FBT001 - the same
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[OptInRecord]:
        async with visit.transaction() as tx:
            found = await service.list_opt_ins(
                tx,
                before=before,
                phone_e164=phone_e164,
                scope=scope,
                in_force=in_force,
                complete=complete,
                limit=limit,
            )
        return page_of(found, found[-1].id if found else None, limit=limit)

    @routes.get("/api/opt-ins/{opt_in_id}", summary="Read a consent with its evidence")
    async def get_opt_in(opt_in_id: UUID, visit: Annotated[Visit, Depends(may_read)]) -> OptInRecord:
        async with visit.transaction() as tx:
            return await service.get_opt_in(tx, opt_in_id=opt_in_id)

    @routes.get("/api/opt-in-requests", summary="List who is asked to confirm their consent, latest first")
    async def list_requests(
        visit: Annotated[Visit, Depends(may_read)],
        is_open: bool | None = None,  # noqa: FBT001 - a query parameter is always named
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[OptInRequest]:
        async with visit.transaction() as tx:
            found = await service.list_requests(tx, before=before, is_open=is_open, limit=limit)
        return page_of(found, found[-1].id if found else None, limit=limit)


async def _record(tx: Transaction, visit: Visit, order: NewOptIn) -> UUID:
    made = await service.record_opt_in(
        tx,
        _consent(order),
        by=visit.actor,
        text_sha256=order.text_sha256 or "",
        welcome=order.welcome,
        frequency=order.frequency,
    )
    return made.id


async def _ask(tx: Transaction, visit: Visit, order: NewOptIn) -> UUID:
    asked = await service.ask_to_confirm(
        tx,
        _consent(order),
        by=visit.actor,
        frequency=order.frequency,
        text_sha256=order.text_sha256 or "",
    )
    return asked.id


async def _answer(tx: Transaction, made: UUID, *, asking: bool) -> OptInAnswer:
    if asking:
        request = await service.get_request(tx, request_id=made)
        return OptInAnswer(opt_in=None, request=request, permits_marketing=False, missing=["confirmation"])
    record = await service.get_opt_in(tx, opt_in_id=made)
    return OptInAnswer(
        opt_in=record, request=None, permits_marketing=record.permits_marketing, missing=list(record.missing)
    )


def _consent(order: NewOptIn) -> OptIn:
    given_at: datetime | None = order.given_at
    return OptIn(
        phone_e164=order.phone_e164,
        kind=order.kind,
        scope=order.scope,
        text_shown=order.text_shown,
        url=order.url,
        given_at=given_at,
        zone=order.zone,
        ip=order.ip,
        user_agent=order.user_agent,
        sellers=tuple(order.sellers),
        not_a_condition=order.not_a_condition,
        source=order.source,
    )
