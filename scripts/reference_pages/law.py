"""The page of the rules of law: what binds a text, where, since when, and by which statute."""

from __future__ import annotations

from typing import assert_never

from frontdesk.features.consent.law import RULES, RULESET_SHA256, RULESET_VERSION
from frontdesk.features.consent.law.areas import AREAS, SOURCES, STATES
from frontdesk.features.consent.law.rule import (
    AnyHour,
    Cap,
    Consent,
    Effect,
    Hours,
    KeptBy,
    Registered,
    Rule,
    Span,
    TenantQuiet,
)
from scripts.reference_pages.markdown import page, table

INTRODUCTION = f"""
Rule set `{RULESET_VERSION}`, SHA-256 `{RULESET_SHA256}`.
Not legal advice. What the program does with these rules is told in [the law](../law.md). Classes: C1 answer to the
person's own call or text, C2 transactional, C3 marketing, C4 answers to STOP, HELP and START. A rule with a doubt is
applied all the same. All hours are the person's own, from the first time to before the second.
"""
TITLES = (
    ("", "Everywhere: rules of our own"),
    ("US", "United States"),
    ("CA", "Canada"),
    ("AU", "Australia"),
    ("GB", "United Kingdom"),
)


def _span(span: Span | None) -> str:
    return "\N{EN DASH}".join(span) if span else "closed"


def _hours(hours: Hours) -> str:
    if hours.weekdays == hours.saturday == hours.sunday:
        text = f"{_span(hours.weekdays)} daily"
    elif hours.weekdays == hours.saturday:
        text = f"Mon\N{EN DASH}Sat {_span(hours.weekdays)}, Sun {_span(hours.sunday)}"
    else:
        text = f"Mon\N{EN DASH}Fri {_span(hours.weekdays)}, Sat {_span(hours.saturday)}, Sun {_span(hours.sunday)}"
    closed = f", legal holidays of {hours.holidays} closed" if hours.holidays else ""
    return text + closed + (f", by `{hours.clock}` too" if hours.clock else "")


def describe(effect: Effect) -> str:
    """Say in a few words what a rule does."""
    match effect:
        case Hours():
            text = _hours(effect)
        case Cap(texts):
            text = f"at most {texts} in 24 hours"
        case Consent():
            lasts = f", implied for {effect.implied_days} days" if effect.implied_days else ""
            sender = ", of senders there too" if effect.of_sender else ""
            text = f"proven consent ({', '.join(effect.kinds)}): {', '.join(effect.fields)}{lasts}{sender}"
        case Registered(key):
            text = f"registration `{key}` or a recorded exemption"
        case TenantQuiet():
            text = "the business's quiet hours"
        case AnyHour():
            text = "any hour"
        case KeptBy(part):
            text = f"kept by {part}"
        case _:
            assert_never(effect)
    return text


def _row(rule: Rule) -> tuple[str, ...]:
    until = f" to {rule.effective_to}" if rule.effective_to else ""
    entered = f", entered {rule.entered}" if rule.entered else ""
    return (
        f"`{rule.id}` v{rule.version}",
        ", ".join(rule.classes),
        f"{rule.title}: {describe(rule.effect)}",
        rule.citation,
        f"{rule.effective_from}{until}{entered}",
        rule.unsure or "\N{EN DASH}",
        f"`{rule.sha256}`",
    )


def _state(region: str) -> tuple[str, ...]:
    effects = [rule.effect for rule in RULES if region in rule.regions]
    own = "; ".join(_hours(effect) for effect in effects if isinstance(effect, Hours))
    caps = ", ".join(str(effect.texts) for effect in effects if isinstance(effect, Cap))
    doubt = any(rule.unsure for rule in RULES if region in rule.regions and isinstance(rule.effect, Hours))
    return (region, own or "federal: 08:00\N{EN DASH}21:00 daily", caps or "\N{EN DASH}", "yes" if doubt else "")


def _split() -> list[tuple[str, str, str]]:
    return [
        (code, ", ".join(sorted(area.regions)), ", ".join(f"`{zone}`" for zone in sorted(area.zones)))
        for code, area in sorted(AREAS.items())
        if len(area.zones) > 1
    ]


def render_law() -> str:
    """Make the page."""
    columns = ("rule", "classes", "what", "citation", "in force", "doubt", "SHA-256")
    return page(
        "Rules of law",
        INTRODUCTION,
        *(
            f"## {title}\n\n{table(columns, [_row(rule) for rule in RULES if rule.country == country])}"
            for country, title in TITLES
        ),
        "## Hours for marketing in each state\n\nTogether with federal law; the stricter counts.\n\n"
        + table(("state", "hours", "cap in 24 hours", "doubt"), [_state(region) for region in sorted(STATES)]),
        "## Area codes with more than one zone\n\nA text may go only when it may in all of them. Sources: "
        + "; ".join(SOURCES)
        + ".\n\n"
        + table(("area code", "regions", "zones"), _split()),
    )
