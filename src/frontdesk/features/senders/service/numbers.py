"""The verbs of senders."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from frontdesk.features import contacts
from frontdesk.features.senders import queries
from frontdesk.features.senders.model import (
    MAX_PER_DAY,
    MAX_PER_SECOND,
    RETIRED,
    NumberType,
    RegistrationStatus,
    SendingNumber,
    WarmUp,
    check_warmup,
)
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

PROVIDERS = ("twilio", "telnyx")
MAX_BURST = 100
BRAND_ID = r"[A-Za-z0-9._-]{1,64}"
NO_COUNTRY = "001"
_SHORT_CODE = re.compile(r"[1-9][0-9]{2,7}")
_NORTH_AMERICAN_TOLL_FREE = re.compile(r"\+18(?:00|33|44|55|66|77|88)")


class NumberChange(TypedDict, total=False):
    """What may be changed of a number; what is left out stays as it is."""

    provider: str
    messaging_service: str
    texting_allowed: bool
    number_type: NumberType
    registration_status: RegistrationStatus
    registration_id: str
    campaign_class: str
    brand_id: str
    segments_per_second: Decimal | None
    burst: int
    warmup: WarmUp | None
    daily_limit: int | None
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFilter:
    """Which numbers are wanted; None asks for any."""

    number_type: NumberType | None = None
    registration_status: RegistrationStatus | None = None
    provider: str | None = None
    retired: bool | None = None
    phone_e164: str | None = None


async def add_number(
    tx: Transaction,
    *,
    phone_e164: str,
    provider: str,
    messaging_service: str = "",
    by: Actor | None = None,
    settings: NumberChange | None = None,
) -> SendingNumber:
    """Give a number to the transaction's tenant; what `settings` leaves out follows from the number itself.

    A short code is written as its bare digits. Refuses `senders.number_taken` (409), and what is told of it that
    cannot be (`senders.…_invalid`). Without `by` the first set-up adds it, which is on no audit log.
    """
    number = SendingNumber(
        id=new_id(),
        tenant_id=tx.tenant,
        phone_e164=phone_e164,
        provider=provider,
        messaging_service=messaging_service,
        texting_allowed=True,
        texting_blocked_reason="",
        number_type=_type_of(phone_e164),
        registration_status=RegistrationStatus.UNREGISTERED,
        registration_id="",
        campaign_class="",
        brand_id="",
        segments_per_second=None,
        burst=1,
        warmup=None,
        daily_limit=None,
        country=_country_of(phone_e164),
        retired_at=None,
        created_at=tx.now,
    )
    number = replace(number, **(settings or {}))
    refuse_impossible(number)
    if not await queries.insert_number(tx, number):
        raise Refused("senders.number_taken", f"{phone_e164} belongs to a business already", status=409)
    if by is not None:
        details = {"phone_e164": phone_e164, "provider": provider, "number_type": number.number_type.value}
        await audit.write_entry(tx, actor=by, action="senders.added", subject=_subject(number), details=details)
    return number


async def find_number(tx: Transaction, *, phone_e164: str) -> SendingNumber | None:
    """Find one of our numbers."""
    return await queries.find_number(tx, phone_e164=phone_e164)


async def get_number(tx: Transaction, *, number_id: UUID) -> SendingNumber:
    """Get one of the tenant's numbers; refuses `senders.not_found`."""
    return _known(await queries.find_number_by_id(tx, number_id=number_id))


async def list_numbers(tx: Transaction) -> list[SendingNumber]:
    """List the tenant's numbers, oldest first, retired ones too."""
    return await queries.list_numbers(tx)


async def search_numbers(
    tx: Transaction, wanted: NumberFilter, *, before: UUID | None, limit: int
) -> list[SendingNumber]:
    """List the tenant's numbers that fit a filter, newest first, from before a given one."""
    return await queries.list_page(
        tx,
        before=before,
        limit=limit,
        number_type=wanted.number_type,
        registration_status=wanted.registration_status,
        provider=wanted.provider,
        retired=wanted.retired,
        phone_e164=wanted.phone_e164,
    )


async def change_number(tx: Transaction, *, number_id: UUID, change: NumberChange, by: Actor) -> SendingNumber:
    """Change what a number is and may; refuses `senders.not_found`, `senders.number_retired`, `senders.…_invalid`.

    Allowing texts again forgets why the carrier had blocked them.
    """
    before = _known(await queries.lock_number(tx, number_id=number_id))
    if before.retired_at is not None:
        raise Refused("senders.number_retired", f"{before.phone_e164} is retired; take it back first", status=409)
    after = replace(before, **change)
    if after.texting_allowed:
        after = replace(after, texting_blocked_reason="")
    elif before.texting_allowed:
        after = replace(after, texting_blocked_reason="by hand")
    refuse_impossible(after)
    return await _write(tx, before, after, action="senders.changed", by=by)


