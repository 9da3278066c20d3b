"""Rules of our own where no statute speaks: what binds no hour, the cap, the safe default."""

from __future__ import annotations

from datetime import date

from frontdesk.features.consent.law.rule import AnyHour, Cap, KeptBy, Rule, TenantQuiet, not_on_sunday

_START = date(2000, 1, 1)
SAFE_DEFAULT = "house-unknown-region"

RULES: tuple[Rule, ...] = (
    Rule(
        id="house-own-call",
        version=1,
        title="An answer to the person's own call or text is not bound by quiet hours",
        country="",
        classes=("C1",),
        effect=AnyHour(),
        citation="CTIA Messaging Principles and Best Practices (2023), 5.1 conversational messages: consent is implied "
        "for that exchange; 47 CFR 64.1200(f)(15): no telephone solicitation",
        effective_from=_START,
    ),
    Rule(
        id="house-own-call-fresh",
        version=1,
        title="Only in answer to an event at most 15 minutes old, one text per missed call, no promotion",
        country="",
        classes=("C1",),
        effect=KeptBy("text-back: time limit, cool-down and template"),
        citation="CTIA Messaging Principles and Best Practices (2023), 5.1; the 15 minutes are ours",
        effective_from=_START,
    ),
    Rule(
        id="house-compliance-answer",
        version=1,
        title="STOP, HELP and START are answered at any hour",
        country="",
        classes=("C4",),
        effect=AnyHour(),
        citation="47 CFR 64.1200(a)(12): one confirmation within 5 minutes; CTIA Short Code Monitoring Handbook v1.8: "
        "HELP is always answered",
        effective_from=_START,
    ),
    Rule(
        id="house-tenant-quiet-hours",
        version=1,
        title="The business's quiet hours, by the person's clock; not for a transactional text that cannot wait",
        country="",
        classes=("C2", "C3"),
        effect=TenantQuiet(),
        citation="House rule. 47 CFR 64.1200(c)(1) and 16 CFR 310.4(c) bind solicitations only; a transactional text "
        "is none, so what holds it is courtesy, and never when it would be useless later",
        effective_from=_START,
    ),
    Rule(
        id="house-daily-cap",
        version=1,
        title="At most one marketing text a day, or what the business has set",
        country="",
        effect=Cap(texts=1),
        citation="House rule, stricter than Fla. Stat. 501.616(6)(b), 15 O.S. 775C.4 and Md. Com. Law 14-4502(c)(2)",
        effective_from=_START,
    ),
    Rule(
        id=SAFE_DEFAULT,
        version=1,
        title="Region unknown: 10:00 to 18:00, Monday to Saturday, in all zones that are possible",
        country="",
        effect=not_on_sunday("10:00", "18:00"),
        citation="House rule: unknown is not allowed. A business may widen it with a recorded reason (widen-unknown)",
        effective_from=_START,
    ),
)
