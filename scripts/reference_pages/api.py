"""The page of the HTTP API, from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from frontdesk.kernel.settings import load_settings
from frontdesk.web.app import create_app
from frontdesk.web.docs import describe_api
from frontdesk.web.webhooks import webhook_routes
from frontdesk.wiring import Frontdesk, assemble
from scripts.reference_pages.markdown import cell, page, table

INTRODUCTION = """
JSON over HTTP, described in full by `/openapi.json` and shown at `/docs`. A caller proves who they are with
`Authorization: Bearer TOKEN` or with the session cookie of a login; a browser's changes repeat the session's token in
`X-CSRF-Token`. Where a business is meant and the caller may see several, `X-Tenant-Id` names it. Refusals are
problem+json with a stable `code`, listed in [errors](errors.md). `scope` is what a token needs.
"""
WEBHOOKS = """
## Webhooks

Form-encoded and signed by the provider; each is described in the provider's own documentation. A request whose
signature does not fit is answered with 403 and changes nothing. 503 asks the provider to tell us again.
"""


async def render_api(database_url: str, home: Path) -> str:
    """Make the page with an application put together on `database_url`."""
    async with AsyncExitStack() as stack:
        parts = await assemble(
            stack,
            settings=load_settings({}, home=home),
            database_url=database_url,
            kind="web",
            public_base_url="https://frontdesk.example",
            home=home,
        )
        document = describe_api(create_app(parts), cookie="__Host-session_id")
        webhooks = _webhooks(parts)
    operations = sorted(_operations(document))
    return page(
        "HTTP API",
        INTRODUCTION,
        *(_section(area, [row for name, row in operations if name == area]) for area in _areas(operations)),
        WEBHOOKS + webhooks,
    )


def _areas(operations: list[tuple[str, tuple[str, str, str, str]]]) -> list[str]:
    return sorted({area for area, _ in operations})


def _operations(document: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    paths = document["paths"]
    if not isinstance(paths, dict):
        raise TypeError("paths")
    for path, methods in paths.items():
        for method, operation in methods.items():
            needs = operation.get("x-scope") or {"known": "a login or a token", "open": "nothing"}.get(
                operation.get("x-access", ""), ""
            )
            row = (f"`{path}`", method.upper(), operation.get("summary", ""), needs)
            yield (operation.get("tags") or ["other"])[0], row


def _section(area: str, rows: list[tuple[str, str, str, str]]) -> str:
    lines = [(f"{method} {path}", summary, needs) for path, method, summary, needs in rows]
    return f"## {area.capitalize()}\n\n{table(('request', 'does', 'scope'), lines)}"


def _webhooks(parts: Frontdesk) -> str:
    rows = []
    for route in webhook_routes(parts):
        path = getattr(route, "path", "")
        rows.append((f"POST `{path}`",))
    return table(("request",), [(cell(row[0]),) for row in rows])
