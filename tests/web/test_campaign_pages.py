"""The pages of campaigns over real HTTP: who may do what, what is kept of a form, and what an approval covers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import httpx2
from starlette.datastructures import FormData

from frontdesk.features import delivery
from frontdesk.web.pages.campaign_charts import bar_spending, draw_hours
from frontdesk.web.pages.campaign_form import read_form
from frontdesk.web.pages.campaign_preview import mark_of
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.views import Place
from tests.support.backroom import work
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.support.marketing import add_people, intents, phones
from tests.support.office import ADAS_NUMBER

WORDS = "{{business}}: hi {{given_name|there}}, winter check for $49. Reply STOP to opt out."
FORM = {
    "name": "Winter check",
    "audience": "everybody",
    "variant_0": "A",
    "body_0": WORDS,
    "weight_0": "1",
    "senders": ADAS_NUMBER,
    "when": "started",
    "ends_at": "2099-12-04T21:00",
    "trip_opt_outs": "3",
    "trip_failures": "5",
}


NAME_PERSON = """
    update contacts set name = $3, fields = '{"boiler": "gas"}' where tenant_id = $1 and id = $2
"""


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


def home(house: House) -> str:
    """Tell where Ada's campaigns are."""
    return f"/businesses/{house.ada.id}/campaigns"


async def drafted(house: House, client: httpx2.AsyncClient, **changes: str) -> str:
    """Save the form; returns where its campaign's page is."""
    saved = await client.post(home(house), data={**FORM, **changes})
    assert saved.status_code == 303, saved.text
    return str(saved.headers["location"])


