"""Webhooks: what outside companies tell us, verified on raw bytes and taken in before it is acknowledged."""

from frontdesk.web.webhooks.routes import WebhookDoor, webhook_routes

__all__ = ["WebhookDoor", "webhook_routes"]
