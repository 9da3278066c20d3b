"""The rules as Prometheus' alerting rules: the same comparison of the same gauge."""

from __future__ import annotations

import re
from collections.abc import Mapping

from frontdesk.kernel.upkeep import Reading
from frontdesk.operations.alerts.exporting.document import span, write_yaml
from frontdesk.operations.alerts.model import Labels, Rule, RuleBook, page_url

JOB = "frontdesk"
# What we cannot measure of ourselves: that nobody answers at all.
UNREACHABLE: dict[str, object] = {
    "alert": "FrontdeskUnreachable",
    "expr": f'up{{job="{JOB}"}} == 0',
    "for": "1m",
    "labels": {"severity": "critical", "owner": "platform"},
    "annotations": {"summary": "{{ $labels.instance }} does not answer", "runbook": "runbook://process-gone"},
}


def prometheus_file(book: RuleBook, readings: Mapping[str, Reading], *, base_url: str) -> str:
    """Write the rules; `base_url` is where runbooks are read."""
    rules = [_rule(rule, readings, base_url) for rule in book.rules]
    return write_yaml({"groups": [{"name": "frontdesk", "interval": "15s", "rules": [*rules, UNREACHABLE]}]})


def expression(rule: Rule, readings: Mapping[str, Reading]) -> str:
    """Spell a rule's comparison, with its floors, in PromQL."""
    found = f"{rule.reading}{selector(rule.where)} {rule.operator.value} {_number(rule.threshold)}"
    for floor in rule.floors:
        shared = ", ".join(readings[floor.reading].labels)
        found += f" and on({shared}) {floor.reading}{selector(floor.where)} >= {_number(floor.at_least)}"
    return found


def said_of(rule: Rule, base_url: str) -> dict[str, str]:
    """List what is said of a rule's alerts beside their labels."""
    return {
        "summary": re.sub(r"\{(\w+)\}", _placeholder, rule.summary),
        "runbook": f"runbook://{rule.runbook}",
        "runbook_url": page_url(base_url, rule.runbook),
        "source": rule.source,
    }


def selector(where: Labels) -> str:
    """Spell which series are meant."""
    if not where:
        return ""
    inside = ",".join(
        f'{name}=~"{_quoted(value[1:])}"' if value.startswith("~") else f'{name}="{_quoted(value)}"'
        for name, value in where.items()
    )
    return "{" + inside + "}"


def _rule(rule: Rule, readings: Mapping[str, Reading], base_url: str) -> dict[str, object]:
    labels = {name: value for name, value in rule.labels_of({}).items() if name != "alertname"}
    return {
        "alert": rule.name,
        "expr": expression(rule, readings),
        **({"for": span(rule.lasting)} if rule.lasting else {}),
        **({"keep_firing_for": span(rule.keep_firing)} if rule.keep_firing else {}),
        "labels": labels,
        "annotations": said_of(rule, base_url),
    }


def _placeholder(found: re.Match[str]) -> str:
    if found[1] == "value":
        return '{{ $value | printf "%.4g" }}'
    return "{{ $labels." + found[1] + " }}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    return f"{value:g}"
