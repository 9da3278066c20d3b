"""Refusals and bugs as answers: problem+json for programs (RFC 9457), a short page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from frontdesk.kernel.auth.second_step import PROVE_AT
from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.telemetry import current_correlation, get_logger
from frontdesk.web.rendering import render

MEDIA_TYPE = "application/problem+json"
BARE_CODES = {
    400: "web.unreadable",
    404: "web.not_found",
    405: "web.method_not_allowed",
    413: "web.too_large",
    415: "web.media_type",
}
MACHINE_PATHS = ("/api/", "/webhooks/", "/tenants/", "/metrics", "/health", "/openapi.json")
MAX_FAULTS = 20
RETRY_SECONDS = 60

log = get_logger("web")


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every exception of a route in one form."""

    @app.exception_handler(Refused)
    async def refused(request: Request, refusal: Refused) -> Response:
        return answer_refusal(request, refusal)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return answer_refusal(request, _invalid(error.errors()))

    @app.exception_handler(msgspec.DecodeError)
    async def unreadable(request: Request, error: msgspec.DecodeError) -> Response:
        return answer_refusal(request, Refused("web.unreadable", f"The body cannot be read: {error}", status=400))

    @app.exception_handler(HTTPException)
    async def bare(request: Request, error: HTTPException) -> Response:
        code = BARE_CODES.get(error.status_code, "web.refused")
        answer = answer_refusal(request, Refused(code, str(error.detail), status=error.status_code))
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        return answer

    for away in UNAVAILABLE:
        app.add_exception_handler(away, _not_now)


async def _not_now(request: Request, error: Exception) -> Response:
    log.error("web.database_away", path=request.url.path, error=type(error).__name__, http_status=503)
    refusal = Refused("web.not_now", "The database does not answer. Try again in a few seconds.", status=503)
    answer = answer_refusal(request, refusal)
    answer.headers["Retry-After"] = "5"
    return answer


def answer_refusal(request: Request, refusal: Refused) -> Response:
    """Answer a refusal: a login page for people who are not logged in, a short page or problem+json otherwise.

    Who was too fast (429) is told in Retry-After how many seconds to wait.
    """
    answer = _answer(request, refusal)
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers["Retry-After"] = str(refusal.details.get("retry_after_seconds", RETRY_SECONDS))
    return answer


def _answer(request: Request, refusal: Refused) -> Response:
    people = _asks_for_page(request)
    if refusal.code == "auth.prove_again" and (people or "hx-request" in request.headers):
        return _to_proof(request)
    if "hx-request" in request.headers and refusal.code != "auth.login_required":
        return Response(
            render("_notice.html", words=refusal.message),
            status_code=refusal.status,
            media_type="text/html",
            headers={"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"},
        )
    if people and refusal.code == "auth.login_required":
        return _to_login(request)
    if people:
        return Response(
            render("problem.html", status=refusal.status, title=_title(refusal.status), detail=refusal.message),
            status_code=refusal.status,
            media_type="text/html",
        )
    return Response(
        problem_body(refusal.code, refusal.message, status=refusal.status, details=refusal.details),
        status_code=refusal.status,
        media_type=MEDIA_TYPE,
        headers={"WWW-Authenticate": 'Bearer realm="frontdesk"'} if refusal.status == HTTPStatus.UNAUTHORIZED else None,
    )


def problem_body(code: str, message: str, *, status: int, details: Mapping[str, object] | None = None) -> bytes:
    """Write a problem document; `type` links to the page of error codes, `instance` is the correlation id."""
    correlation = current_correlation()
    document: dict[str, object] = {
        "type": f"/docs/errors#{code}",
        "title": _title(status),
        "status": status,
        "code": code,
        "detail": message,
    }
    if correlation is not None:
        document["instance"] = f"urn:uuid:{correlation.correlation_id}"
    return msgspec.json.encode({**(details or {}), **document})


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"


def _asks_for_page(request: Request) -> bool:
    if request.url.path.startswith(MACHINE_PATHS) and "hx-request" not in request.headers:
        return False
    return "text/html" in request.headers.get("accept", "")


def _to_login(request: Request) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = "/login" if wanted == "/" or request.method != "GET" else f"/login?next={quote(wanted, safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": "/login"})
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _to_proof(request: Request) -> Response:
    """Lead a person to where they confirm that it is them, and from there back to the page that they were on."""
    seen = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
    page = seen.path + (f"?{seen.query}" if seen.query else "")
    address = f"{PROVE_AT}?next={quote(page or '/', safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)


def _invalid(errors: Sequence[Mapping[str, object]]) -> Refused:
    """Name every fault with its place; the values that were sent are not repeated."""
    if any(error.get("type") == "json_invalid" for error in errors):
        return Refused("web.unreadable", "The body is not JSON.", status=400)
    faults = [{"path": _place(error.get("loc")), "message": str(error.get("msg", ""))} for error in errors]
    shown = "; ".join(f"{fault['path']}: {fault['message']}" for fault in faults[:5])
    return Refused("web.invalid", shown, status=422, details={"faults": faults[:MAX_FAULTS]})


def _place(location: object) -> str:
    parts = location if isinstance(location, tuple | list) else ()
    inside = [str(part) for part in parts[1:]] or [str(part) for part in parts]
    return ".".join(inside)
