"""From what is stored to what the gates of marketing are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import msgspec

from frontdesk.features import consent, senders
from frontdesk.features.delivery.gates import BrandDay, Destination, Facts, LawRuling, Marketing, Money, Verdict
from frontdesk.features.delivery.model import BulkJob
from frontdesk.features.delivery.prices import costs_extra, country_of, wanted_countries
from frontdesk.features.delivery.queries.gate_facts import StoredFacts
from frontdesk.features.delivery.queries.marketing_facts import MarketingFacts
from frontdesk.features.delivery.service.deciding import gather


def gather_marketing(
    one: BulkJob,
    stored: StoredFacts,
    more: MarketingFacts,
    *,
    now: datetime,
    cost_cents: Decimal | None,
    left_cents: Decimal | None,
    brand_day: BrandDay | None = None,
) -> Facts:
    """Bring together what the job, the person, the number, the business and the law say of a text."""
    asked = Marketing(
        ruling=None,
        recipient_e164=one.job.recipient_e164,
        known_zone=more.known_zone,
        known_region=more.known_region,
        tenant_country=more.tenant_country,
        tenant_zone=more.tenant_zone,
        quiet_from=more.quiet_from,
        quiet_until=more.quiet_until,
        registrations=_read_registrations(more.registrations),
        written_consent=None if more.proof is None else msgspec.json.decode(more.proof, type=dict[str, object]),
        marketing_last_24h=more.marketing_last_24h,
        daily_cap=more.marketing_daily_cap,
        forgotten=more.forgotten,
        refused_everywhere=more.refused_everywhere,
        another_unsettled=more.another_unsettled,
        sender_not_registered=senders.why_no_marketing(
            more.number_type, more.registration_status, country=more.number_country or ""
        ),
    )
    return replace(
        gather(one.job, stored, now=now, paused_by_setting=False, destination=_destination(one, more)),
        marketing=replace(asked, ruling=rule_on(asked, now=now)),
        money=Money(cost_cents=cost_cents, left_cents=left_cents),
        brand_day=brand_day,
    )


def _destination(one: BulkJob, more: MarketingFacts) -> Destination:
    return Destination(
        country=country_of(one.job.recipient_e164),
        costs_extra=costs_extra(one.job.recipient_e164),
        allowed=wanted_countries(more.tenant_country, more.texting_countries),
        provoked=None,
    )


@lru_cache(maxsize=1024)
def _read_registrations(document: str) -> dict[str, dict[str, str | None]]:
    return msgspec.json.decode(document, type=dict[str, dict[str, str | None]])


def rule_on(asked: Marketing, *, now: datetime) -> LawRuling:
    """Ask the law about a marketing text at a moment, by the rules in force on that day."""
    ruling = consent.judge(
        consent.Question(
            at=now,
            message_class="C3",
            recipient_e164=asked.recipient_e164,
            known_zone=asked.known_zone,
            known_region=asked.known_region,
            tenant_country=asked.tenant_country,
            tenant_zone=asked.tenant_zone,
            quiet_from=asked.quiet_from,
            quiet_until=asked.quiet_until,
            registrations=consent.read_registrations(asked.registrations),
            marketing_last_24h=asked.marketing_last_24h,
            daily_cap=asked.daily_cap,
            written_consent=_proof(asked.written_consent),
        )
    )
    return LawRuling(
        verdict=Verdict(ruling.verdict.value),
        code=ruling.code,
        citation=ruling.citation,
        until=ruling.until,
        rules=_names(ruling.rules),
    )


@lru_cache(maxsize=4096)
def _names(rules: tuple[consent.AppliedRule, ...]) -> tuple[str, ...]:
    return tuple(f"{rule.id}@{rule.version}#{rule.sha256[:12]}" for rule in rules)


def _proof(document: dict[str, object] | None) -> consent.ConsentProof | None:
    return None if document is None else msgspec.convert(document, consent.ConsentProof)


def window_end(facts: Facts) -> datetime:
    """Tell until when a marketing text that may go now may still be delivered."""
    ruling = None if facts.marketing is None else facts.marketing.ruling
    return facts.useful_until if ruling is None or ruling.until is None else ruling.until
