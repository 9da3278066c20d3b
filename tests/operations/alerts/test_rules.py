"""The rules are whole: what they read exists, what the sources ask for is there, and operators may change them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Reading, Severity
from frontdesk.operations.alerts import checks as alert_checks
from frontdesk.operations.alerts.model import Rule
from frontdesk.operations.alerts.readings import HAVE_RULES, KERNEL, Machine, all_readings, by_name, check_kind
from frontdesk.operations.alerts.rulebook import our_rules, read_rules, read_span
from frontdesk.operations.backups import checks as backup_checks
from frontdesk.operations.checking import all_checks
from tests.architecture.sources import PACKAGE, ROOT

READINGS: dict[str, Reading] = dict(by_name(all_readings(Machine(home=Path()))))
RULES = our_rules().rules
CHECKS = {check.name: check for check in (*all_checks(), *alert_checks.CHECKS, *backup_checks.CHECKS)}
# What the sources ask for, the strictest where they differ: rule, comparison, minutes, severity.
ASKED: tuple[tuple[str, str, float, str], ...] = (
    ("FirstTextSlow", "slo_first_sms_p95_seconds > 5", 10, "critical"),
    ("FirstTextSlowing", "slo_first_sms_p95_seconds > 1", 10, "warning"),
    ("OutboxLag", "outbox_dispatch_lag_seconds > 60", 10, "critical"),
    ("WebhookLag", "webhook_lag_seconds > 30", 5, "warning"),
    ("SignatureFailures", "webhook_signature_failures_per_minute > 10", 5, "critical"),
    ("DatabaseConnections", "database_connections_percent > 80", 10, "critical"),
    ("CpuBusy", "host_cpu_percent > 80", 10, "warning"),
    ("DeliveryRateLow", "delivery_rate_percent < 95", 10, "warning"),
    ("DeliveryRateVeryLow", "delivery_rate_percent < 90", 10, "critical"),
    ("DeliveryFailures", "delivery_failed_percent > 5", 10, "warning"),
    ("OptOutsMany", "opt_out_percent > 3", 0, "warning"),
    ("QueueLong", "send_queue_waiting > 100", 1, "warning"),
    ("QueueVeryLong", "send_queue_waiting > 500", 1, "critical"),
    ("QueueFlooded", "send_queue_length > 10000", 5, "critical"),
    ("BudgetNearlySpent", "budget_used_percent >= 90", 0, "info"),
    ("WarmupLimitReached", "warmup_limit_reached > 0", 0, "info"),
    ("ImportCompleted", "imports_completed > 0", 0, "info"),
    ("RequestFaults", "http_error_percent > 1", 5, "warning"),
    ("RequestFaultsMany", "http_error_percent > 5", 5, "critical"),
    ("RequestsSlow", "http_p95_seconds > 2", 5, "warning"),
    ("RequestsVerySlow", "http_p95_seconds > 5", 5, "critical"),
    ("ApiSlow", "http_p95_seconds > 0.5", 10, "warning"),
    ("DiskLow", "host_disk_free_percent < 15", 1, "warning"),
    ("ClockOff", "clock_offset_seconds > 2", 1, "warning"),
    ("CertificateExpiresSoon", "certificate_days_left < 14", 0, "warning"),
    ("BackupOld", "backup_age_hours > 26", 0, "critical"),
    ("LogCopyBehind", "wal_receiver_lag_seconds > 60", 0, "critical"),
    ("RestoreDrillOld", "restore_drill_age_days > 8", 0, "warning"),
    ("SyncDegraded", "sync_degraded > 0", 1, "warning"),
    ("LawRulesOld", "ruleset_age_days > 90", 0, "warning"),
    ("FirstTextBurnsFast", "first_text_burn_rate > 14.4", 0, "critical"),
    ("FirstTextBurns", "first_text_burn_rate > 6", 0, "critical"),
    ("FirstTextBurnsSlowly", "first_text_burn_rate > 1", 0, "warning"),
    ("RequestFaultsBurnFast", "http_burn_rate > 14.4", 0, "critical"),
    ("RequestFaultsBurn", "http_burn_rate > 6", 0, "critical"),
    ("RequestFaultsBurnSlowly", "http_burn_rate > 1", 0, "warning"),
    ("FirstTextFailed", "first_texts_failed > 0", 0, "warning"),
    ("ReceiptsUnknown", "parked_receipt_age_seconds > 600", 0, "warning"),
    ("PromiseBroken", "check_failing >= 1", 0, "critical"),
    ("AuditChainBroken", "check_failing >= 1", 0, "critical"),
)


def named(rule: Rule) -> str:
    """Name a rule in a test's id."""
    return rule.name


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_what_a_rule_reads_exists_with_the_labels_that_it_names(rule: Rule) -> None:
    reading = READINGS[rule.reading]
    assert set(rule.where) <= set(reading.labels)
    for floor in rule.floors:
        assert set(floor.where) <= set(READINGS[floor.reading].labels)
        assert set(READINGS[floor.reading].labels) <= set(reading.labels), "a floor stands beside each alert"
    filled = set(re.findall(r"\{(\w+)\}", rule.summary)) - {"value"}
    assert filled <= set(reading.labels)


