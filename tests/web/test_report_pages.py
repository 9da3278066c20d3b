"""Home's figures, the page of reports and the tab of budgets over real HTTP: who sees what, and that it adds up."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import httpx2
import pytest

from frontdesk.features import insights
from frontdesk.kernel.auth import Scope
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, ADMIN, BEN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER

PEOPLE, MESSAGES = 60, 600


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


@pytest.fixture
async def busy(house: House) -> House:
    """Open a house in which Ada's business has three months behind it."""
    async with house.parts.system.transaction(house.ada.id) as tx:
        await insights.make_up_history(tx, people=PEOPLE, messages=MESSAGES, number_e164=ADAS_NUMBER, by=TEST_ACTS)
    return house


def tile(page: str, key: str) -> str:
    """Give the figure of a tile."""
    found = re.search(rf'data-tile="{key}".*?tile-figure">([^<]*)<', page, re.DOTALL)
    assert found is not None, key
    return found[1]


def budgets(house: House) -> str:
    return f"/businesses/{house.ada.id}/settings/budgets"


def reports(house: House, rest: str = "") -> str:
    return f"/businesses/{house.ada.id}/reports{rest}"


async def test_home_counts_today_and_leads_to_each_detail(house: House) -> None:
    ada = await visitor(house, ADA)
    assert tile((await ada.get("/")).text, "calls") == "0"
    await house.missed_call()
    await house.settle()

    async def counted() -> bool:
        return tile((await ada.get("/")).text, "texted") == "1"

    await house.eventually(counted)
    page = (await ada.get("/")).text
    assert [tile(page, key) for key in ("calls", "missed", "texted", "replies")] == ["1", "1", "1", "0"]
    assert "half within" in page
    assert tile(page, "promise") == "100 %"
    for href in set(re.findall(r'class="tile-words"><a href="([^"#]+)', page)):
        if "/inbox" not in href and "/agenda" not in href:
            assert (await ada.get(href)).status_code == 200, href


async def test_what_is_wrong_with_the_installation_is_told_to_who_looks_after_it_alone(house: House) -> None:
    ada, admin = await visitor(house, ADA), await visitor(house, ADMIN)
    assert 'id="health"' in (await ada.get("/")).text
    assert "/operations" not in (await ada.get("/")).text
    shown = (await admin.get(f"/?business={house.ada.id}")).text
    assert "Nobody has looked lately" in shown or "Everything works" in shown or "What is wrong" in shown


async def test_reports_add_up_in_the_page_the_file_and_the_api(busy: House) -> None:
    ada = await visitor(busy, ADA)
    page = await ada.get(reports(busy, "?period=90"))
    assert page.status_code == 200
    file = await ada.get(reports(busy, "/days.csv?period=90"))
    rows = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert len(rows) == 90
    calls = sum(int(row["calls"]) for row in rows)
    assert f"<dt>Calls</dt><dd>{calls}</dd>" in page.text
    assert 50 <= calls <= 60
    program = await busy.as_program(Scope.DELIVERY_READ, tenant_id=busy.ada.id)
    days = (await program.get("/api/reports/days", params={"first": rows[0]["day"], "last": rows[-1]["day"]})).json()
    assert sum(one["counted"]["calls"] for one in days) == calls
    assert [one["counted"]["texts"] for one in days] == [int(row["texts_sent"]) for row in rows]
    funnel = await program.get("/api/reports/recovered", params={"first": rows[0]["day"], "last": rows[-1]["day"]})
    assert funnel.json()["missed"] == sum(int(row["missed"]) for row in rows)
    assert funnel.json()["missed"] >= funnel.json()["texted"] >= funnel.json()["came_back"] >= 1
    agents = (await program.get("/api/reports/agents")).json()
    assert agents[0]["is_everybody"]
    assert {one["author"] for one in agents[1:]} == {"Ada", "Ben", "Dora"}
    assert agents[0]["threads"] > 0
    assert 0 < agents[0]["median_seconds"] < 3020
    speed = (await program.get("/api/reports/speed")).json()
    assert sum(one["calls"] for one in speed) == sum(int(row["texted_back"]) for row in rows[-30:])


@pytest.mark.parametrize("name", ["days", "recovered", "speed", "agents", "campaigns", "hours", "costs"])
async def test_each_report_is_a_file_and_an_answer_of_the_api(busy: House, name: str) -> None:
    ben = await visitor(busy, BEN)
    file = await ben.get(reports(busy, f"/{name}.csv?period=30"))
    assert file.status_code == 200
    assert file.headers["content-disposition"].startswith(f'attachment; filename="{name}-')
    assert len(file.text.splitlines()) > 1
    program = await busy.as_program(Scope.DELIVERY_READ, tenant_id=busy.ada.id)
    assert (await program.get(f"/api/reports/{name}")).status_code == 200


