"""Groups, routes, inhibition and mute windows as Alertmanager's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from frontdesk.kernel.upkeep import Severity
from frontdesk.operations.alerts.exporting.document import span, write_yaml
from frontdesk.operations.alerts.model import Inhibition, MuteWindow, RuleBook
from frontdesk.operations.alerts.readings import WATCHDOG

NEVER_MUTED = 'compliance!="true"'
SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MIDNIGHT = "24:00"
# Secrets stand in files beside it; addresses of receivers are to be filled in.
SINKS: dict[str, tuple[str, dict[str, object]]] = {
    "pagerduty": (
        "pagerduty_configs",
        {"routing_key_file": "/etc/alertmanager/secrets/pagerduty_routing_key", "send_resolved": True},
    ),
    "slack": (
        "slack_configs",
        {
            "api_url_file": "/etc/alertmanager/secrets/slack_webhook_url",
            "channel": "#alerts",
            "send_resolved": True,
            "title": '{{ template "slack.default.title" . }}',
            "text": "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.runbook_url }}\n{{ end }}",
        },
    ),
    "email": ("email_configs", {"to": "oncall@example.com", "send_resolved": True}),
    "webhook": ("webhook_configs", {"url": "https://alerts.example.com/frontdesk", "send_resolved": True}),
}
TEXTS = """\
# Alertmanager sends no texts. People on call are texted by Frontdesk itself (ALERT_SMS_TO, ALERT_SMS_FROM), which
# evaluates the same rules beside this; where it does not, let the receiver `critical` post to a service that texts.
"""
DEAD_MAN: dict[str, object] = {
    "name": "dead-man",
    "webhook_configs": [{"url": "https://deadman.example.com/frontdesk", "send_resolved": False}],
}


def alertmanager_file(book: RuleBook) -> str:
    """Write the configuration; the addresses in it are examples."""
    muting = [_muting_route(window) for window in book.mute_windows]
    watchdog: dict[str, object] = {
        "receiver": "dead-man",
        "matchers": [f'alertname="{WATCHDOG}"'],
        "group_wait": "0s",
        "group_interval": "1m",
        "repeat_interval": "1m",
    }
    document: dict[str, object] = {
        "global": {
            "resolve_timeout": span(book.timing.resolve_timeout),
            "smtp_from": "frontdesk@example.com",
            "smtp_smarthost": "mail.example.com:587",
        },
        "route": {
            "receiver": Severity.INFO.word,
            "group_by": ["tenant", "alertname"],
            "group_wait": span(book.timing.group_wait),
            "group_interval": span(book.timing.group_interval),
            "repeat_interval": span(book.timing.repeat_interval),
            "routes": [watchdog, *muting, *_by_severity(())],
        },
        "inhibit_rules": [_inhibition(rule) for rule in book.inhibitions],
        "receivers": [*(_receiver(severity, book) for severity in SEVERITIES), DEAD_MAN],
    }
    if book.mute_windows:
        document["time_intervals"] = [_interval(window) for window in book.mute_windows]
    return write_yaml(document, remark=TEXTS)


def _by_severity(intervals: Sequence[str]) -> list[dict[str, object]]:
    muted: dict[str, object] = {"mute_time_intervals": list(intervals)} if intervals else {}
    return [
        {"receiver": severity.word, "matchers": [f'severity="{severity.word}"'], **muted} for severity in SEVERITIES
    ]


def _muting_route(window: MuteWindow) -> dict[str, object]:
    return {
        "receiver": Severity.INFO.word,
        "matchers": [f'alertname=~"{"|".join(window.alerts)}"', NEVER_MUTED],
        "routes": _by_severity((window.name,)),
    }


def _interval(window: MuteWindow) -> dict[str, object]:
    """Write when a window is open; one that lasts past midnight goes on on the day after."""
    begins, ends = f"{window.begins:%H:%M}", f"{window.ends:%H:%M}"
    if window.begins <= window.ends:
        spans = [(window.days, begins, ends)]
    else:
        spans = [(window.days, begins, MIDNIGHT)]
        if window.ends > time(0):
            spans.append((tuple(sorted((day + 1) % 7 for day in window.days)), "00:00", ends))
    return {
        "name": window.name,
        "time_intervals": [
            {
                "weekdays": [DAY_NAMES[day] for day in days],
                "times": [{"start_time": start, "end_time": end}],
                "location": window.zone,
            }
            for days, start, end in spans
        ],
    }


def _inhibition(rule: Inhibition) -> dict[str, object]:
    targets = (
        f'alertname!~"{rule.source}|{WATCHDOG}"' if "*" in rule.targets else f'alertname=~"{"|".join(rule.targets)}"'
    )
    return {
        "source_matchers": [f'alertname="{rule.source}"'],
        "target_matchers": [targets, NEVER_MUTED],
        **({"equal": list(rule.equal)} if rule.equal else {}),
    }


def _receiver(severity: Severity, book: RuleBook) -> dict[str, object]:
    found: dict[str, object] = {"name": severity.word}
    for sink, (kind, config) in SINKS.items():
        if severity >= book.routes[sink]:
            found[kind] = [config]
    return found