@pytest.mark.parametrize("rule", RULES, ids=named)
def test_a_rule_says_who_looks_after_it_and_where_it_says_what_to_do(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]+", rule.name)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.runbook)
    assert rule.owner in {"integrations", "operations", "platform", "compliance", "business"}
    assert rule.source
    assert rule.severity in {Severity.INFO, Severity.WARNING, Severity.CRITICAL}


def pages() -> dict[str, str]:
    """Read every page of operations by its name."""
    folders = (ROOT / "docs" / "operations", PACKAGE / "operations" / "runbooks" / "library")
    return {page.stem: page.read_text(encoding="utf-8") for folder in folders for page in folder.glob("*.md")}


def test_every_page_that_a_rule_names_exists() -> None:
    assert {rule.runbook for rule in RULES} <= set(pages())


def test_every_alert_that_a_page_names_exists() -> None:
    named_by_pages = {
        name.strip()
        for text in pages().values()
        for line in re.findall(r"^alerts: (.*)$", text, re.MULTILINE)
        for name in line.split(",")
    }
    assert named_by_pages - {""} <= {rule.name for rule in RULES}


def test_no_two_rules_have_one_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("name", "compare", "minutes", "severity"), ASKED)
def test_every_threshold_that_the_sources_ask_for_is_there(
    name: str, compare: str, minutes: float, severity: str
) -> None:
    rule = our_rules().find(name)
    assert rule is not None
    assert f"{rule.reading} {rule.operator.value} {rule.threshold:g}" == compare
    assert rule.lasting == timedelta(minutes=minutes)
    assert rule.severity.word == severity


def test_burn_rates_of_few_events_page_nobody() -> None:
    for rule in RULES:
        if rule.reading.endswith("burn_rate"):
            window = rule.where["window"]
            assert {floor.where["window"] for floor in rule.floors} == {window}
            assert min(floor.at_least for floor in rule.floors) == 3
            # At 99.9 % one bad event of fewer than 69 would page, at 99.5 % one of fewer than 14.
            assert max(floor.at_least for floor in rule.floors) == (69 if rule.reading.startswith("http") else 14)


def test_what_concerns_promises_and_the_law_is_never_muted() -> None:
    assert {rule.name for rule in RULES if rule.compliance} == {
        "PromiseBroken",
        "AuditChainBroken",
        "AccessOpenAfterBreach",
        "RefusalUnreadable",
        "BrokenPromiseSends",
        "NightCampaignRuns",
        "PersonFlooded",
        "LawRulesOld",
        "NobodyNotified",
    }


def test_inhibition_names_alerts_that_there_are_and_labels_that_both_have() -> None:
    known = {rule.name: rule for rule in RULES}
    for one in our_rules().inhibitions:
        assert one.source in known
        for target in one.targets:
            assert target == "*" or target in known, target
            for label in one.equal:
                assert label in READINGS[known[target].reading].labels
                assert label in READINGS[known[one.source].reading].labels


