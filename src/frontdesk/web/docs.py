"""The API's own documentation: the OpenAPI document, a page made from it, and the page of error codes."""

import ast
import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from frontdesk.kernel.auth import Scope
from frontdesk.kernel.hooks.signing import new_secret, sign
from frontdesk.kernel.ids import new_id
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor, ToAnybodyKnown, ToBusiness, ToPlatform
from frontdesk.web.answers import declare_refusals
from frontdesk.web.api_page import group_operations
from frontdesk.web.guide import KnownDesk
from frontdesk.wiring import Frontdesk

PACKAGE = Path(__file__).parents[1]
Words = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedExample:
    """A message as an endpoint of somebody's gets it, signed with a secret that is shown beside it."""

    secret: str
    message_id: str
    timestamp: int
    body: str
    signature: str


def docs_router(app: FastAPI, parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of the documentation; like everything else they want a login or a token."""
    routes = Routes(include_in_schema=False)
    desk = KnownDesk(parts, door)

    async def describe() -> dict[str, object]:
        # In a thread, because the first time takes most of a second and calls come in meanwhile.
        return await asyncio.to_thread(describe_api, app, cookie=door.entrance.cookie)

    @routes.get("/openapi.json")
    async def openapi_document(_caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        return JSONResponse(await describe())

    @routes.get("/docs")
    async def docs_page(
        request: Request, caller: Annotated[Caller, Depends(door.anybody_known)], q: Words = ""
    ) -> Response:
        api = await describe()
        groups = group_operations(api, base_url=parts.public_base_url)
        wanted = q.strip().lower()
        shown = {
            tag: [one for one in operations if wanted in f"{one.method} {one.path} {one.summary}".lower()]
            for tag, operations in groups.items()
        }
        return await desk.page(
            request,
            caller,
            "docs.html",
            section="api",
            groups={tag: operations for tag, operations in shown.items() if operations},
            words=q.strip(),
            base_url=parts.public_base_url,
            signed=sign_example(parts.clock.now()),
        )

    @routes.get("/docs/errors")
    async def errors_page(request: Request, caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        errors = await asyncio.to_thread(list_error_codes)
        return await desk.page(request, caller, "errors.html", section="api", errors=errors)

    return routes


def sign_example(now: datetime) -> SignedExample:
    """Sign a made-up message with a new secret that opens nothing, as every real one is signed."""
    secret, message_id, timestamp = new_secret(), f"msg_{new_id()}", int(now.timestamp())
    body = msgspec.json.encode(
        {"type": "calls.missed.v1", "timestamp": now.isoformat(), "data": {"caller_e164": "+12065550123"}}
    )
    signature = sign([secret], message_id=message_id, timestamp=timestamp, body=body)
    return SignedExample(
        secret=secret, message_id=message_id, timestamp=timestamp, body=body.decode(), signature=signature
    )


def describe_api(app: FastAPI, *, cookie: str) -> dict[str, object]:
    """Write the OpenAPI document; each operation names the scope it needs (`x-scope`) and for what (`x-access`)."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
    )
    document["components"].setdefault("securitySchemes", {}).update(
        {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": cookie},
        }
    )
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            kind, scope = access_of(route)
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                operation["x-access"] = kind
                if scope is not None:
                    operation["x-scope"] = scope.value
                operation["security"] = [] if kind == "open" else [{"token": []}, {"session": []}]
    declare_refusals(document)
    app.openapi_schema = document
    return document


def access_of(route: APIRoute) -> tuple[str, Scope | None]:
    """Tell who may use a route: 'business' or 'platform' with a scope, 'known', or 'open'."""
    for dependency in route.dependant.dependencies:
        call = dependency.call
        if isinstance(call, ToBusiness):
            return "business", call.scope
        if isinstance(call, ToPlatform):
            return "platform", call.scope
        if isinstance(call, ToAnybodyKnown):
            return "known", None
    return "open", None


@lru_cache(maxsize=1)
def list_error_codes() -> dict[str, list[str]]:
    """List every refusal in the program's own source: its code, and the sentences it is told with."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                code = _text(node.args[0]) if node.args else ""
                sentence = _text(node.args[1]) if len(node.args) > 1 else ""
                if "." in code and sentence not in found.setdefault(code, []):
                    found[code].append(sentence)
    return dict(sorted(found.items()))


def _text(node: ast.expr) -> str:
    """Read a literal or an f-string, whose holes become dots."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) if isinstance(part, ast.Constant) else "…" for part in parts)
        case _:
            return ""