async def retire_number(tx: Transaction, *, number_id: UUID, by: Actor) -> SendingNumber:
    """Stop all texts from a number for good; it is still listened to, so that a late STOP is heard."""
    before = _known(await queries.lock_number(tx, number_id=number_id))
    if before.retired_at is not None:
        return before
    after = replace(before, retired_at=tx.now, texting_allowed=False, texting_blocked_reason=RETIRED)
    return await _write(tx, before, after, action="senders.retired", by=by)


async def take_back_number(tx: Transaction, *, number_id: UUID, by: Actor) -> SendingNumber:
    """Let a retired number text again."""
    before = _known(await queries.lock_number(tx, number_id=number_id))
    if before.retired_at is None:
        return before
    after = replace(before, retired_at=None, texting_allowed=True, texting_blocked_reason="")
    return await _write(tx, before, after, action="senders.taken_back", by=by)


def refuse_impossible(number: SendingNumber) -> None:
    """Refuse what is told of a number and cannot be, naming what would be right (`senders.…_invalid`)."""
    is_short = _SHORT_CODE.fullmatch(number.phone_e164) is not None
    if is_short != (number.number_type is NumberType.SHORT_CODE):
        raise Refused(
            "senders.number_type_invalid",
            "a short code has 3 to 8 digits and no plus, every other number is in E.164",
            status=422,
        )
    if number.provider not in PROVIDERS:
        raise Refused(
            "senders.provider_invalid", f"{number.provider!r} is not one of: {', '.join(PROVIDERS)}", status=422
        )
    if re.fullmatch(r"([A-Z]{2})?", number.country) is None:
        raise Refused("senders.country_invalid", "write it in two capitals like US (ISO 3166)", status=422)
    rate = number.segments_per_second
    if rate is not None and not Decimal(0) < rate <= MAX_PER_SECOND:
        raise Refused(
            "senders.rate_invalid", f"segments_per_second is above 0 and at most {MAX_PER_SECOND}", status=422
        )
    if not 1 <= number.burst <= MAX_BURST:
        raise Refused("senders.burst_invalid", f"burst is 1 to {MAX_BURST} segments", status=422)
    if number.daily_limit is not None and not 0 <= number.daily_limit <= MAX_PER_DAY:
        raise Refused("senders.daily_limit_invalid", f"daily_limit is 0 to {MAX_PER_DAY:,} texts", status=422)
    if number.warmup is not None:
        check_warmup(number.warmup.started_on.isoformat(), list(number.warmup.daily))
    if re.fullmatch(r"[A-Z]?", number.campaign_class) is None:
        raise Refused(
            "senders.campaign_class_invalid",
            "the score class of a campaign is one capital letter, or empty",
            status=422,
        )
    if number.brand_id and (
        number.number_type is not NumberType.LONG_CODE or re.fullmatch(BRAND_ID, number.brand_id) is None
    ):
        raise Refused(
            "senders.brand_invalid",
            "only a long code has a brand; its id is 1 to 64 letters, digits, dots, dashes and underscores",
            status=422,
        )


async def _write(
    tx: Transaction, before: SendingNumber, after: SendingNumber, *, action: str, by: Actor
) -> SendingNumber:
    was = asdict(before)
    changed = sorted(name for name, value in asdict(after).items() if value != was[name])
    if changed:
        await queries.update_number(tx, after)
        details = {"phone_e164": after.phone_e164, "fields": changed}
        await audit.write_entry(tx, actor=by, action=action, subject=_subject(after), details=details)
    return await get_number(tx, number_id=after.id)


def _known(number: SendingNumber | None) -> SendingNumber:
    if number is None:
        raise Refused("senders.not_found", "no such number", status=404)
    return number


def _subject(number: SendingNumber) -> str:
    return f"number:{number.id}"


def _type_of(phone_e164: str) -> NumberType:
    if _SHORT_CODE.fullmatch(phone_e164):
        return NumberType.SHORT_CODE
    is_free = _NORTH_AMERICAN_TOLL_FREE.match(phone_e164) or contacts.describe(phone_e164).kind.value == "toll_free"
    return NumberType.TOLL_FREE if is_free else NumberType.LONG_CODE


def _country_of(phone_e164: str) -> str:
    if _SHORT_CODE.fullmatch(phone_e164):
        return ""
    country = contacts.describe(phone_e164).country
    return "" if country == NO_COUNTRY else country
