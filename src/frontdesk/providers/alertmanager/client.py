"""Posting alerts to Alertmanager's API v2, which groups, mutes and tells by its own configuration."""

from __future__ import annotations

from datetime import timedelta

from frontdesk.ports.alerts import Notice
from frontdesk.providers.http import HttpClient
from frontdesk.providers.http.posting import post_json

ALERTS = "/api/v2/alerts"
# An alert without an end is over for Alertmanager after 5 min; ours is repeated every 4 h.
HOLDS = timedelta(hours=5)


class Alertmanager:
    """A sink that is another program's collection point of alerts."""

    name = "alertmanager"

    def __init__(self, base_url: str, http: HttpClient) -> None:
        self._url = base_url + ALERTS
        self._http = http

    async def tell(self, notice: Notice) -> None:
        """Post the notice's alerts, firing and resolved."""
        await post_json(self._http, self._url, postable_alerts(notice), provider=self.name)


def postable_alerts(notice: Notice) -> list[dict[str, object]]:
    """Write the alerts; the same labels are the same alert there, however often it is posted."""
    return [
        {
            "labels": dict(one.labels),
            "annotations": {"summary": one.summary, "runbook_url": notice.runbook_url},
            "startsAt": one.starts_at.isoformat(),
            "endsAt": (one.ends_at or notice.at + HOLDS).isoformat(),
            "generatorURL": notice.runbook_url,
        }
        for one in notice.alerts
    ]
