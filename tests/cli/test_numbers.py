"""Numbers on the command line: what they are, how fast they send, and taking them out of use."""

from __future__ import annotations

from tests.cli.conftest import Terminal

NUMBER = "+12125550177"


async def test_a_number_is_added_changed_listed_and_retired(terminal: Terminal) -> None:
    added = await terminal.type("number", "add", "(212) 555-0177", "--tenant", "harbor-plumbing", "--json")
    assert (added.at("phone_e164"), added.at("number_type")) == (NUMBER, "long_code")
    plan = '{"started_on": "2026-01-05", "daily": [50, 100]}'
    told = ("registration_status=approved", "segments_per_second=0.5", f"warmup={plan}", "daily_limit=200")
    changed = await terminal.type("number", "set", NUMBER, *told, "--json")
    assert changed.code == 0, changed.err
    assert changed.at("registration_status") == "approved"
    assert changed.at("warmup") == {"started_on": "2026-01-05", "daily": [50, 100]}
    assert (await terminal.type("number", "set", NUMBER, "warmup=", "--json")).at("warmup") is None
    listed = await terminal.type("number", "list", "--tenant", "harbor-plumbing")
    assert NUMBER in listed.out
    assert "approved" in listed.out
    assert (await terminal.type("number", "retire", NUMBER)).code == 0
    again = await terminal.type("number", "set", NUMBER, "burst=2", "--json")
    assert (again.code, again.at("error", "code")) == (1, "senders.number_retired")
    back = await terminal.type("number", "set", NUMBER, "retired=false", "burst=2", "--json")
    assert (back.at("retired_at"), back.at("burst")) == (None, 2)


async def test_what_cannot_be_is_named(terminal: Terminal) -> None:
    await terminal.type("number", "add", NUMBER, "--tenant", "harbor-plumbing")
    for change, code in (
        ("number_type=pager", "senders.setting_invalid"),
        ("burst=0", "senders.burst_invalid"),
        ("country=usa", "senders.country_invalid"),
        ('warmup={"started_on": "2026-01-05", "daily": [2, 1]}', "senders.warmup_invalid"),
        ("warmup=soon", "senders.setting_invalid"),
    ):
        answer = await terminal.type("number", "set", NUMBER, change, "--json")
        assert (answer.code, answer.at("error", "code")) == (1, code), answer.out
    assert (await terminal.type("number", "set", NUMBER, "tenant_id=x")).code == 2
    unknown = await terminal.type("number", "retire", "+12125550178", "--json")
    assert (unknown.code, unknown.at("error", "code")) == (1, "senders.not_found")


async def test_a_short_code_is_written_as_its_digits(terminal: Terminal) -> None:
    added = await terminal.type("number", "add", "12345", "--tenant", "harbor-plumbing", "--json")
    assert (added.at("phone_e164"), added.at("number_type")) == ("12345", "short_code")


async def test_budgets_quiet_hours_and_the_like_are_set_on_the_business(terminal: Terminal) -> None:
    told = ("daily_budget_cents=750.5", "quiet_from=20:30", "state=US-TX", "marketing_daily_cap=2")
    changed = await terminal.type("tenant", "set", "mesa-dental", *told, "--json")
    assert changed.code == 0, changed.out
    assert (changed.at("quiet_from"), changed.at("state")) == ("20:30:00", "US-TX")
    assert (await terminal.type("tenant", "set", "mesa-dental", "state=", "--json")).at("state") == ""
    for change, code in (
        ("daily_budget_cents=-1", "tenants.budget_invalid"),
        ("quiet_from=25:00", "tenants.invalid"),
        ("registrations=[]", "tenants.registrations_invalid"),
    ):
        answer = await terminal.type("tenant", "set", "mesa-dental", change, "--json")
        assert (answer.code, answer.at("error", "code")) == (1, code), answer.out
