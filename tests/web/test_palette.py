"""Going anywhere over real HTTP: what is found, for whom, and what is nobody else's business."""

from __future__ import annotations

import html
import re
from uuid import UUID, uuid4

import httpx2
import pytest

from tests.support.house import ADA, ADMIN, BEN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER, CAROL

PART = {"HX-Request": "true"}


async def ask(client: httpx2.AsyncClient, q: str = "", *, business: UUID | None = None) -> str:
    """Ask for the part that the dialog shows."""
    named = {} if business is None else {"business": str(business)}
    answer = await client.get("/palette", params={"q": q, **named}, headers=PART)
    assert answer.status_code == 200, answer.text
    return answer.text


def addresses(page: str) -> list[str]:
    """List where one can go."""
    return [html.unescape(one) for one in re.findall(r'class="palette-target" href="([^"]+)"', page)]


@pytest.fixture
async def talk(house: House) -> House:
    """Let Carol, whose name is known, write."""
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="My boiler is leaking")
    await house.twin.wait_until_idle()
    await house.settle()
    ada = await house.as_person(ADA)
    contact = (await ada.get("/api/contacts")).json()["items"][0]
    named = await ada.patch(f"/api/contacts/{contact['id']}", json={"name": "Carol <b>Jones</b>"})
    assert named.status_code == 200
    return house


async def test_sections_actions_people_and_texts_are_found_by_a_few_letters(talk: House) -> None:
    ada, here = await talk.as_person(ADA), talk.ada.id
    thread = (await ada.get("/api/conversations")).json()[0]["id"]
    at_first = await ask(ada, business=here)
    assert f"/businesses/{here}/inbox" in addresses(at_first)
    assert f"/businesses/{here}/inbox/{thread}" in addresses(at_first), "the newest threads, before a letter is typed"
    assert addresses(await ask(ada, "camp new", business=here)) == [f"/businesses/{here}/campaigns/new"]
    assert f"/?business={here}&ask=pause" in addresses(await ask(ada, "stop", business=here)), "by other words as well"
    assert f"/businesses/{here}/settings/team" in addresses(await ask(ada, "team", business=here))
    assert f"/businesses/{here}/inbox/{thread}" in addresses(await ask(ada, "carol", business=here))
    found = await ask(ada, "leaking", business=here)
    assert "<mark>leaking</mark>" in found
    assert f"/businesses/{here}/inbox/{thread}" in addresses(found)


async def test_whoever_runs_the_platform_finds_businesses_runbooks_and_the_switch_of_everything(house: House) -> None:
    admin = await house.as_person(ADMIN)
    assert addresses(await ask(admin, "mesa")) == [f"/?business={house.mallory.id}"]
    found = addresses(await ask(admin, "pause all sending"))
    assert found[0] == "/operations/switches?ask=pull&scope=global&key=all"
    assert (await admin.get(found[0], headers={"Accept": "text/html"})).status_code == 200, "it asks first"
    assert "/operations/runbooks/kill-switch" in addresses(await ask(admin, "kill switch"))
    assert "/operations/incidents" in addresses(await ask(admin, "incidents"))


async def test_nobody_is_led_where_they_may_not_go(talk: House) -> None:
    for email in (BEN, OLIVE, ADA):
        client = await talk.as_person(email)
        client.headers["Accept"] = "text/html"
        for q in ("", "a", "new", "pause", "stop", "operations", "kill switch", "s", "import", "decisions", "carol"):
            for address in addresses(await ask(client, q, business=talk.ada.id)):
                assert (await client.get(address)).status_code in {200, 303}, (email, q, address)
    olive = await talk.as_person(OLIVE)
    assert addresses(await ask(olive, "pause", business=talk.ada.id)) == [], "who only looks is offered no action"
    ben = await talk.as_person(BEN)
    assert not any("/operations" in one for one in addresses(await ask(ben, "kill switch", business=talk.ada.id)))


async def test_another_business_is_as_unknown_as_one_that_does_not_exist(talk: House) -> None:
    mallory = await talk.as_person(MALLORY)
    for business in (talk.ada.id, uuid4()):
        answer = await mallory.get("/palette", params={"business": str(business), "q": "carol"})
        assert answer.status_code == 404
        assert answer.json()["code"] == "tenants.not_found"
    for named in (None, talk.mallory.id):
        found = await ask(mallory, "carol", business=named)
        assert "Carol" not in found.replace("for “carol”", "")
        assert addresses(found) == []
    assert addresses(await ask(mallory, "harbor", business=talk.mallory.id)) == []
    assert (await talk.client().get("/palette", headers=PART)).status_code == 401


async def test_markup_in_a_name_or_in_what_is_asked_stays_text(talk: House) -> None:
    ada = await talk.as_person(ADA)
    assert "Carol &lt;b&gt;Jones" in await ask(ada, "carol", business=talk.ada.id)
    for page in (PART, {"Accept": "text/html"}):
        asked = await ada.get(
            "/palette", params={"q": '"><script>x</script>', "business": str(talk.ada.id)}, headers=page
        )
        assert asked.status_code == 200
        assert "<script>x" not in asked.text
        assert "&lt;script&gt;x" in asked.text


async def test_without_scripts_it_is_a_page_with_a_form_and_links(talk: House) -> None:
    ada = await talk.as_person(ADA)
    page = await ada.get(
        "/palette", params={"q": "carol", "business": str(talk.ada.id)}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert 'name="q" value="carol"' in page.text
    assert 'role="option"' not in page.text, "links are links where no script steers"
    assert f"/businesses/{talk.ada.id}/inbox/" in page.text


@pytest.mark.parametrize("q", ["x" * 121, "a\x00b"])
async def test_words_too_long_or_broken_are_refused(house: House, q: str) -> None:
    ada = await house.as_person(ADA)
    assert (await ada.get("/palette", params={"q": q}, headers=PART)).status_code in {400, 422}
