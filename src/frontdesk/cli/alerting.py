"""Alerts on the command line: what fires, silences, whether anybody hears us, and the rules for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.operations.alerts.looking import Overview
    from frontdesk.operations.alerts.queries.notices import Notification
    from frontdesk.operations.alerts.queries.silences import KnownSilence
    from frontdesk.ports.alerts import AlertSink
    from frontdesk.wiring import Frontdesk

SHOWN_NOTICES = 20


def register(app: typer.Typer) -> None:
    """Add the verb."""
    verbs = typer.Typer(help="Alerts: what is wrong, who was told, and what is silenced.")
    verbs.command("list")(list_alerts)
    verbs.command("silence")(silence)
    verbs.command("silences")(list_silences)
    verbs.command("unsilence")(unsilence)
    verbs.command("test")(try_sinks)
    verbs.command("export")(export)
    app.add_typer(verbs, name="alerts")


def list_alerts(
    *,
    resolved: Annotated[bool, typer.Option("--resolved", help="Also those that ended within a day.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List alerts that fire or are about to, the worst first; exits with 1 if one fires that is not muted."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, show_table, write_json
    from frontdesk.operations.alerts.looking import list_notifications, look_at_alerts
    from frontdesk.operations.alerts.queries.notices import NotificationStatus
    from frontdesk.wiring.alerting import alert_rules

    async def work(parts: Frontdesk) -> tuple[Overview, list[Notification]]:
        async with parts.system.transaction() as tx:
            seen = await look_at_alerts(tx, alert_rules(parts.settings), with_resolved=resolved)
            return seen, await list_notifications(tx, limit=SHOWN_NOTICES)

    seen, told = with_office(home, work)
    firing = [one for one in seen.alerts if one.state == "firing" and not one.muted]
    if as_json:
        write_json({"evaluated_at": seen.evaluated_at, "alerts": seen.alerts, "notifications": told})
    else:
        head = ("alert", "business", "severity", "state", "since", "says", "runbook", "muted")
        rows = [
            (one.alertname, one.tenant, one.severity, one.state, one.since_at, one.summary, one.runbook, one.muted)
            for one in seen.alerts
        ]
        show_table("Alerts", head, rows)
        if seen.evaluated_at is None:
            console().print("Alerts have never been evaluated: is a worker running?")
        untold = [one for one in told if one.status is NotificationStatus.PENDING]
        if untold:
            tries = [(one.group_key, one.sink, one.attempts, one.last_error) for one in untold]
            show_table("Not told yet", ("group", "sink", "tries", "because"), tries)
    if firing:
        raise typer.Exit(1)


def silence(
    matchers: Annotated[
        list[str], typer.Argument(help="label=value, such as alertname=OutboxLag; ~ begins a pattern.")
    ],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why nobody wants to be told.")],
    lasting: Annotated[str, typer.Option("--for", help="For how long, such as 30m or 4h; 24h at most.")] = "1h",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Silence alerts for a while; what concerns the law or a promise is told all the same."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.kernel.errors import Refused
    from frontdesk.operations.alerts.rulebook import read_span
    from frontdesk.operations.alerts.silencing import silence_alerts
    from frontdesk.wiring.alerting import alert_rules

    pairs = [one.partition("=") for one in matchers]
    if not all(sign for _, sign, _ in pairs):
        raise Refused("alerts.bad_matcher", "write matchers like alertname=OutboxLag", status=422)
    try:
        length = read_span(lasting)
    except ValueError as error:
        raise Refused("alerts.bad_span", str(error), status=422) from None

    async def work(parts: Frontdesk) -> KnownSilence:
        async with parts.system.transaction() as tx:
            return await silence_alerts(
                tx,
                book=alert_rules(parts.settings),
                matchers={name: value for name, _, value in pairs},
                lasting=length,
                reason=reason,
                by=actor(),
            )

    _show(with_office(home, work), as_json=as_json)


def list_silences(
    *,
    over: Annotated[bool, typer.Option("--over", help="Also those that are over.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List silences, newest first."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.operations.alerts.queries import silences

    async def work(parts: Frontdesk) -> list[KnownSilence]:
        async with parts.system.transaction() as tx:
            return await silences.list_silences(tx, in_force_at=None if over else tx.now)

    found = with_office(home, work)
    if as_json:
        write_json({"silences": found})
        return
    rows = [(str(one.id), _spelled(one), one.author, one.reason, one.silenced_until) for one in found]
    show_table("Silences", ("id", "alerts", "by", "because", "until"), rows)


def unsilence(
    silence_id: Annotated[str, typer.Argument(help="Id of the silence, as `frontdesk alerts silences` shows it.")],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """End a silence now."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.kernel.errors import Refused
    from frontdesk.operations.alerts.silencing import lift_silence

    try:
        wanted = UUID(silence_id)
    except ValueError:
        raise Refused("alerts.silence_not_found", f"{silence_id} is no id of a silence", status=404) from None

    async def work(parts: Frontdesk) -> KnownSilence:
        async with parts.system.transaction() as tx:
            return await lift_silence(tx, silence_id=wanted, by=actor())

    _show(with_office(home, work), as_json=as_json)


