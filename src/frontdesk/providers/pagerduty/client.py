"""Events for PagerDuty: one incident per group of alerts, whatever number of times it is told."""

from __future__ import annotations

import hashlib

from frontdesk.ports.alerts import Notice, NoticeStatus
from frontdesk.providers.http import HttpClient
from frontdesk.providers.http.posting import post_json

ENQUEUE = "/v2/enqueue"
MOST_SUMMARY = 1024
MOST_KEY = 255


class PagerDuty:
    """A sink that pages; the key of the incident is the group's, so that a repeated try pages nobody twice."""

    name = "pagerduty"

    def __init__(self, routing_key: str, http: HttpClient, *, base_url: str, source: str) -> None:
        self._routing_key = routing_key
        self._http = http
        self._url = base_url + ENQUEUE
        self._source = source

    async def tell(self, notice: Notice) -> None:
        """Trigger the group's incident, or resolve it."""
        event = pagerduty_event(notice, routing_key=self._routing_key, source=self._source)
        await post_json(self._http, self._url, event, provider=self.name)


def pagerduty_event(notice: Notice, *, routing_key: str, source: str) -> dict[str, object]:
    """Write the event; a resolved group needs no more than its key."""
    event: dict[str, object] = {"routing_key": routing_key, "dedup_key": dedup_key(notice.group_key)}
    if notice.status is NoticeStatus.RESOLVED:
        return {**event, "event_action": "resolve"}
    first = notice.firing[0]
    more = len(notice.firing) - 1
    summary = f"{notice.title}: {first.summary}" + (f" (and {more} more)" if more else "")
    return {
        **event,
        "event_action": "trigger",
        "client": "Frontdesk",
        "client_url": notice.external_url,
        "links": [{"href": notice.runbook_url, "text": f"Runbook: {notice.runbook}"}],
        "payload": {
            "summary": summary[:MOST_SUMMARY],
            "source": source,
            "severity": notice.severity,
            "timestamp": min(one.starts_at for one in notice.firing).isoformat(),
            "component": notice.owner,
            "group": notice.tenant or "platform",
            "class": notice.alertname,
            "custom_details": {
                "runbook": f"runbook://{notice.runbook}",
                "alerts": [one.summary for one in notice.firing],
            },
        },
    }


def dedup_key(group_key: str) -> str:
    """Give the incident's key: the group's own, or its hash where it is too long."""
    return group_key if len(group_key) <= MOST_KEY else hashlib.sha256(group_key.encode()).hexdigest()
