"""API tokens of a business: what each may do in words, until when, and when it was last used."""

from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.kernel import auth
from frontdesk.kernel.auth import ApiToken, IssuedToken, Scope, Session
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.account_views import SCOPE_WORDS
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

DAYS = (30, 90, 180, 366)
USUAL_DAYS = 90
SCOPES = "scope"


def token_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the page of API tokens."""
    routes = Routes(prefix="/businesses/{tenant_id}/settings/tokens", include_in_schema=False)
    frames = Frames(parts, door, section="settings", tab="tokens")
    may_look, may_change = door.to_business(Scope.TOKENS_READ), door.to_business(Scope.TOKENS_WRITE)

    @routes.get("")
    async def tokens_page(request: Request, visit: Annotated[Visit, Depends(may_look)], ask: str = "") -> Response:
        return await frames.page(request, visit, await _read(parts, visit, ask=ask))

    @routes.post("")
    async def issue(request: Request, visit: Annotated[Visit, Depends(may_change)]) -> Response:
        form = await request.form()
        wanted = frozenset(one for one in form.getlist(SCOPES) if isinstance(one, str))
        name = str(form.get("name") or "")[:200]
        days = {str(one): one for one in DAYS}.get(str(form.get("days")), USUAL_DAYS)
        try:
            async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
                if _is_stale(visit, now=tx.now):
                    return _to_proof(visit, ask="new")
                issued = await auth.create_token(
                    tx,
                    name=name,
                    scopes=frozenset(one for one in Scope if one.value in wanted),
                    grantable=visit.principal.scopes_for(visit.tenant_id),
                    expires_at=tx.now + timedelta(days=days),
                    actor=visit.actor,
                    issuer_ends_at=visit.principal.expires_at if isinstance(visit.principal, ApiToken) else None,
                )
        except Refused as refusal:
            shown = await _read(parts, visit, ask="new", wrong=refusal, name=name, chosen=wanted)
            return await frames.page(request, visit, shown)
        return await frames.page(request, visit, await _read(parts, visit, issued=issued))

    @routes.post("/{token_id}/revoke")
    async def revoke(token_id: UUID, visit: Annotated[Visit, Depends(may_change)]) -> Response:
        async with parts.system.transaction(visit.tenant_id, correlation_id=visit.correlation_id) as tx:
            if _is_stale(visit, now=tx.now):
                return _to_proof(visit)
            await auth.revoke_token(tx, token_id=token_id, actor=visit.actor)
        return go_to(_base(visit))

    return routes


async def _read(
    parts: Frontdesk,
    visit: Visit,
    *,
    ask: str = "",
    wrong: Refused | None = None,
    name: str = "",
    chosen: frozenset[str] = frozenset(),
    issued: IssuedToken | None = None,
) -> Shown:
    async with parts.system.transaction(visit.tenant_id) as tx:
        found, place = await auth.list_tokens(tx), await read_place(tx)
    now = place.now
    held = visit.principal.scopes_for(visit.tenant_id) - auth.PLATFORM_SCOPES
    values = {
        "tokens": [_show(one, now=now) for one in reversed(found)],
        "grantable": [(one.value, SCOPE_WORDS[one]) for one in Scope if one in held],
        "may_change": visit.may(Scope.TOKENS_WRITE),
        "fresh": not _is_stale(visit, now=now),
        "days": DAYS,
        "usual": USUAL_DAYS,
        "ask": ask,
        "name": name,
        "chosen": chosen,
        "wrong": "" if wrong is None else wrong.message,
        "wrong_at": "" if wrong is None else wrong.code,
        "issued": issued,
        "zone": place.zone,
        "now": now,
    }
    status = 200 if wrong is None else wrong.status
    return Shown(template="account_tokens.html", values=values, status=status)


def _show(token: ApiToken, *, now: datetime) -> dict[str, object]:
    state = "revoked" if token.revoked_at is not None else "over" if token.expires_at <= now else ""
    words = [SCOPE_WORDS[one] for one in Scope if one in token.scopes]
    return {"token": token, "state": state, "words": words}


def _is_stale(visit: Visit, *, now: datetime) -> bool:
    """Tell whether a person has to confirm first that it is them; a program with a token does not."""
    return isinstance(visit.principal, Session) and not auth.is_fresh(visit.principal, now=now)


def _to_proof(visit: Visit, *, ask: str = "") -> Response:
    wanted = _base(visit) + (f"?ask={ask}" if ask else "")
    return go_to(f"/account/prove?next={quote(wanted, safe='')}")


def _base(visit: Visit) -> str:
    return f"/businesses/{visit.tenant_id}/settings/tokens"
