"""The JSON API of conversations."""

from fastapi import APIRouter

from frontdesk.features import delivery
from frontdesk.features.conversations.routes.desk import add_desk
from frontdesk.features.conversations.routes.messages import add_messages, answer, member_of
from frontdesk.kernel.auth.visit import Access

__all__ = ["answer", "member_of", "router"]


def router(access: Access, *, lane: delivery.InlineLane) -> APIRouter:
    """Make the routes of conversations; `lane` sends what a person waits for."""
    routes = APIRouter(prefix="/api", tags=["conversations"])
    add_messages(routes, access, lane=lane)
    add_desk(routes, access)
    return routes