async def test_a_name_that_is_a_formula_or_markup_stays_text(busy: House) -> None:
    async with busy.parts.system.transaction(busy.ada.id) as tx:
        await tx.execute("update conv_messages set author = '=1+1<script>' where author = 'Ben'")
    ada = await visitor(busy, ADA)
    assert "'=1+1<script>" in (await ada.get(reports(busy, "/agents.csv"))).text
    page = (await ada.get(reports(busy))).text
    assert "=1+1&lt;script&gt;" in page
    assert "=1+1<script>" not in page


@pytest.mark.parametrize(
    "wrong",
    ["?first=2026-02-01&last=2026-01-01", "?first=2026-02-01", "?period=9", "?first=0001-01-01&last=9999-12-31"],
)
async def test_days_that_cannot_be_are_told_and_nothing_breaks(house: House, wrong: str) -> None:
    ada = await visitor(house, ADA)
    page = await ada.get(reports(house, wrong))
    assert page.status_code == 422
    assert "These days cannot be shown" in page.text


async def test_a_stranger_finds_neither_reports_nor_budgets(busy: House) -> None:
    mallory = await visitor(busy, MALLORY)
    for path in (reports(busy), reports(busy, "/days.csv"), budgets(busy)):
        assert (await mallory.get(path)).status_code == 404
    program = await busy.as_program(Scope.DELIVERY_READ, tenant_id=busy.mallory.id)
    funnel = (await program.get("/api/reports/recovered")).json()
    assert funnel["missed"] == 0
    assert (await program.get("/api/reports/campaigns")).json() == []


async def test_kept_days_tell_what_counting_tells_and_follow_a_change_of_zone(busy: House) -> None:
    async with busy.parts.app.transaction(busy.ada.id) as tx:
        today = tx.now.date()
        period = insights.choose_period(first=today - timedelta(days=40), last=today, zone="America/New_York")
        counted = await insights.list_days(tx, period)
        assert await insights.keep_days(tx, zone="America/New_York", days=45) == 45
    async with busy.parts.app.transaction(busy.ada.id) as tx:
        assert await insights.list_days(tx, period) == counted
        again = await insights.keep_days(tx, zone="America/New_York", days=45)
        assert 0 < again <= 9, "only days that may still change are counted again"
        await tx.execute("update daily_figures set calls = 999 where tenant_id = $1", busy.ada.id)
        elsewhere = insights.choose_period(first=period.first, last=period.last, zone="Asia/Kathmandu")
        assert all(one.counted.calls < 999 for one in await insights.list_days(tx, elsewhere))
        assert await insights.keep_days(tx, zone="America/New_York", days=45, anew=True) == 45
        assert await insights.list_days(tx, period) == counted


async def test_budgets_are_changed_after_a_yes_and_the_change_is_on_record(house: House) -> None:
    ada = await visitor(house, ADA)
    wanted = {"daily": "75", "monthly": "$1,500.50"}
    asked = await ada.post(budgets(house), data=wanted)
    assert asked.status_code == 200
    assert "Change the budgets?" in asked.text
    async with house.parts.app.transaction(house.ada.id) as tx:
        assert await tx.fetchval("select daily_budget_cents from tenants where id = $1", house.ada.id) == 10_000_000
    done = await ada.post(budgets(house), data={**wanted, "sure": "yes"})
    assert done.status_code == 303
    page = (await ada.get(done.headers["location"])).text
    assert "The budgets are changed." in page
    assert "a day from $100,000.00 to $75.00" in page
    async with house.parts.app.transaction(house.ada.id) as tx:
        kept = await tx.fetchrow(
            "select daily_budget_cents, monthly_budget_cents from tenants where id = $1", house.ada.id
        )
    assert kept is not None
    assert tuple(kept) == (Decimal(7500), Decimal(150050))


@pytest.mark.parametrize(
    ("daily", "monthly", "told"),
    [
        ("lots", "10", "Write an amount from 0 to 1,000,000 dollars"),
        ("-1", "10", "Write an amount from 0"),
        ("1.005", "10", "in whole cents"),
        ("NaN", "10", "Write an amount from 0"),
        ("20", "10", "A month cannot have less"),
        ("1", "1e30", "Write an amount from 0"),
    ],
)
async def test_an_amount_that_cannot_be_is_told_beside_its_field(
    house: House, daily: str, monthly: str, told: str
) -> None:
    ada = await visitor(house, ADA)
    page = await ada.post(budgets(house), data={"daily": daily, "monthly": monthly, "sure": "yes"})
    assert page.status_code == 422
    assert told in page.text


async def test_who_may_not_change_budgets_sees_no_form_and_is_refused(house: House) -> None:
    for email in (BEN, OLIVE):
        client = await visitor(house, email)
        page = await client.get(budgets(house))
        assert page.status_code == 200
        assert 'name="daily"' not in page.text
        assert (await client.post(budgets(house), data={"daily": "1", "monthly": "1"})).status_code == 403
    ada = await visitor(house, ADA)
    ada.headers.pop("X-CSRF-Token")
    assert (await ada.post(budgets(house), data={"daily": "1", "monthly": "1", "sure": "yes"})).status_code == 403
