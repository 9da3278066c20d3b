"""What is asked of the law about one text to one person at one moment, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

# The tenant's own decision to widen the safe default for people whose region is unknown; its reason is required.
WIDEN_UNKNOWN = "widen-unknown"


class Verdict(StrEnum):
    """What is to be done with the text: send it, keep it for later, or never send it as it is."""

    SEND = "send"
    HOLD = "hold"
    BAR = "bar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A registration or a recorded exemption of a business; `reason` is the exemption or decision in words."""

    number: str = ""
    valid_until: date | None = None
    reason: str = ""

    def holds_on(self, day: date) -> bool:
        """Tell whether it counts on `day`: a number needs a last day of validity, a recorded reason need not."""
        if self.valid_until is not None:
            return day <= self.valid_until and bool(self.number.strip() or self.reason.strip())
        return bool(self.reason.strip())


def read_registrations(stored: Mapping[str, Mapping[str, str | None]]) -> dict[str, Registration]:
    """Read a business's registrations as they are stored: {"us-tx-302": {"number": "…", "valid_until": "2027-03-01"}}.

    A date that cannot be read counts as long past, so that the registration does not hold.
    """
    return {
        key: Registration(
            number=entry.get("number") or "",
            valid_until=_date(entry.get("valid_until")),
            reason=entry.get("reason") or "",
        )
        for key, entry in stored.items()
    }


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentProof:
    """What proves a person's consent to marketing: the fields that 47 CFR 64.1200(f)(9) and its proof in court need.

    `kind` is "written", "oral" or "implied". `condition_of_purchase` must be known to be false where the law asks:
    None means that nobody recorded whether the person was told.
    """

    kind: str = "written"
    given_at: datetime | None = None
    zone: str = ""
    text: str = ""
    text_sha256: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    seller: str = ""
    condition_of_purchase: bool | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One text to one person at one moment.

    `message_class` is C1 (answer to the person's own call or text), C2 (transactional), C3 (marketing) or C4 (STOP,
    HELP, START confirmations). `known_zone` is an IANA zone, `known_region` ISO 3166-2 ("US-TX"), both of the person
    and None if unknown. The tenant's zone never stands in for the person's. Quiet hours are the tenant's own, in the
    person's zone, and only narrow; equal times mean none. `urgent` frees a C2 that is no use later from them.
    `cap_frees_at` is when the person's 24 hours have room again, if the caller knows. `as_of` replays old law.
    """

    at: datetime
    message_class: str
    recipient_e164: str
    known_zone: str | None = None
    known_region: str | None = None
    tenant_country: str = "US"
    tenant_zone: str = ""
    quiet_from: time = time(21)
    quiet_until: time = time(9)
    registrations: Mapping[str, Registration] = field(default_factory=dict)
    marketing_last_24h: int = 0
    daily_cap: int = 1
    written_consent: ConsentProof | None = None
    as_of: date | None = None
    urgent: bool = False
    cap_frees_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule by name, version and content."""

    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The law's answer.

    `until` of a `send` is the end of the window (UTC): the carrier must not keep the text longer. Of a `hold` it is the
    first moment at which the same question would be answered otherwise, or None if no clock alone will change it.
    `rules` are all rules that were weighed, `citation` that of the one that decided.
    """

    verdict: Verdict
    code: str
    citation: str
    until: datetime | None
    rules: tuple[AppliedRule, ...]
