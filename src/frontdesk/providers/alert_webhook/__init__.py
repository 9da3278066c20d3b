"""Tells any program of alerts in the form that Alertmanager's webhooks have, and a dead man's switch that we live."""

from frontdesk.providers.alert_webhook.client import AlertWebhook, DeadMansSwitch
from frontdesk.providers.alert_webhook.document import annotations_of, stamp, webhook_document

__all__ = ["AlertWebhook", "DeadMansSwitch", "annotations_of", "stamp", "webhook_document"]
