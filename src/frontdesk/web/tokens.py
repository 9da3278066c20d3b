"""API tokens: issue, list, revoke; of one business, or of the platform."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from frontdesk.kernel import auth
from frontdesk.kernel.auth import ApiToken, Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.wiring import Frontdesk


class NewToken(BaseModel, extra="forbid"):
    """What a token is for, what it may do, and for how many days."""

    name: str = Field(max_length=200)
    scopes: frozenset[Scope]
    days: int = Field(90, ge=1, le=366)


class TokenView(BaseModel):
    """A token without its secret."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class IssuedTokenView(TokenView):
    """A new token; `token` is shown this once."""

    token: str


def token_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of API tokens."""
    routes = Routes(prefix="/api/tokens", tags=["tokens"])

    @routes.get("", summary="List the business's tokens, revoked ones too")
    async def list_tokens(visit: Annotated[Visit, Depends(door.to_business(Scope.TOKENS_READ))]) -> list[TokenView]:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            return [_view(token) for token in await auth.list_tokens(tx)]

    @routes.post(
        "",
        summary="Issue a token; its secret is shown once. A person has to have logged in within ten minutes",
        status_code=201,
    )
    async def create_token(
        visit: Annotated[Visit, Depends(door.to_business(Scope.TOKENS_WRITE))], wanted: NewToken
    ) -> IssuedTokenView:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            auth.refuse_unproven(visit.principal, now=tx.now)
            issued = await auth.create_token(
                tx,
                name=wanted.name,
                scopes=wanted.scopes,
                grantable=visit.principal.scopes_for(visit.tenant_id),
                expires_at=tx.now + timedelta(days=wanted.days),
                actor=visit.actor,
                issuer_ends_at=visit.principal.expires_at if isinstance(visit.principal, ApiToken) else None,
            )
        return IssuedTokenView(**_view(issued.token).model_dump(), token=issued.secret)

    @routes.delete("/{token_id}", summary="Revoke a token at once", status_code=204)
    async def revoke_token(
        visit: Annotated[Visit, Depends(door.to_business(Scope.TOKENS_WRITE))], token_id: UUID
    ) -> Response:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            auth.refuse_unproven(visit.principal, now=tx.now)
            await auth.revoke_token(tx, token_id=token_id, actor=visit.actor)
        return Response(status_code=204)

    return routes


def _view(token: ApiToken) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        prefix=token.prefix,
        scopes=sorted(token.scopes),
        created_by=token.created_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )
