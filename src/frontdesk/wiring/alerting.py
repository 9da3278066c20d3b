"""Alerts put together: the sinks that are set up, the rules, the readings, and the loops that keep them going."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.loops import Loop
from frontdesk.kernel.settings import Settings
from frontdesk.kernel.tallies import Tallier, tallying
from frontdesk.operations.alerts.counting import COUNTED
from frontdesk.operations.alerts.emergency import Emergency
from frontdesk.operations.alerts.evaluating import PERIOD, Watch, evaluate_once
from frontdesk.operations.alerts.model import RuleBook
from frontdesk.operations.alerts.notifying import Notifier
from frontdesk.operations.alerts.readings import Machine, all_readings, by_name
from frontdesk.operations.alerts.rulebook import read_rules
from frontdesk.operations.alerts.texting import OnCallLine, TextAlerts
from frontdesk.operations.incidents.escalating import escalate_once
from frontdesk.ports.alerts import AlertSink
from frontdesk.providers.alert_webhook import AlertWebhook, DeadMansSwitch
from frontdesk.providers.alertmanager import Alertmanager
from frontdesk.providers.certificates import TlsCertificates
from frontdesk.providers.http import HttpClient
from frontdesk.providers.pagerduty import PagerDuty
from frontdesk.providers.slack import SlackChannel
from frontdesk.providers.smtp import MailAlerts
from frontdesk.wiring.mail import alert_server
from frontdesk.wiring.parts import Frontdesk

TELL_SECONDS = 1.0
AWAY_SECONDS = 5.0


def alert_sinks(settings: Settings, http: HttpClient) -> dict[str, AlertSink]:
    """Make the sinks that are set up and need nothing of ours, by name; `text_alerts` makes the one that does."""
    alerts = settings.alerts
    sinks: list[AlertSink] = []
    if alerts.webhook_url is not None:
        sinks.append(AlertWebhook(alerts.webhook_url.get_secret_value(), http))
    if alerts.slack_webhook_url is not None:
        sinks.append(SlackChannel(alerts.slack_webhook_url.get_secret_value(), http))
    if alerts.pagerduty_routing_key is not None:
        key = alerts.pagerduty_routing_key.get_secret_value()
        sinks.append(PagerDuty(key, http, base_url=alerts.pagerduty_api_base_url, source=settings.base_url))
    if alerts.alertmanager_url is not None:
        sinks.append(Alertmanager(alerts.alertmanager_url, http))
    server = alert_server(settings)
    if server is not None:
        sinks.append(MailAlerts(server))
    return {sink.name: sink for sink in sinks}


def text_alerts(parts: Frontdesk) -> dict[str, AlertSink]:
    """Make the sink that texts the people on call, if it is set up; it needs the carriers and the database."""
    alerts = parts.settings.alerts
    if alerts.sms_from is None or alerts.sms_to is None:
        return {}
    line = OnCallLine(
        sender_e164=alerts.sms_from,
        recipients=alerts.sms_recipients,
        hourly_limit=alerts.sms_hourly_limit,
        carrier=alerts.sms_carrier or "",
    )
    sink = TextAlerts(
        line,
        system=parts.system,
        providers=parts.providers,
        journal=parts.journal,
        secrets=parts.settings.secret_values(),
    )
    return {sink.name: sink}


def alert_rules(settings: Settings) -> RuleBook:
    """Read the rules of this installation."""
    return read_rules(settings.alerts.rules_file)


def machine_of(parts: Frontdesk) -> Machine:
    """Describe where this process runs, for what is read of the machine."""
    return Machine(home=parts.settings.home, public_base_url=parts.public_base_url, certificates=TlsCertificates())


def alert_watch(parts: Frontdesk, sinks: Mapping[str, AlertSink]) -> Watch:
    """Put together what alerts are evaluated with."""
    return Watch(
        book=alert_rules(parts.settings),
        readings=by_name(all_readings(machine_of(parts))),
        sinks=tuple(sorted(sinks)),
        base_url=parts.public_base_url,
    )


def counting(parts: Frontdesk) -> Loop:
    """Make the loop that every process needs so that what it counts is known to all."""
    return tallying(Tallier(parts.metrics, COUNTED), parts.system)


@dataclass(frozen=True, slots=True)
class Bell:
    """A worker's part in alerts: its loops, and the connections that they use."""

    loops: tuple[Loop, ...]
    http: HttpClient

    async def close(self) -> None:
        """Drop the connections to sinks."""
        await self.http.close()


def hang_bell(parts: Frontdesk) -> Bell:
    """Make the loops that evaluate alerts, tell sinks, escalate incidents, and let the dead man's switch hear us."""
    http = HttpClient(connections_per_origin=4)
    sinks = alert_sinks(parts.settings, http) | text_alerts(parts)
    watch = alert_watch(parts, sinks)
    dead_man = parts.settings.alerts.dead_man_url
    notifier = Notifier(
        system=parts.system,
        sinks=sinks,
        process_id=parts.process_id,
        dead_man=None if dead_man is None else DeadMansSwitch(dead_man.get_secret_value(), http),
    )
    emergency = Emergency(book=watch.book, sinks=sinks, clock=parts.clock, base_url=parts.public_base_url)
    news = asyncio.Event()

    async def evaluate() -> float:
        try:
            seen = await evaluate_once(parts.system, watch)
        except UNAVAILABLE:
            await emergency.database_is_away()
            return AWAY_SECONDS
        await emergency.database_is_back()
        if seen is not None and seen.told:
            news.set()
        await notifier.beat()
        return PERIOD.total_seconds()

    async def tell() -> float:
        return 0.0 if await notifier.notify_once() else TELL_SECONDS

    async def look_after() -> float:
        seen = await escalate_once(parts.system, watch)
        if seen is not None and seen.told:
            news.set()
        return PERIOD.total_seconds()

    loops = (
        Loop("evaluate alerts", evaluate),
        Loop("tell of alerts", tell, news),
        Loop("look after incidents", look_after),
    )
    return Bell(loops, http)
