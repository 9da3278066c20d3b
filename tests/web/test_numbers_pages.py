"""The pages of numbers over real HTTP: who may look and change, what is refused in words, what a plan allows today."""

from __future__ import annotations

import httpx2
import pytest

from frontdesk.features import senders
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER

NEW = "+12065550188"


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


def home(house: House) -> str:
    """Tell where Ada's numbers are."""
    return f"/businesses/{house.ada.id}/settings/numbers"


async def page_of(house: House, phone_e164: str = ADAS_NUMBER) -> str:
    """Tell where a number's page is."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        found = next(one for one in await senders.list_numbers(tx) if one.phone_e164 == phone_e164)
    return f"{home(house)}/{found.id}"


async def test_a_number_is_added_as_people_write_it(house: House) -> None:
    ada = await visitor(house, ADA)
    added = await ada.post(home(house), data={"phone": "206 555 0188", "provider": "telnyx"})
    assert added.status_code == 303
    assert added.headers["location"] == await page_of(house, NEW)
    page = await ada.get(home(house))
    assert "(206) 555-0188" in page.text
    assert "Local number, Telnyx" in page.text
    assert "carriers refuse advertising from a local number without a registration" in page.text


@pytest.mark.parametrize(
    ("typed", "told", "status"),
    [
        ({"phone": "12", "provider": "twilio"}, "field-wrong", 422),
        ({"phone": "abc", "provider": "twilio"}, "field-wrong", 422),
        ({"phone": ADAS_NUMBER, "provider": "twilio"}, "belongs to a business already", 409),
        ({"phone": "206 555 0188", "provider": "pigeon"}, "is not one of", 422),
    ],
)
async def test_what_is_no_number_is_refused_beside_the_field(
    house: House, typed: dict[str, str], told: str, status: int
) -> None:
    ada = await visitor(house, ADA)
    refused = await ada.post(home(house), data=typed)
    assert refused.status_code == status
    assert told in refused.text
    assert '<dialog id="add-dialog" aria-labelledby="add-title" open>' in refused.text


async def test_a_warm_up_says_which_day_it_is_and_ends(house: House) -> None:
    ada = await visitor(house, ADA)
    address = await page_of(house)
    async with house.parts.app.transaction() as tx:
        today = tx.now.date()
    begun = await ada.post(f"{address}/warm-up", data={"started_on": str(today), "daily": "50 100, 200"})
    assert begun.status_code == 303
    page = await ada.get(address)
    assert "of 3" in page.text or "begins in" in page.text
    assert page.text.count("<title>") == 1 + 3
    refused = await ada.post(f"{address}/warm-up", data={"started_on": str(today), "daily": "50 40"})
    assert refused.status_code == 422
    assert "a day may not allow less than the one before it" in refused.text
    assert 'value="50 40"' in refused.text
    odd = await ada.post(f"{address}/warm-up", data={"started_on": str(today), "daily": "fifty"})
    assert "is no whole number" in odd.text
    await ada.post(f"{address}/warm-up", data={"started_on": str(today), "daily": "50", "end": "1"})
    assert "No plan: it may send campaigns at full speed" in (await ada.get(address)).text


async def test_what_a_number_may_is_changed_and_refused_in_words(house: House) -> None:
    ada = await visitor(house, ADA)
    address = await page_of(house)
    fields = {"registration_status": "approved", "daily_limit": "500", "rate": "0.5", "burst": "1", "country": "us"}
    assert (await ada.post(address, data=fields | {"texting_allowed": "1"})).status_code == 303
    page = await ada.get(address)
    assert "30 a minute" in page.text
    assert '<option value="approved" selected>registered</option>' in page.text
    wrong = await ada.post(address, data=fields | {"rate": "5000", "texting_allowed": "1"})
    assert wrong.status_code == 422
    assert "at most 1000" in wrong.text
    stopped = await ada.post(address, data=fields)
    assert stopped.status_code == 303
    assert "Stopped by hand." in (await ada.get(address)).text


async def test_a_number_is_retired_after_a_question_and_taken_back(house: House) -> None:
    ada = await visitor(house, ADA)
    address = await page_of(house)
    asked = await ada.get(address, params={"ask": "retire"})
    assert '<dialog id="retire-dialog" aria-labelledby="retire-title" open>' in asked.text
    assert (await ada.post(f"{address}/retire")).status_code == 303
    page = await ada.get(home(house))
    assert "1 retired" in page.text
    assert "No number yet" in page.text
    changed = await ada.post(address, data={"burst": "2"})
    assert changed.status_code == 409
    assert "is retired; take it back first" in changed.text
    await ada.post(f"{address}/take-back")
    assert "1 retired" not in (await ada.get(home(house))).text


async def test_who_may_only_look_sees_no_button_and_is_refused(house: House) -> None:
    address = await page_of(house)
    for email in (BEN, OLIVE):
        client = await visitor(house, email)
        for page in (home(house), address):
            shown = await client.get(page)
            assert shown.status_code == 200
            assert "<form" not in shown.text.partition("<main")[2]
        assert (await client.post(f"{address}/retire")).status_code == 403
        assert (await client.post(home(house), data={"phone": NEW})).status_code == 403


async def test_a_stranger_finds_nothing_and_a_foreign_form_is_refused(house: House) -> None:
    address = await page_of(house)
    mallory, ada = await visitor(house, MALLORY), await visitor(house, ADA)
    assert (await mallory.get(home(house))).status_code == 404
    assert (await mallory.post(f"{address}/retire")).status_code == 404
    theirs = address.replace(str(house.ada.id), str(house.mallory.id))
    assert (await mallory.get(theirs)).status_code == 404
    assert (await mallory.post(theirs, data={"burst": "2"})).status_code == 404
    ada.headers.pop("X-CSRF-Token")
    assert (await ada.post(f"{address}/retire", data={"csrf": "x"})).status_code == 403


async def test_words_that_a_number_carries_are_shown_as_words(house: House) -> None:
    ada = await visitor(house, ADA)
    address = await page_of(house)
    fields = {"burst": "1", "country": "US", "texting_allowed": "1", "registration_id": '"><script>x</script>'}
    assert (await ada.post(address, data=fields)).status_code == 303
    page = await ada.get(address)
    assert "<script>x" not in page.text
    assert "&lt;script&gt;x" in page.text
