"""Posting notices to a webhook, and a sign of life to a dead man's switch."""

from __future__ import annotations

from frontdesk.ports.alerts import Notice
from frontdesk.providers.alert_webhook.document import webhook_document
from frontdesk.providers.http import HttpClient
from frontdesk.providers.http.posting import post_json


class AlertWebhook:
    """A sink that takes the documents of Alertmanager's webhooks; any 2xx counts as taken."""

    name = "webhook"

    def __init__(self, url: str, http: HttpClient) -> None:
        self._url = url
        self._http = http

    async def tell(self, notice: Notice) -> None:
        """Post the notice; its key is the same at every try of the same state."""
        key = f"{notice.group_key}:{notice.sequence}".encode("ascii", "replace").decode()
        await post_json(
            self._http,
            self._url,
            webhook_document(notice),
            provider=self.name,
            headers=[("Idempotency-Key", key)],
        )


class DeadMansSwitch:
    """A watcher outside that raises the alarm when we fall silent."""

    def __init__(self, url: str, http: HttpClient) -> None:
        self._url = url
        self._http = http

    async def beat(self) -> None:
        """Say that we live."""
        await post_json(self._http, self._url, {"alertname": "Watchdog", "status": "firing"}, provider="dead_man")
