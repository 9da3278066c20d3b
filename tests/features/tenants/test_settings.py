"""What a business may be told to be: zones, regions, quiet hours, budgets and registrations that can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from frontdesk.features import tenants
from frontdesk.features.tenants.model import Registration, checked, with_registrations
from frontdesk.kernel.errors import Refused
from tests.support.office import business

HARBOR = business(name="Harbor Plumbing", slug="harbor")


def test_a_new_business_has_the_budgets_and_quiet_hours_of_the_runbook() -> None:
    opened = tenants.open_business(
        tenant_id=HARBOR.id,
        slug="harbor",
        name="Harbor Plumbing",
        timezone="America/New_York",
        forwarding_e164=None,
        open_template="Sorry we missed you.",
        closed_template="We are closed.",
        cooldown_seconds=600,
        hours=HARBOR.hours,
        at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    assert (opened.daily_budget_cents, opened.monthly_budget_cents) == (Decimal(5000), Decimal(100_000))
    assert (opened.quiet_from, opened.quiet_until) == (time(21), time(9))
    assert checked(opened) == opened


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"timezone": "America/Gotham"}, "tenants.timezone_invalid"),
        ({"country": "USA"}, "tenants.country_invalid"),
        ({"state": "TX"}, "tenants.state_invalid"),
        ({"state": "CA-ON"}, "tenants.state_invalid"),
        ({"quiet_from": time(21, 0, 30)}, "tenants.quiet_hours_invalid"),
        ({"quiet_until": time(9, tzinfo=UTC)}, "tenants.quiet_hours_invalid"),
        ({"daily_budget_cents": Decimal("-0.01")}, "tenants.budget_invalid"),
        ({"daily_budget_cents": Decimal("0.00001")}, "tenants.budget_invalid"),
        ({"monthly_budget_cents": Decimal("1e10")}, "tenants.budget_invalid"),
        ({"monthly_budget_cents": Decimal("NaN")}, "tenants.budget_invalid"),
        ({"marketing_daily_cap": 4}, "tenants.daily_cap_invalid"),
        ({"website": "javascript:alert(1)"}, "tenants.website_invalid"),
        ({"registrations": "[]"}, "tenants.registrations_invalid"),
        ({"registrations": "{"}, "tenants.registrations_invalid"),
        ({"registrations": '{"US TX": {"number": "1"}}'}, "tenants.registrations_invalid"),
        ({"registrations": '{"us-tx-302": {"number": ""}}'}, "tenants.registrations_invalid"),
        ({"registrations": '{"us-tx-302": {"number": "1", "until": "2027"}}'}, "tenants.registrations_invalid"),
        ({"registrations": '{"us-tx-302": {"number": "1", "valid_until": "2027"}}'}, "tenants.registrations_invalid"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(change: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(replace(HARBOR, **change))  # type: ignore[arg-type]  # fields by name, on purpose
    assert (refused.value.code, refused.value.status) == (code, 422)


def test_registrations_come_back_as_they_were_told() -> None:
    told = {
        "us-tx-302": Registration(number="20240001", valid_until=date(2027, 8, 31)),
        "us-tx-302-exempt": Registration(number="bank", valid_until=None),
    }
    kept = checked(with_registrations(HARBOR, told))
    assert tenants.read_registrations(kept.registrations) == told
