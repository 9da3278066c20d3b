"""From stored facts to stored decisions."""

from __future__ import annotations

from datetime import datetime

import msgspec

from frontdesk.features.delivery.gates import ALL_PASSED, BrandDay, Decision, Destination, Facts, Money, Verdict, decide
from frontdesk.features.delivery.model import ClaimedJob, JobStatus, TextIntent
from frontdesk.features.delivery.queries.gate_facts import StoredFacts

STATUS_OF: dict[Verdict, JobStatus] = {
    Verdict.SEND: JobStatus.POSTING,
    Verdict.HOLD: JobStatus.QUEUED,
    Verdict.BAR: JobStatus.BLOCKED,
    Verdict.DROP: JobStatus.DROPPED,
}

ALL_PASSED_JSON = msgspec.json.encode(ALL_PASSED.gates).decode()

REASON_OF: dict[str, str] = {
    "consent.opted_out": "Consent",
    "consent.opted_out_of_marketing": "Consent",
    "consent.no_basis": "Consent",
    "consent.refused_everywhere": "Consent",
    "contacts.deleted": "Consent",
    "law.consent_unverifiable": "Consent",
    "law.no_rules": "Consent",
    "law.no_written_consent": "Consent",
    "law.registration_missing": "Consent",
    "senders.campaign_not_approved": "Provider error",
    "senders.number_retired": "Provider error",
    "senders.registration_unknown": "Provider error",
    "senders.short_code_not_approved": "Provider error",
    "senders.toll_free_not_verified": "Provider error",
    "senders.number_blocked": "Provider error",
    "senders.unknown_number": "Provider error",
    "delivery.own_number": "Invalid phone",
    "delivery.number_costs_extra": "Fraud guard",
    "delivery.country_not_allowed": "Fraud guard",
    "delivery.range_too_busy": "Fraud guard",
    "delivery.strangers_too_costly": "Fraud guard",
    "delivery.too_late": "Too late",
    "delivery.reply_too_late": "Too late",
}


def gather(
    job: ClaimedJob | TextIntent,
    stored: StoredFacts,
    *,
    now: datetime,
    paused_by_setting: bool,
    destination: Destination,
    money: Money | None = None,
    brand_day: BrandDay | None = None,
) -> Facts:
    """Bring together what the job says of itself and what the database says about it."""
    held = stored.hold_until
    if stored.breaker_open and held is None:
        held = now
    return Facts(
        at=now,
        message_class=job.message_class,
        basis=job.basis,
        basis_at=job.basis_at,
        useful_until=job.useful_until,
        recipient_is_own_number=stored.recipient_is_own_number,
        opted_out_scope=stored.opted_out_scope,
        consent_known=True,
        opted_out_of_sender=stored.opted_out_of_sender,
        paused=(("setting",) if paused_by_setting else ()) + stored.paused,
        sender_known=stored.sender_known,
        sender_may_text=stored.texting_allowed,
        sender_blocked_reason=stored.texting_blocked_reason,
        sender_held_until=held,
        sender_held_because=stored.hold_reason,
        earlier_unsettled=stored.earlier_unsettled,
        money=money,
        destination=destination,
        fenced=stored.fenced,
        brand_day=brand_day,
    )


def gates_json(decision: Decision) -> str:
    """Write the gates' words as JSON."""
    if decision is ALL_PASSED:
        return ALL_PASSED_JSON
    return msgspec.json.encode(decision.gates).decode()


def facts_json(facts: Facts) -> str:
    """Write the facts as JSON, so that the decision can be replayed."""
    return msgspec.json.encode(facts).decode()


def replays(facts: str, *, verdict: str, code: str) -> bool:
    """Tell whether the rules of today come to the same decision from stored facts."""
    decision = decide(msgspec.json.decode(facts, type=Facts))
    return (decision.verdict.value, decision.code) == (verdict, code)
