"""Nothing leaves unless every gate has let it through, and a missing fact never passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.features.delivery.gates import GATES, Facts, Verdict, decide
from frontdesk.features.delivery.model import MessageClass, validity_seconds
from frontdesk.features.delivery.service.deciding import facts_json, replays

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
CLEAR = Facts(
    at=NOW,
    message_class=MessageClass.REPLY,
    basis="answers the person's own call",
    basis_at=NOW - timedelta(seconds=20),
    useful_until=NOW + timedelta(minutes=14),
    recipient_is_own_number=False,
    opted_out_scope=None,
    consent_known=True,
    opted_out_of_sender=False,
    paused=(),
    sender_known=True,
    sender_may_text=True,
    sender_blocked_reason="",
    sender_held_until=None,
    sender_held_because="",
    earlier_unsettled=False,
)


def test_a_reply_to_a_fresh_call_may_go() -> None:
    decision = decide(CLEAR)
    assert decision.verdict is Verdict.SEND
    assert [gate.gate for gate in decision.gates] == [gate.name for gate in GATES]
    assert all(gate.citation for gate in decision.gates)


@pytest.mark.parametrize(
    ("change", "verdict", "code"),
    [
        ({"opted_out_scope": "all"}, Verdict.BAR, "consent.opted_out"),
        ({"opted_out_of_sender": True}, Verdict.BAR, "consent.opted_out"),
        ({"consent_known": False}, Verdict.HOLD, "consent.unknown"),
        ({"basis": ""}, Verdict.BAR, "consent.no_basis"),
        ({"message_class": MessageClass.MARKETING}, Verdict.HOLD, "consent.unknown"),
        ({"recipient_is_own_number": True}, Verdict.BAR, "delivery.own_number"),
        ({"recipient_is_own_number": None}, Verdict.HOLD, "delivery.recipient_unknown"),
        ({"paused": ("tenant",)}, Verdict.HOLD, "delivery.paused_tenant"),
        ({"paused": None}, Verdict.HOLD, "delivery.switches_unknown"),
        ({"sender_known": False}, Verdict.BAR, "senders.unknown_number"),
        ({"sender_may_text": None}, Verdict.BAR, "senders.unknown_number"),
        ({"sender_may_text": False}, Verdict.BAR, "senders.number_blocked"),
        ({"earlier_unsettled": True}, Verdict.HOLD, "delivery.earlier_text_first"),
        ({"earlier_unsettled": None}, Verdict.HOLD, "delivery.earlier_text_first"),
        ({"useful_until": NOW}, Verdict.DROP, "delivery.too_late"),
        ({"basis_at": NOW - timedelta(minutes=15, seconds=1)}, Verdict.DROP, "delivery.reply_too_late"),
        (
            {"sender_held_until": NOW + timedelta(seconds=30), "sender_held_because": "rate"},
            Verdict.HOLD,
            "delivery.sender_held_rate",
        ),
    ],
)
def test_each_gate_can_stop_a_text(change: dict[str, object], verdict: Verdict, code: str) -> None:
    decision = decide(replace(CLEAR, **change))  # type: ignore[arg-type]  # the table names fields of Facts
    assert (decision.verdict, decision.code) == (verdict, code)
    assert (decision.until is not None) == (verdict is Verdict.HOLD)


def test_the_gravest_verdict_stands() -> None:
    decision = decide(replace(CLEAR, paused=("global",), opted_out_scope="all", useful_until=NOW))
    assert (decision.verdict, decision.code) == (Verdict.BAR, "consent.opted_out")


def test_the_answer_to_a_stop_may_go_to_the_one_who_stopped() -> None:
    stopped = replace(CLEAR, message_class=MessageClass.COMPLIANCE, opted_out_scope="all", opted_out_of_sender=True)
    assert decide(stopped).verdict is Verdict.SEND


def test_marketing_that_was_stopped_leaves_replies_alone() -> None:
    assert decide(replace(CLEAR, opted_out_scope="marketing")).verdict is Verdict.SEND


def test_a_decision_can_be_replayed_from_its_stored_facts() -> None:
    for facts in (CLEAR, replace(CLEAR, paused=("tenant", "global"), sender_held_until=NOW), replace(CLEAR, basis="")):
        decision = decide(facts)
        assert replays(facts_json(facts), verdict=decision.verdict.value, code=decision.code)
        assert not replays(facts_json(facts), verdict="bar", code="some.older_rule")


@pytest.mark.parametrize(("useful_for", "seconds"), [(-1, 0), (0, 0), (0.9, 0), (59, 59), (900, 900), (9999, 900)])
def test_a_carrier_may_try_no_longer_than_the_text_is_useful(useful_for: float, seconds: int) -> None:
    until = NOW + timedelta(seconds=useful_for)
    assert validity_seconds(message_class=MessageClass.REPLY, useful_until=until, now=NOW) == seconds