def hash_on(page: str) -> str:
    """Read the hash that a page would have approved."""
    found = re.search(r'name="content_hash" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


async def test_an_agent_drafts_and_rehearses_and_the_owner_approves(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(3), consent=False)
    ben, ada = await visitor(house, BEN), await visitor(house, ADA)
    page = await drafted(house, ben)
    assert (await ben.post(f"{page}/rehearse")).status_code == 303
    await work(house)
    seen = (await ben.get(page)).text
    assert "A manager or the owner can approve it now." in seen
    assert "approve-dialog" not in seen
    assert "content_hash" not in seen
    refused = await ben.post(f"{page}/approve", data={"content_hash": "0" * 64})
    assert refused.status_code == 403
    shown = hash_on((await ada.get(page)).text)
    assert (await ada.post(f"{page}/approve", data={"content_hash": shown})).status_code == 303
    assert "Start sending" in (await ada.get(page)).text
    assert "Start sending" not in (await ben.get(page)).text


async def test_an_auditor_looks_and_drafts_nothing(house: House) -> None:
    page = await drafted(house, await visitor(house, BEN))
    olive = await visitor(house, OLIVE)
    for address in (home(house), page, f"{page}/people"):
        answer = await olive.get(address)
        assert answer.status_code == 200
        assert 'method="post" action="/businesses' not in answer.text
    assert (await olive.get(f"{home(house)}/new")).status_code == 403
    assert (await olive.post(f"{page}/rehearse")).status_code == 403
    assert (await olive.post(f"{page}/pause")).status_code == 403


async def test_what_was_changed_meanwhile_is_not_approved(house: House) -> None:
    ada = await visitor(house, ADA)
    page = await drafted(house, ada)
    await ada.post(f"{page}/rehearse")
    await work(house)
    shown = hash_on((await ada.get(page)).text)
    await ada.post(f"{page}/edit", data={**FORM, "body_0": WORDS.replace("$49", "$39")})
    refused = await ada.post(f"{page}/approve", data={"content_hash": shown})
    assert refused.status_code == 409
    assert "says something else by now" in refused.text
    assert "Rehearse it again" in refused.text


async def test_words_that_carriers_forbid_are_named_and_never_offered_for_approval(house: House) -> None:
    ada = await visitor(house, ADA)
    page = await drafted(house, ada, body_0="Winter check, see bit.ly/x")
    await ada.post(f"{page}/rehearse")
    await work(house)
    seen = (await ada.get(page)).text
    assert "carriers block shared link shorteners" in seen
    assert "Put the wording right first." in seen
    assert "content_hash" not in seen


async def test_a_form_that_is_refused_keeps_what_was_typed(house: House) -> None:
    ben = await visitor(house, BEN)
    for changes, told in (
        ({"name": ""}, "Name: give the campaign a name"),
        ({"audience": ""}, "Who gets it: choose everybody, tags, a segment or a filter"),
        ({"audience": "tags", "tags": " , "}, "Who gets it: name at least one tag"),
        ({"audience": "filter", "filter": "{]"}, "Who gets it: the filter is not JSON"),
        ({"audience": "filter", "filter": '{"where": "moon"}'}, "The filter cannot be read"),
        ({"when": "at", "at": ""}, "When: say a day and an hour"),
        ({"per_minute": "0"}, "Texts a minute:"),
        ({"ends_at": "2001-01-01T10:00"}, "the time limit is in the past"),
        ({"quiet_from": "22:30", "quiet_until": "08:00"}, "quiet hours hold at least"),
        ({"senders": "+12065550199"}, "send from numbers of this business"),
    ):
        refused = await ben.post(home(house), data={**FORM, **changes})
        assert refused.status_code == 422, changes
        assert told in refused.text.replace("&#39;", "'"), changes
        assert "winter check for $49" in refused.text
    assert "No campaigns yet" in (await ben.get(home(house))).text


async def test_a_form_pressed_twice_makes_one_campaign_and_changed_another(house: House) -> None:
    ben = await visitor(house, BEN)
    first = await drafted(house, ben, key="k")
    assert await drafted(house, ben, key="k") == first
    assert await drafted(house, ben, key="k", name="Spring check") != first


async def test_what_a_campaign_says_goes_through_its_form_unchanged(house: House) -> None:
    ada = await visitor(house, ADA)
    for changes in (
        {"when": "local", "local_at": "2099-12-01T10:00", "audience": "tags", "tags": "vip, regular"},
        {"when": "at", "at": "2099-07-01T10:00", "per_minute": "60", "quiet_from": "20:00", "quiet_until": "10:00"},
        {"audience": "filter", "filter": '{"where": "region", "any_of": ["US-WA"]}', "variant_1": "B", "body_1": WORDS},
    ):
        page = await drafted(house, ada, **changes)
        before = (await ada.get(f"/api/campaigns/{page.rpartition('/')[2]}")).json()
        form = (await ada.get(f"{page}/edit")).text
        for value in (changes.get("tags"), changes.get("at"), changes.get("local_at"), changes.get("quiet_from")):
            assert value is None or f'value="{value}"' in form
        assert (await ada.post(f"{page}/edit", data={**FORM, **changes})).status_code == 303
        after = (await ada.get(f"/api/campaigns/{page.rpartition('/')[2]}")).json()
        assert after["content_hash"] == before["content_hash"]
        assert after["ends_at"] == "2099-12-05T02:00:00Z"  # nine in the evening in New York


async def test_the_form_counts_and_checks_as_one_types(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(7))
    ben = await visitor(house, BEN)
    part = {"HX-Request": "true"}
    counted = await ben.post(f"{home(house)}/check?part=audience", data=FORM, headers=part)
    assert "<strong>7</strong> people fit" in counted.text
    checked = await ben.post(f"{home(house)}/check?part=words", data={**FORM, "body_0": "{{moon!}}"}, headers=part)
    assert "there is no such tag" in checked.text
    whole = await ben.post(f"{home(house)}/check", data={**FORM, "more": "1"})
    assert 'name="body_1"' in whole.text
    assert "No campaigns yet" in (await ben.get(home(house))).text


async def test_the_phone_shows_a_text_as_one_person_after_the_other_gets_it(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        people = await add_people(tx, phones(3))
        for contact_id, name in zip(sorted(people.values()), ("Carol Jones", "<i>Dan</i>", ""), strict=True):
            await tx.execute(NAME_PERSON, house.ada.id, contact_id, name)
    ben = await visitor(house, BEN)
    form = {**FORM, "body_0": WORDS.replace("winter", "{{boiler}} \N{SNOWMAN}")}
    part = {"HX-Request": "true"}
    first = (await ben.post(f"{home(house)}/check?part=words", data=form, headers=part)).text
    assert "As <strong>Carol Jones</strong> reads it" in first
    assert "hi Carol, gas \N{SNOWMAN} check" in first
    assert '<span class="handset-stop">Reply STOP to opt out.</span>' in first
    assert "because of \N{SNOWMAN}" in first
    assert "(212) 555-0100" in first
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', first))
    assert (hidden["counted"], len(hidden["sample"].split(","))) == ("3", 3)
    second = (await ben.post(f"{home(house)}/check", data={**form, **hidden, "look": "1"})).text
    assert "As <strong>&lt;i&gt;Dan&lt;/i&gt;</strong> reads it" in second
    third = (await ben.post(f"{home(house)}/check", data={**form, **hidden, "seen": "2"})).text
    assert "hi there, gas" in third


async def test_a_sample_of_another_business_is_not_read(house: House) -> None:
    async with house.parts.app.transaction(house.mallory.id) as tx:
        theirs = await add_people(tx, phones(1))
        await tx.execute("update contacts set name = 'Secret' where tenant_id = $1", house.mallory.id)
    ben = await visitor(house, BEN)
    mark = mark_of(read_form(FormData(FORM)))
    sent = {**FORM, "sample": str(next(iter(theirs.values()))), "counted": "1", "counted_for": mark}
    seen = (await ben.post(f"{home(house)}/check?part=words", data=sent, headers={"HX-Request": "true"})).text
    assert "Secret" not in seen
    assert "As somebody with a long name reads it" in seen


async def test_what_a_browser_sends_back_may_be_anything(house: House) -> None:
    ben = await visitor(house, BEN)
    mark = mark_of(read_form(FormData(FORM)))
    for bad in ("9" * 350, "-1", "\N{SUPERSCRIPT TWO}", "x", ","):
        sent = {**FORM, **dict.fromkeys(("counted", "sample", "seen", "look", "weight_0"), bad), "counted_for": mark}
        answer = await ben.post(f"{home(house)}/check?part=words", data=sent, headers={"HX-Request": "true"})
        assert answer.status_code == 200, bad


async def test_the_course_of_a_campaign_is_told_in_sums(house: House) -> None:
    ada = await visitor(house, ADA)
    page = await drafted(house, ada)
    assert "The first text has not left yet" not in (await ada.get(page)).text
    async with house.parts.app.transaction(house.ada.id) as tx:
        people = await add_people(tx, phones(3))
        sent = intents(people, campaign_id=UUID(page.rpartition("/")[2]), sender_e164=ADAS_NUMBER, due_at=tx.now)
        await delivery.request_many(tx, sent, campaign_id=UUID(page.rpartition("/")[2]))
        await tx.execute(
            "update send_jobs set status = 'delivered', posting_at = created_at + interval '3 minutes',"
            " finished_at = created_at + interval '4 minutes' where tenant_id = $1",
            house.ada.id,
        )
        await tx.execute(
            "update send_jobs set status = 'failed', finished_at = created_at + interval '9 minutes'"
            " where tenant_id = $1 and recipient_e164 = $2",
            house.ada.id, phones(1)[0],
        )  # fmt: skip
    course = (await ada.get(f"{page}/course", headers={"HX-Request": "true"})).text
    rows = [re.findall(r'<td class="end">(\d+)</td>', row) for row in course.split("<tr>")[2:]]
    assert (rows[0], rows[1], rows[-1]) == (
        ["3", "0", "0", "0", "0"],
        ["3", "2", "0", "0", "0"],
        ["3", "2", "1", "0", "0"],
    )
    assert (await ada.get(f"{page}/course")).status_code == 303


async def test_the_live_part_says_when_the_page_around_it_is_old(house: House) -> None:
    ada = await visitor(house, ADA)
    page = await drafted(house, ada)
    part = {"HX-Request": "true"}
    same = await ada.get(f"{page}/live", params={"seen": "draft-on-none"}, headers=part)
    assert "HX-Refresh" not in same.headers
    await ada.post(f"{page}/rehearse")
    other = await ada.get(f"{page}/live", params={"seen": "draft-on-none"}, headers=part)
    assert other.headers["HX-Refresh"] == "true"
    assert "Rehearsing, nothing is sent" in other.text


async def test_names_and_words_are_shown_and_never_run(house: House) -> None:
    ada = await visitor(house, ADA)
    page = await drafted(house, ada, name="<script>alert(1)</script>", body_0="<b>{{business}}</b> Reply STOP to end.")
    for address in (home(house), page, f"{page}/edit", f"{page}?ask=approve"):
        text = (await ada.get(address)).text
        assert "<script>alert" not in text
        assert "<b>" not in text


async def test_a_campaign_of_another_business_is_not_found(house: House) -> None:
    page = await drafted(house, await visitor(house, ADA))
    mallory = await visitor(house, MALLORY)
    for campaign_id in (page.rpartition("/")[2], str(uuid4())):
        theirs = f"/businesses/{house.mallory.id}/campaigns/{campaign_id}"
        for tail in ("", "/live", "/course", "/edit", "/people", "/rehearsed"):
            assert (await mallory.get(theirs + tail)).status_code == 404, tail
        for tail in ("/edit", "/rehearse", "/approve", "/start", "/clone", "/pause", "/resume", "/cancel"):
            assert (await mallory.post(theirs + tail, data=FORM)).status_code == 404, tail
    assert (await mallory.get(page)).status_code == 404


def test_hours_are_drawn_on_the_clock_of_the_business_with_the_empty_ones_between() -> None:
    place = Place(tenant_id=uuid4(), zone="America/New_York", now=datetime(2026, 11, 1, 3, tzinfo=UTC))
    hours = draw_hours({"2026-11-01T03:00Z": 4, "2026-11-01T07:00Z": 1, "2026-11-01T20:00Z": 2}, place=place)
    assert [(one.words, one.figures) for one in hours if one.tall] == [
        ("Sat 31 Oct 23:00", (4, 4)), ("Sun 1 Nov 02:00", (1, 5)), ("Sun 1 Nov 15:00", (2, 7)),
    ]  # fmt: skip
    assert len(hours) == 18
    assert [one.short for one in hours[:4]] == ["23:00", "00:00", "01:00", "01:00"]  # the clock goes back in this night
    assert hours[0].tall > hours[-1].tall > hours[4].tall
    assert len(draw_hours({"2026-11-01T03:00Z": 4}, place=place)) == 12
    assert draw_hours({}, place=place) == []


def test_money_is_drawn_against_what_was_foreseen_and_the_budgets() -> None:
    budget = delivery.Budget(
        tenant_id=uuid4(),
        daily_budget_cents=Decimal(1000),
        monthly_budget_cents=Decimal(0),
        daily_spent_cents=Decimal(250),
        monthly_spent_cents=Decimal(250),
        day=date(2026, 11, 1),
    )
    assert [(one.words, one.figure, one.under, one.share) for one in bar_spending(Decimal(5), None, budget)] == [
        ("All texts today", "$2.50", "of $10.00 in today's budget", 25),
        ("All texts this month", "$2.50", "of $0.00 in this month's budget", 100),
    ]


def test_reasons_are_words_with_the_rule_they_come_from() -> None:
    assert reason_words("law.quiet_hours", "47 CFR 64.1200(c)(1)").endswith("(47 CFR 64.1200(c)(1))")
    assert reason_words("30034").endswith("(30034)")
    assert reason_words("delivery.sender_held_rate") == "The carrier asked the number to wait"
    assert reason_words("") == ""
    assert reason_words("moon.is_full") == "Moon.is full"
