"""What a number may send: by its type, its registration, its plan and its limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from frontdesk.features import senders
from frontdesk.features.senders import NumberType, RegistrationStatus, SendingNumber, WarmUp
from frontdesk.features.senders.model import read_warmup, warmup_json
from frontdesk.features.senders.service.numbers import refuse_impossible
from frontdesk.kernel.errors import Refused

FIRST = date(2026, 1, 5)
PLAN = WarmUp(started_on=FIRST, daily=(50, 100, 200))
ADAS = SendingNumber(
    id=UUID(int=1),
    tenant_id=UUID(int=2),
    phone_e164="+12125550100",
    provider="twilio",
    messaging_service="",
    texting_allowed=True,
    texting_blocked_reason="",
    number_type=NumberType.LONG_CODE,
    registration_status=RegistrationStatus.APPROVED,
    registration_id="",
    campaign_class="",
    brand_id="",
    segments_per_second=None,
    burst=1,
    warmup=None,
    daily_limit=None,
    country="US",
    retired_at=None,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("day", "limit", "allowed"),
    [
        (-1, None, 0),
        (0, None, 50),
        (1, None, 100),
        (2, None, 200),
        (2, 150, 150),
        (0, 150, 50),
        (3, None, None),
        (3, 150, 150),
        (400, 0, 0),
    ],
)
def test_a_new_number_sends_what_its_plan_allows_and_never_more_than_its_limit(
    day: int, limit: int | None, allowed: int | None
) -> None:
    on = FIRST + timedelta(days=day)
    assert senders.daily_allowance(PLAN, limit, on=on) == allowed
    assert senders.daily_allowance(warmup_json(PLAN), limit, on=on) == allowed


def test_without_a_plan_only_the_limit_counts() -> None:
    assert senders.daily_allowance(None, None, on=FIRST) is None
    assert senders.daily_allowance(None, 7, on=FIRST) == 7


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        "{}",
        '{"started_on": "2026-01-05"}',
        '{"started_on": "soon", "daily": [1]}',
        '{"started_on": "2026-01-05", "daily": []}',
        '{"started_on": "2026-01-05", "daily": [0]}',
        '{"started_on": "2026-01-05", "daily": [true]}',
        '{"started_on": "2026-01-05", "daily": [1.5]}',
        '{"started_on": "2026-01-05", "daily": [100, 50]}',
        '{"started_on": "2026-01-05", "daily": [1], "weekly": 3}',
        '{"started_on": "2026-01-05", "daily": [' + ", ".join(["1"] * 91) + "]}",
    ],
)
def test_a_plan_of_another_shape_is_refused(document: str) -> None:
    with pytest.raises(Refused) as refused:
        read_warmup(document)
    assert refused.value.code == "senders.warmup_invalid"


@pytest.mark.parametrize(("number_type", "rate"), [("long_code", 1.0), ("toll_free", 3.0), ("short_code", 100.0)])
def test_a_number_without_a_rate_of_its_own_has_its_types(number_type: str, rate: float) -> None:
    assert senders.segments_per_second(number_type, None) == rate
    assert senders.segments_per_second(number_type, Decimal("0.1")) == 0.1


@pytest.mark.parametrize(
    ("number_type", "status", "country", "code"),
    [
        ("long_code", "unregistered", "US", "senders.campaign_not_approved"),
        ("long_code", "pending", "US", "senders.campaign_not_approved"),
        ("long_code", "rejected", "", "senders.campaign_not_approved"),
        ("toll_free", "unregistered", "CA", "senders.toll_free_not_verified"),
        ("short_code", "pending", "US", "senders.short_code_not_approved"),
        ("long_code", "approved", "US", ""),
        ("toll_free", "approved", "", ""),
        ("long_code", "unregistered", "AU", ""),
        (None, None, "", "senders.registration_unknown"),
    ],
)
def test_carriers_must_know_a_number_before_it_advertises(
    number_type: str | None, status: str | None, country: str, code: str
) -> None:
    assert senders.why_no_marketing(number_type, status, country=country) == code


def test_a_retired_or_blocked_number_does_not_advertise_however_well_it_is_registered() -> None:
    assert senders.may_send_marketing(ADAS) == ""
    blocked = replace(ADAS, texting_allowed=False)
    assert senders.may_send_marketing(blocked) == "senders.number_blocked"
    assert senders.may_send_marketing(replace(blocked, retired_at=ADAS.created_at)) == "senders.number_retired"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number_type": NumberType.SHORT_CODE}, "senders.number_type_invalid"),
        ({"phone_e164": "12345"}, "senders.number_type_invalid"),
        ({"provider": "pigeon"}, "senders.provider_invalid"),
        ({"country": "Us"}, "senders.country_invalid"),
        ({"segments_per_second": Decimal(0)}, "senders.rate_invalid"),
        ({"segments_per_second": Decimal(1001)}, "senders.rate_invalid"),
        ({"burst": 0}, "senders.burst_invalid"),
        ({"daily_limit": -1}, "senders.daily_limit_invalid"),
        ({"campaign_class": "AA"}, "senders.campaign_class_invalid"),
        ({"warmup": WarmUp(started_on=FIRST, daily=(5, 4))}, "senders.warmup_invalid"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        refuse_impossible(replace(ADAS, **change))  # type: ignore[arg-type]  # fields by name, on purpose
    assert (refused.value.code, refused.value.status) == (code, 422)
