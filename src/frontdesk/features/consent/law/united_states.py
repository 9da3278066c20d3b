"""Federal law of the United States on marketing texts, and the carriers' rules."""

from __future__ import annotations

from datetime import date

from frontdesk.features.consent.law.rule import Consent, KeptBy, Rule, every_day

PROOF = (
    *("given_at", "zone", "text", "text_sha256", "url", "ip", "user_agent", "seller"),
    "condition_of_purchase",
)

RULES: tuple[Rule, ...] = (
    Rule(
        id="us-hours",
        version=1,
        title="Marketing between 8 a.m. and 9 p.m. at the called party's location",
        country="US",
        effect=every_day("08:00", "21:00"),
        citation="47 CFR 64.1200(c)(1); 16 CFR 310.4(c)",
        effective_from=date(1992, 12, 20),
        unsure="Whether it binds texts that were consented to is open (petition of March 2025); applied always",
    ),
    Rule(
        id="us-written-consent",
        version=1,
        title="Marketing needs prior express written consent that can be proven",
        country="US",
        effect=Consent(kinds=("written",), fields=PROOF),
        citation="47 CFR 64.1200(a)(2), (f)(9)",
        effective_from=date(2013, 10, 16),
        unsure="Oral consent suffices in the Fifth Circuit (Bradford, 25 Feb 2026); written is asked for all the same",
    ),
    Rule(
        id="us-revocation",
        version=1,
        title="Consent is revoked by any reasonable means, at the latest after 10 business days; here at once",
        country="US",
        classes=("C1", "C2", "C3"),
        effect=KeptBy("consent: the opt-out ledger"),
        citation="47 CFR 64.1200(a)(10); FCC 24-24; revoke-all across topics waived to 31 Jan 2027 (DA 26-12)",
        effective_from=date(2025, 4, 11),
    ),
    Rule(
        id="us-stop-confirmation",
        version=1,
        title="One confirmation of a STOP, within 5 minutes, without marketing",
        country="US",
        classes=("C4",),
        effect=KeptBy("consent: confirmations"),
        citation="47 CFR 64.1200(a)(12)",
        effective_from=date(2024, 4, 4),
    ),
    Rule(
        id="us-transactional-consent",
        version=1,
        title="Transactional texts need express consent, and say how to opt out at least once a month",
        country="US",
        classes=("C2",),
        effect=KeptBy("consent: opt-in records"),
        citation="47 CFR 64.1200(a)(1); CTIA Messaging Principles and Best Practices (2023), 5.1",
        effective_from=date(2013, 10, 16),
    ),
    Rule(
        id="us-do-not-call",
        version=1,
        title="National registry at most 31 days old; the business's own list for 5 years",
        country="US",
        effect=KeptBy("consent: do-not-contact lists"),
        citation="47 CFR 64.1200(c)(2), (d); 16 CFR 310.4(b)(3)(iv)",
        effective_from=date(2005, 1, 1),
    ),
    Rule(
        id="us-campaign-registration",
        version=1,
        title="No POST from a number without an approved campaign, or from an unverified toll-free number",
        country="US",
        classes=("C1", "C2", "C3", "C4"),
        effect=KeptBy("senders: registration of numbers"),
        citation="Carriers' A2P rules: Twilio errors 30034 and 30032 (toll-free since 31 Jan 2024)",
        effective_from=date(2024, 1, 31),
    ),
)
