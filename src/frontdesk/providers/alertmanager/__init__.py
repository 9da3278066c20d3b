"""Hands alerts to an Alertmanager that is there already, through its own API."""

from frontdesk.providers.alertmanager.client import Alertmanager, postable_alerts

__all__ = ["Alertmanager", "postable_alerts"]
