"""The API's own documentation: the OpenAPI document, a page made from it, and the page of error codes."""

import ast
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, JSONResponse, Response

from frontdesk.kernel.auth import Scope
from frontdesk.web.access import Caller, FrontDoor, ToAnybodyKnown, ToBusiness, ToPlatform
from frontdesk.web.answers import declare_refusals
from frontdesk.web.api_page import group_operations
from frontdesk.web.rendering import render

PACKAGE = Path(__file__).parents[1]


def docs_router(app: FastAPI, door: FrontDoor, *, public_base_url: str) -> APIRouter:
    """Make the routes of the documentation; like everything else they want a login or a token."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/openapi.json")
    async def openapi_document(_caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        return JSONResponse(describe_api(app, cookie=door.entrance.cookie))

    @routes.get("/docs")
    async def docs_page(_caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        api = describe_api(app, cookie=door.entrance.cookie)
        return HTMLResponse(render("docs.html", groups=group_operations(api), base_url=public_base_url))

    @routes.get("/docs/errors")
    async def errors_page(_caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        return HTMLResponse(render("errors.html", errors=list_error_codes()))

    return routes


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
