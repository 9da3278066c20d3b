"""A notice as the document of an Alertmanager webhook, version 4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from frontdesk.ports.alerts import Notice, NoticedAlert

NEVER = "0001-01-01T00:00:00Z"  # how Go says "no time"
RECEIVER = "frontdesk"


def webhook_document(notice: Notice) -> dict[str, object]:
    """Write the document."""
    group = {"alertname": notice.alertname, **({"tenant": notice.tenant} if notice.tenant else {})}
    labels = [dict(one.labels) for one in notice.alerts]
    annotations = [annotations_of(notice, one) for one in notice.alerts]
    return {
        "version": "4",
        "groupKey": group_key(group),
        "truncatedAlerts": 0,
        "status": notice.status.value,
        "receiver": RECEIVER,
        "groupLabels": group,
        "commonLabels": shared(labels),
        "commonAnnotations": shared(annotations),
        "externalURL": notice.external_url,
        "alerts": [
            {
                "status": one.status.value,
                "labels": dict(one.labels),
                "annotations": annotations_of(notice, one),
                "startsAt": stamp(one.starts_at),
                "endsAt": NEVER if one.ends_at is None else stamp(one.ends_at),
                "generatorURL": notice.runbook_url,
                "fingerprint": one.fingerprint,
            }
            for one in notice.alerts
        ],
    }


def annotations_of(notice: Notice, alert: NoticedAlert) -> dict[str, str]:
    """List what is said of an alert beside its labels."""
    return {
        "summary": alert.summary,
        "runbook": f"runbook://{notice.runbook}",
        "runbook_url": notice.runbook_url,
        "value": "" if alert.value is None else f"{alert.value:.6g}",
    }


def shared(maps: list[dict[str, str]]) -> dict[str, str]:
    """Keep what all of them say."""
    if not maps:
        return {}
    return {key: value for key, value in maps[0].items() if all(one.get(key) == value for one in maps)}


def group_key(group: Mapping[str, str]) -> str:
    """Spell a group as Alertmanager does."""
    inside = ", ".join(f'{name}="{value}"' for name, value in sorted(group.items()))
    return "{}:{" + inside + "}"


def stamp(moment: datetime) -> str:
    """Spell a moment as RFC 3339 does, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
