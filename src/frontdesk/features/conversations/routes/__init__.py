"""The JSON API of conversations."""

from fastapi import APIRouter

from frontdesk.features import delivery
from frontdesk.features.conversations.routes.desk import add_desk
from frontdesk.features.conversations.routes.messages import add_messages, answer, member_of
from frontdesk.features.conversations.routes.searching import add_search
from frontdesk.features.conversations.service import Meanings
from frontdesk.kernel.auth.visit import Access
from frontdesk.kernel.db import Database
from frontdesk.routing import Routes

__all__ = ["answer", "member_of", "router"]


def router(access: Access, *, lane: delivery.InlineLane, system: Database, meanings: Meanings) -> APIRouter:
    """Make the routes of conversations; `lane` sends what a person waits for, `system` looks words up.

    `meanings` reads what is looked for, so that texts that mean alike are found too.
    """
    routes = Routes(prefix="/api", tags=["conversations"])
    add_messages(routes, access, lane=lane)
    add_desk(routes, access)
    add_search(routes, access, system=system, meanings=meanings)
    return routes
