"""What a company's refusals and silences mean for the next step, as far as it is alike for all companies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.providers.http import HttpFailure, HttpResponse, NotSent

PASSING_FAILURES = frozenset({FailureClass.RATE_LIMITED, FailureClass.UNAVAILABLE, FailureClass.AMBIGUOUS})
"""Classes after which another attempt can help, once it is safe."""

MAX_DIGITS = 9  # of a code; Python refuses to read a number of thousands of digits


class ErrorCode(msgspec.Struct, frozen=True):
    """One of a company's codes: our class and what it says, in short."""

    failure: FailureClass
    text: str


class _ErrorTable(msgspec.Struct, frozen=True):
    codes: dict[int, ErrorCode]


@dataclass(frozen=True, slots=True)
class Refusals:
    """How one company says no: `provider` is its key, `company` its name, `codes` are its own numbers."""

    provider: str
    company: str
    codes: Mapping[int, ErrorCode]

    @classmethod
    def read(cls, provider: str, company: str) -> Refusals:
        """Read the company's codes from error_codes.json beside its client, where their source is written too."""
        table = files(f"frontdesk.providers.{provider}").joinpath("error_codes.json").read_bytes()
        return cls(provider, company, msgspec.json.decode(table, type=_ErrorTable, strict=False).codes)

    def classify_receipt(self, code: str) -> FailureClass:
        """Classify the code of a receipt that says failed or undelivered; an unknown or missing one is REJECTED."""
        known = self.codes.get(int(code)) if code.isascii() and code.isdigit() and len(code) <= MAX_DIGITS else None
        return known.failure if known is not None else FailureClass.REJECTED

    def classify_refusal(self, code: int) -> FailureClass | None:
        """Classify the code of a 4xx, which is a refusal whatever it means in a receipt; None if it is not known."""
        known = self.codes.get(code)
        if known is None:
            return None
        return FailureClass.UNAVAILABLE if known.failure is FailureClass.AMBIGUOUS else known.failure

    def from_reply(
        self, reply: HttpResponse, *, code: int, failure: FailureClass, retry_after: float | None, may_repeat: bool
    ) -> ProviderError:
        """Put a reply that is not the wanted one into the port's words; `code` 0 where it names none.

        `may_repeat`: doubt is no harm. The message never holds the company's own, which quotes phone numbers.
        """
        if failure is FailureClass.AMBIGUOUS and may_repeat:
            failure = FailureClass.UNAVAILABLE
        known = self.codes.get(code)
        what = f"error {code}" if code else f"HTTP status {reply.status} without an error code"
        return ProviderError(
            f"{self.company} answered {what}{': ' + known.text if known is not None else ''}",
            provider=self.provider,
            failure=failure,
            permanent=failure not in PASSING_FAILURES,
            ambiguous=failure is FailureClass.AMBIGUOUS,
            retry_after=retry_after,
            provider_code=str(code) if code else "",
            http_status=reply.status,
        )

    def from_failure(self, failure: HttpFailure, *, may_repeat: bool) -> ProviderError:
        """Tell a failed exchange: ambiguous only if the request may have left and must not be repeated."""
        ambiguous = not isinstance(failure, NotSent) and not may_repeat
        return ProviderError(
            f"{self.company} was not heard: {failure}",
            provider=self.provider,
            failure=FailureClass.AMBIGUOUS if ambiguous else FailureClass.UNAVAILABLE,
            permanent=False,
            ambiguous=ambiguous,
        )

    def past_validity(self) -> ProviderError:
        """Refuse a text for which it is too late, without asking the company."""
        return ProviderError(
            "the text is past its validity", provider=self.provider, failure=FailureClass.REJECTED, permanent=True
        )

    def unusable_list(self, why: str) -> ProviderError:
        """Tell that a list of texts proves nothing."""
        return ProviderError(
            f"{self.company}'s list of texts {why}",
            provider=self.provider,
            failure=FailureClass.UNAVAILABLE,
            permanent=False,
        )
