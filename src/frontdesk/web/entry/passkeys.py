"""Passkeys at the browser: what it is asked, and what it answers, as JSON; the pages' script speaks it."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from frontdesk.kernel import auth
from frontdesk.kernel.auth import LoggedIn
from frontdesk.kernel.auth import passkeys as keyrings
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor
from frontdesk.web.entry.desk import EntryDesk, own_path, session_of
from frontdesk.wiring.notices import Change

JSON = "application/json"


class Answer(BaseModel, extra="forbid"):
    """What a browser's passkey said, and where its person wants to go."""

    credential: dict[str, JsonValue]
    next: str = Field("/", max_length=1024)


class NewPasskey(BaseModel, extra="forbid"):
    """A passkey to keep, and what its person calls it."""

    credential: dict[str, JsonValue]
    name: str = Field(max_length=200)


def passkey_router(desk: EntryDesk, door: FrontDoor) -> APIRouter:
    """Make the routes that the pages' script calls."""
    routes = Routes(include_in_schema=False)
    _add_login(routes, desk)
    _add_keeping(routes, desk, door)
    _add_proving(routes, desk, door)
    return routes


def _add_login(routes: APIRouter, desk: EntryDesk) -> None:
    @routes.post("/login/passkey/challenge")
    async def challenge(request: Request) -> Response:
        desk.entrance.refuse_foreign(request)
        async with desk.parts.system.transaction() as tx:
            asked = keyrings.ask_to_log_in(desk.own_party(), desk.keys, now=tx.now)
        return Response(asked, media_type=JSON)

    @routes.post("/login/passkey")
    async def enter(request: Request, answer: Answer) -> Response:
        login = await desk.enter_by_passkey(request, answer=json.dumps(answer.credential))
        response = JSONResponse({"next": own_path(answer.next)})
        desk.give_cookie(response, login)
        return response


def _add_keeping(routes: APIRouter, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.post("/account/passkeys/challenge")
    async def challenge(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        session = session_of(caller)
        async with desk.parts.system.transaction() as tx:
            auth.refuse_stale(session, now=tx.now)
            asked = await keyrings.ask_to_register(tx, desk.own_party(), desk.keys, session=session)
        return Response(asked, media_type=JSON)

    @routes.post("/account/passkeys")
    async def keep(
        request: Request, caller: Annotated[Caller, Depends(door.anybody_known)], wanted: NewPasskey
    ) -> Response:
        session = session_of(caller)
        async with desk.parts.system.transaction() as tx:
            auth.refuse_stale(session, now=tx.now)
            await keyrings.register_passkey(
                tx,
                desk.own_party(),
                desk.keys,
                session=session,
                name=wanted.name,
                answer=json.dumps(wanted.credential),
            )
            await desk.tell_of(tx, request, Change.PASSKEY_ADDED, email=session.email)
        return JSONResponse({"next": "/account?said=passkey-added"}, status_code=201)


def _add_proving(routes: APIRouter, desk: EntryDesk, door: FrontDoor) -> None:
    @routes.post("/account/prove/passkey/challenge")
    async def challenge(caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        session = session_of(caller)
        async with desk.parts.system.transaction() as tx:
            asked = await keyrings.ask_to_prove(tx, desk.own_party(), desk.keys, session=session)
        return Response(asked, media_type=JSON)

    @routes.post("/account/prove/passkey")
    async def prove(caller: Annotated[Caller, Depends(door.anybody_known)], answer: Answer) -> Response:
        session = session_of(caller)
        async with desk.parts.system.transaction() as tx:
            result = await keyrings.prove_by_passkey(
                tx, desk.own_party(), desk.keys, session=session, answer=json.dumps(answer.credential)
            )
        if not isinstance(result, LoggedIn):
            raise Refused("auth.passkey_wrong", "This passkey is not one of yours. Use your password.", status=401)
        response = JSONResponse({"next": own_path(answer.next)})
        desk.give_cookie(response, result)
        return response
