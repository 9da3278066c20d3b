"""The JSON API of contacts: people, files of people, segments."""

from collections.abc import Iterator
from pathlib import Path

from fastapi import APIRouter
from starlette.routing import BaseRoute

from frontdesk.features.contacts.routes.files import imports_router
from frontdesk.features.contacts.routes.people import people_router
from frontdesk.features.contacts.routes.saved import segments_router
from frontdesk.kernel.auth.visit import Access
from frontdesk.routing import Routes


def router(access: Access, *, folder: Path) -> APIRouter:
    """Make the routes of contacts; uploads wait in `folder`."""
    routes = Routes()
    routes.routes.extend(_flat(people_router(access), imports_router(access, folder=folder), segments_router(access)))
    return routes


def _flat(*routers: APIRouter) -> Iterator[BaseRoute]:
    for one in routers:
        yield from one.routes
