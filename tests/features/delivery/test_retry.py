"""What follows from how a POST ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.features.delivery.model import JobStatus, MessageClass
from frontdesk.features.delivery.retry import NotStarted, Outcome, Resolution, SenderNews, resolve
from frontdesk.ports import Accepted, FailureClass, ProviderError, ReceiptStatus

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)


def after(outcome: Outcome, *, attempts: int = 1, useful_minutes: float = 14, jitter: float = 1.0) -> Resolution:
    return resolve(
        outcome,
        message_class=MessageClass.REPLY,
        attempts=attempts,
        useful_until=NOW + timedelta(minutes=useful_minutes),
        now=NOW,
        jitter=jitter,
    )


def error(failure: FailureClass, *, permanent: bool = False, **more: object) -> ProviderError:
    return ProviderError("x", provider="twilio", failure=failure, permanent=permanent, **more)  # type: ignore[arg-type]  # named fields


def test_an_accepted_text_is_healthy_news() -> None:
    resolution = after(Accepted(provider_message_id="SM1", status=ReceiptStatus.ACCEPTED))
    assert (resolution.status, resolution.sender) == (JobStatus.ACCEPTED, SenderNews.HEALTHY)


def test_a_post_that_never_began_is_due_again_at_once() -> None:
    resolution = after(NotStarted())
    assert (resolution.status, resolution.available_at) == (JobStatus.QUEUED, NOW)


def test_an_ambiguous_end_is_never_sent_again_blindly() -> None:
    resolution = after(error(FailureClass.AMBIGUOUS, ambiguous=True))
    assert resolution.status is JobStatus.UNKNOWN


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8)])
def test_a_reply_is_tried_again_after_1_2_4_8_seconds(attempts: int, seconds: int) -> None:
    resolution = after(error(FailureClass.UNAVAILABLE), attempts=attempts)
    assert resolution.available_at == NOW + timedelta(seconds=seconds)
    half = after(error(FailureClass.UNAVAILABLE), attempts=attempts, jitter=0.0)
    assert half.available_at == NOW + timedelta(seconds=seconds / 2)


def test_the_fifth_failure_of_a_reply_is_the_last() -> None:
    resolution = after(error(FailureClass.UNAVAILABLE), attempts=5)
    assert (resolution.status, resolution.gave_up) == (JobStatus.FAILED, True)


def test_a_carrier_that_asks_for_time_is_obeyed_up_to_an_hour() -> None:
    resolution = after(error(FailureClass.RATE_LIMITED, retry_after=30.0))
    assert resolution.available_at == resolution.hold_sender_until == NOW + timedelta(seconds=30)
    long = resolve(
        error(FailureClass.RATE_LIMITED, retry_after=1e9),
        message_class=MessageClass.TRANSACTIONAL,
        attempts=1,
        useful_until=NOW + timedelta(hours=4),
        now=NOW,
        jitter=1.0,
    )
    assert long.available_at == NOW + timedelta(hours=1)


def test_what_would_come_too_late_is_given_up() -> None:
    resolution = after(error(FailureClass.RATE_LIMITED, retry_after=30.0), useful_minutes=0.4)
    assert (resolution.status, resolution.gave_up) == (JobStatus.FAILED, True)
    assert resolution.hold_sender_until == NOW + timedelta(seconds=30), "the number is spared all the same"


def test_an_opt_out_the_carrier_knows_of_is_final_and_told() -> None:
    resolution = after(error(FailureClass.OPTED_OUT, permanent=True, provider_code="21610"))
    assert (resolution.status, resolution.failure_reason, resolution.opted_out) == (JobStatus.FAILED, "Consent", True)
    assert resolution.gave_up is False


def test_wrong_credentials_lose_nothing() -> None:
    resolution = after(error(FailureClass.CHANNEL_BLOCKED, permanent=True, provider_code="20003"))
    assert resolution.status is JobStatus.QUEUED
    assert resolution.hold_sender_until is not None


def test_a_number_that_may_not_send_is_blocked() -> None:
    resolution = after(error(FailureClass.SENDER_BLOCKED, permanent=True, provider_code="30034"))
    assert (resolution.sender, resolution.failure_reason) == (SenderNews.BLOCKED, "Provider error")


def test_a_wrong_number_is_named_so() -> None:
    resolution = after(error(FailureClass.INVALID_RECIPIENT, permanent=True, provider_code="21211"))
    assert resolution.failure_reason == "Invalid phone"
