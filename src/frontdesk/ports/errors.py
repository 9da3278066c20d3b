"""How an outside company says no: permanently, for now, or without our knowing whether it acted."""

from __future__ import annotations

from enum import StrEnum


class FailureClass(StrEnum):
    """What a failure means for the next step."""

    OPTED_OUT = "opted_out"  # the person told the carrier to stop: write it down, never retry
    INVALID_RECIPIENT = "invalid_recipient"
    SENDER_BLOCKED = "sender_blocked"  # the number may not send (unregistered, wrong, suspended)
    CHANNEL_BLOCKED = "channel_blocked"  # credentials or account: nothing can leave
    CONTENT_BLOCKED = "content_blocked"  # filtered by a carrier
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"  # the provider did not take it; safe to try again
    AMBIGUOUS = "ambiguous"  # it may have been taken: reconcile, never resend blindly
    REJECTED = "rejected"  # any other final refusal


class ProviderError(Exception):
    """An outside company's refusal or failure, in our words.

    `permanent`: trying again cannot help. `ambiguous`: the request may have taken effect. `retry_after`: seconds the
    provider asked us to wait, uncapped. `provider_code`: its own error code. `http_status`: 0 when no reply came.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        failure: FailureClass,
        permanent: bool,
        ambiguous: bool = False,
        retry_after: float | None = None,
        provider_code: str = "",
        http_status: int = 0,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.failure = failure
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.provider_code = provider_code
        self.http_status = http_status