def test_a_check_with_a_rule_of_its_own_is_not_told_twice() -> None:
    for rule in RULES:
        if "check" in rule.where:
            assert rule.where["check"] in CHECKS, rule.name
            assert check_kind(rule.where["check"]) == "ruled"
    assert check_kind("delivery.invariant_one_post") == "invariant"
    assert check_kind("some.other_check") == "check"


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_leads_to_an_alert(name: str) -> None:
    by_kind = [rule for rule in RULES if rule.where.get("kind") == check_kind(name)]
    own = [rule for rule in RULES if rule.where.get("check") == name]
    assert by_kind or own or name in HAVE_RULES


def test_every_check_has_a_rule_of_its_own_or_a_figure_that_has_one() -> None:
    own = {rule.where["check"] for rule in RULES if "check" in rule.where}
    together = {name for name in CHECKS if check_kind(name) in {"invariant", "audit"}}
    assert not set(CHECKS) - own - together - HAVE_RULES, "CheckFailing and CheckWarning are for what comes later"


@pytest.mark.parametrize("rule", [rule for rule in RULES if "check" in rule.where], ids=named)
def test_a_check_and_its_rule_lead_to_the_same_page(rule: Rule) -> None:
    assert rule.runbook == CHECKS[rule.where["check"]].runbook


def test_every_reading_has_a_name_of_its_own_and_a_sentence() -> None:
    for reading in READINGS.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", reading.name)
        assert reading.help.endswith(".")
    with pytest.raises(ValueError, match="twice"):
        by_name([*KERNEL, *KERNEL])


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("5m", 300), ("4h", 14_400), ("3d", 259_200), ("0s", 0)])
def test_a_span_of_time_is_read(text: str, expected: int) -> None:
    assert read_span(text) == timedelta(seconds=expected)


@pytest.mark.parametrize("text", ["", "5", "m", "1.5h", "-5m", "5 m", "5w"])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="span of time"):
        read_span(text)


CHANGES = """
[change.OutboxLag]
threshold = 30
for = "5m"
severity = "warning"

[routes]
email = "critical"

[[mute_window]]
name = "nightly maintenance"
alerts = ["CpuBusy", "DatabaseConnections"]
days = ["sat", "sun"]
begins = "02:00"
ends = "04:00"
zone = "Europe/Berlin"
"""


def test_an_operator_changes_thresholds_routes_and_windows(home: Path) -> None:
    file = home / "alerts.toml"
    file.write_text(CHANGES, encoding="utf-8")
    book = read_rules(file)
    lag = book.find("OutboxLag")
    assert lag is not None
    assert (lag.threshold, lag.lasting, lag.severity) == (30, timedelta(minutes=5), Severity.WARNING)
    assert book.routes["email"] == Severity.CRITICAL
    assert book.routes["slack"] == Severity.INFO
    [window] = book.mute_windows
    assert (window.days, window.zone) == ((5, 6), "Europe/Berlin")
    assert book.find("FirstTextSlow") == our_rules().find("FirstTextSlow")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[change.Nothing]\nthreshold = 1", "there is no alert Nothing"),
        ('[change.PromiseBroken]\nseverity = "info"', "stays critical"),
        ('[change.OutboxLag]\nseverity = "loud"', "no severity"),
        ('[change.OutboxLag]\nfor = "soon"', "no span of time"),
        ("[change.OutboxLag]\nthreshhold = 1", "unknown field"),
        (CHANGES.replace('"CpuBusy"', '"LawRulesOld"'), "never muted"),
        (CHANGES.replace('"CpuBusy"', '"Nothing"'), "there is no alert Nothing"),
        (CHANGES.replace("Europe/Berlin", "Europe/Nowhere"), "Nowhere"),
        (CHANGES.replace('"sat"', '"someday"'), "someday"),
        ("[change", "cannot be used"),
    ],
)
def test_changes_that_cannot_be_are_refused_with_the_reason(home: Path, text: str, why: str) -> None:
    file = home / "alerts.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=why) as refusal:
        read_rules(file)
    assert refusal.value.code == "alerts.bad_rules"


def test_a_file_of_changes_that_is_not_there_is_refused(home: Path) -> None:
    with pytest.raises(Refused) as refusal:
        read_rules(home / "nowhere.toml")
    assert refusal.value.code == "alerts.bad_rules"