def try_sinks(*, home: Home = None, as_json: AsJson = False) -> None:
    """Tell every sink a test alert and its end; exits with 1 if one does not take it, or there is none."""
    from frontdesk.cli.office import read_settings, run, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.providers.http import HttpClient
    from frontdesk.wiring.alerting import alert_sinks, text_alerts

    settings = read_settings(home)

    async def work() -> list[dict[str, object]]:
        http = HttpClient(connections_per_origin=1)
        try:
            return [await _try(sink, settings.base_url) for sink in alert_sinks(settings, http).values()]
        finally:
            await http.close()

    async def text(parts: Frontdesk) -> list[dict[str, object]]:
        return [await _try(sink, settings.base_url) for sink in text_alerts(parts).values()]

    found = run(work)
    # Texts are counted and their refusals looked up, so that this sink alone needs the database.
    found += with_office(home, text) if settings.alerts.sms_from is not None else []
    if as_json:
        write_json({"ok": bool(found) and all(one["ok"] for one in found), "sinks": found})
    elif found:
        show_table("Sinks", ("sink", "took it", "said"), [(one["sink"], one["ok"], one["said"]) for one in found])
    else:
        typer.echo(
            "No sink is set up: set ALERT_WEBHOOK_URL, SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY, e-mail or texts."
        )
    if not found or not all(one["ok"] for one in found):
        raise typer.Exit(1)


def export(
    *,
    prometheus: Annotated[Path | None, typer.Option("--prometheus", help="File for Prometheus' rules.")] = None,
    prometheus_tests: Annotated[
        Path | None, typer.Option("--prometheus-tests", help="File for promtool's tests of those rules, beside them.")
    ] = None,
    alertmanager: Annotated[Path | None, typer.Option("--alertmanager", help="File for Alertmanager's routes.")] = None,
    grafana: Annotated[Path | None, typer.Option("--grafana", help="Folder for Grafana's boards.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write the rules for Prometheus, Alertmanager and Grafana; needs no database."""
    from frontdesk.cli.office import read_settings
    from frontdesk.cli.output import write_json
    from frontdesk.operations.alerts import exporting
    from frontdesk.operations.alerts.readings import Machine, all_readings, by_name
    from frontdesk.wiring.alerting import alert_rules

    settings = read_settings(home)
    book, readings = alert_rules(settings), by_name(all_readings(Machine(home=settings.home)))
    files: dict[Path, str] = {}
    if prometheus is not None:
        files[prometheus] = exporting.prometheus_file(book, readings, base_url=settings.base_url)
    if prometheus_tests is not None:
        rules = "rules.yml" if prometheus is None else prometheus.name
        files[prometheus_tests] = exporting.prometheus_tests_file(
            book, readings, rules=rules, base_url=settings.base_url
        )
    if alertmanager is not None:
        files[alertmanager] = exporting.alertmanager_file(book)
    if grafana is not None:
        files |= {grafana / name: text for name, text in exporting.grafana_files().items()}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if as_json:
        write_json({"files": [str(path) for path in files]})
    else:
        for path in files:
            typer.echo(f"{path} written")
    if not files:
        raise typer.BadParameter("name at least one of --prometheus, --alertmanager, --grafana")


async def _try(sink: AlertSink, base_url: str) -> dict[str, object]:
    from datetime import UTC, datetime

    from frontdesk.operations.alerts.notifying import test_notice
    from frontdesk.ports import ProviderError
    from frontdesk.ports.alerts import NoticeStatus

    try:
        for status in (NoticeStatus.FIRING, NoticeStatus.RESOLVED):
            await sink.tell(test_notice(status, base_url=base_url, now=datetime.now(UTC)))
    except ProviderError as error:
        return {"sink": sink.name, "ok": False, "said": str(error)}
    return {"sink": sink.name, "ok": True, "said": ""}


def _show(silence: KnownSilence, *, as_json: bool) -> None:
    from frontdesk.cli.output import show_facts, write_json

    if as_json:
        write_json(silence)
        return
    show_facts(
        {
            "silence": silence.id,
            "alerts": _spelled(silence),
            "by": silence.author,
            "because": silence.reason,
            "until": silence.silenced_until if silence.lifted_at is None else silence.lifted_at,
        }
    )


def _spelled(silence: KnownSilence) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(silence.matchers.items()))
