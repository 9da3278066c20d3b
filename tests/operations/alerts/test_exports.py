"""What other programs are given says the same as our own rules: refereed by promtool and amtool."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from frontdesk.kernel.telemetry import CATALOGUE
from frontdesk.operations.alerts import exporting
from frontdesk.operations.alerts.exporting.grafana import BOARDS
from frontdesk.operations.alerts.exporting.prometheus import expression
from frontdesk.operations.alerts.model import MuteWindow
from frontdesk.operations.alerts.readings import Machine, all_readings, by_name
from frontdesk.operations.alerts.rulebook import our_rules
from tests.architecture.sources import ROOT
from tests.operations.alerts.tools import run, tool

DEPLOYED = ROOT / "deploy" / "alerts"
BASE = "https://frontdesk.example.com"
BOOK = our_rules()
READINGS = by_name(all_readings(Machine(home=Path())))
PROMQL = {"sum", "by", "rate", "on", "and", "provider", "status"}


def files() -> dict[str, str]:
    """Write all that is deployed, by place below deploy/alerts."""
    return {
        "rules.yml": exporting.prometheus_file(BOOK, READINGS, base_url=BASE),
        "rules_test.yml": exporting.prometheus_tests_file(BOOK, READINGS, rules="rules.yml", base_url=BASE),
        "alertmanager.yml": exporting.alertmanager_file(BOOK),
        **{f"grafana/{name}": text for name, text in exporting.grafana_files().items()},
    }


def test_the_deployed_files_are_those_that_the_program_writes() -> None:
    there = {path.relative_to(DEPLOYED).as_posix() for path in DEPLOYED.rglob("*") if path.is_file()}
    assert there == {*files(), "README.md"}
    stale = [name for name, text in files().items() if (DEPLOYED / name).read_text(encoding="utf-8") != text]
    assert not stale, "run the command in deploy/alerts/README.md"


async def test_promtool_takes_every_rule() -> None:
    said = await run(tool("promtool"), "check", "rules", str(DEPLOYED / "rules.yml"))
    assert said.code == 0, said.text
    assert f"{len(BOOK.rules) + 1} rules found" in said.text


async def test_each_exported_rule_fires_when_it_should_and_not_otherwise() -> None:
    said = await run(tool("promtool"), "test", "rules", str(DEPLOYED / "rules_test.yml"))
    assert said.code == 0, said.text
    assert "SUCCESS" in said.text


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("outbox_dispatch_lag_seconds > 60", "outbox_dispatch_lag_seconds > 61"),
        ("outbox_dispatch_lag_seconds > 60", "outbox_dispatch_lag_seconds >= 60"),
        ("delivery_ended_texts >= 20", "delivery_ended_texts >= 19"),
        ('for: "10m"', 'for: "9m"'),
        ('keep_firing_for: "5m"', 'keep_firing_for: "4m"'),
    ],
)
async def test_the_tests_of_the_exported_rules_see_a_rule_that_is_off(home: Path, right: str, wrong: str) -> None:
    book = replace(BOOK, rules=tuple(rule for rule in BOOK.rules if rule.name in {"OutboxLag", "DeliveryRateLow"}))
    rules = exporting.prometheus_file(book, READINGS, base_url=BASE)
    tests = exporting.prometheus_tests_file(book, READINGS, rules="rules.yml", base_url=BASE)
    assert right in rules
    (home / "rules.yml").write_text(rules.replace(right, wrong, 1), encoding="utf-8")
    (home / "rules_test.yml").write_text(tests, encoding="utf-8")
    said = await run(tool("promtool"), "test", "rules", str(home / "rules_test.yml"))
    assert said.code != 0
    assert "FAILED" in said.text


async def test_amtool_takes_the_routes() -> None:
    said = await run(tool("amtool"), "check-config", str(DEPLOYED / "alertmanager.yml"))
    assert said.code == 0, said.text
    assert "4 receivers" in said.text


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=OutboxLag severity=critical", "critical"),
        ("alertname=CpuBusy severity=warning", "warning"),
        ("alertname=ImportCompleted severity=info", "info"),
        ("alertname=Watchdog severity=info", "dead-man"),
    ],
)
async def test_amtool_routes_alerts_where_they_belong(labels: str, receiver: str) -> None:
    config = f"--config.file={DEPLOYED / 'alertmanager.yml'}"
    said = await run(tool("amtool"), "config", "routes", "test", config, *labels.split())
    assert said.text.splitlines()[-1].strip() == receiver


async def test_mute_windows_become_intervals_that_amtool_takes(home: Path) -> None:
    night = MuteWindow(
        name="night", alerts=("CpuBusy",), days=(4, 6), begins=time(23), ends=time(4), zone="Europe/Berlin"
    )
    lunch = MuteWindow(name="lunch", alerts=("DiskLow",), days=(0,), begins=time(12), ends=time(13), zone="UTC")
    text = exporting.alertmanager_file(replace(BOOK, mute_windows=(night, lunch)))
    (home / "alertmanager.yml").write_text(text, encoding="utf-8")
    said = await run(tool("amtool"), "check-config", str(home / "alertmanager.yml"))
    assert said.code == 0, said.text
    assert text.count("mute_time_intervals") == 6
    assert "- saturday" in text, "the night that begins on Friday ends on Saturday"


def test_a_rule_with_floors_is_one_expression() -> None:
    rule = BOOK.find("FirstTextBurnsFast")
    assert rule is not None
    assert expression(rule, READINGS) == (
        'first_text_burn_rate{window="1h"} > 14.4 and on(window) first_text_late{window="1h"} >= 3'
        ' and on(window) first_text_answers{window="1h"} >= 14'
    )


def test_every_metric_on_a_board_is_exported() -> None:
    exported = set(READINGS) | {metric.name for metric in CATALOGUE}
    for board in BOARDS:
        for panel in board.panels:
            for shown in panel.expressions:
                names = set(re.findall(r"[a-z][a-z0-9_]{3,}", shown)) - PROMQL
                assert names, shown
                assert names <= exported, (board.slug, shown)


def test_boards_are_documents_with_panels_that_do_not_lie_on_each_other() -> None:
    for name, text in exporting.grafana_files().items():
        board = json.loads(text)
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places) >= 4, name
        assert board["uid"].startswith("frontdesk-")
