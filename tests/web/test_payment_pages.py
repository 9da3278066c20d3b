"""The pages of payments: a link is made, told of, called off or given back, once, by who may."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.support.house import ADA, MALLORY, OLIVE
from tests.support.shop import Shop, open_shop


@pytest.fixture
async def shop(database_url: str, home: Path) -> AsyncIterator[Shop]:
    async with open_shop(database_url, home) as opened:
        yield opened


@pytest.fixture
async def ada(shop: Shop) -> httpx2.AsyncClient:
    return await shop.house.as_person(ADA)


@pytest.fixture
def home_page(shop: Shop) -> str:
    return f"/businesses/{shop.house.ada.id}/payments"


def form(**changed: str) -> dict[str, str]:
    return {"key": str(uuid4()), "amount": "1,250.50", "currency": "usd", "words": "New <b>boiler</b>", **changed}


async def make(ada: httpx2.AsyncClient, home_page: str, **changed: str) -> str:
    """Make a link to pay, and return the page of its payment."""
    made = await ada.post(home_page, data=form(**changed))
    assert made.status_code == 303, made.text
    return made.headers["location"].partition("?")[0]


async def pay(shop: Shop, ada: httpx2.AsyncClient, page: str) -> None:
    """Pay by the link that the page shows."""
    await shop.work()
    link = re.search(r"https?://[^<]+/pay/[\w-]+", (await ada.get(page)).text)
    assert link is not None
    led = await shop.house.client().get(link[0])
    await shop.house.client().post(led.headers["location"], data={"choice": "pay"})
    await shop.work()


async def test_a_link_is_made_once_shown_paid_and_given_back_in_parts(
    shop: Shop, ada: httpx2.AsyncClient, home_page: str
) -> None:
    typed = form()
    first, again = [await ada.post(home_page, data=typed) for _ in range(2)]
    assert first.headers["location"] == again.headers["location"], "the same form asks once"
    page = first.headers["location"].partition("?")[0]
    assert "Send it to whoever is to pay" in (await ada.get(first.headers["location"])).text
    await pay(shop, ada, page)
    paid = (await ada.get(page)).text
    assert "1,250.50 USD" in paid
    assert "New &lt;b&gt;boiler&lt;/b&gt;" in paid
    assert 'name="amount" value="1250.50"' in paid, "all that is left is offered"

    back = {"key": str(uuid4()), "amount": "250.50", "words": "A part was missing"}
    for _ in range(2):
        assert (await ada.post(f"{page}/refund", data=back)).status_code == 303
    await shop.work()
    rest = (await ada.get(page)).text
    assert rest.count("A part was missing") == 1
    assert 'name="amount" value="1000.00"' in rest
    assert "given back in part" in (await ada.get(home_page)).text

    too_much = await ada.post(f"{page}/refund", data={**back, "key": str(uuid4()), "amount": "1000.01"})
    assert (too_much.status_code, "more than is left" in too_much.text) == (422, True)
    await ada.post(f"{page}/refund", data={**back, "key": str(uuid4()), "amount": "1000"})
    await shop.work()
    over = (await ada.get(page)).text
    assert "Give money back" not in over
    assert "1,250.50 USD" in over


async def test_what_is_wrong_with_a_form_stands_at_its_field_and_nothing_is_asked_for(
    ada: httpx2.AsyncClient, home_page: str
) -> None:
    for changed, words in (
        ({"amount": "0"}, "Write an amount"),
        ({"amount": "-5"}, "Write an amount"),
        ({"amount": "1e999999999"}, "Write an amount"),
        ({"amount": "NaN"}, "Write an amount"),
        ({"amount": "0.001"}, "Write an amount"),
        ({"currency": "dollars"}, "Write it like USD"),
        ({"currency": "€€€"}, "Write it like USD"),
        ({"currency": "jpy"}, "JPY is not divided into hundredths"),
        ({"words": "   "}, "Say what it is for"),
    ):
        answer = await ada.post(home_page, data=form(**changed))
        assert (answer.status_code, words in answer.text) == (422, True), changed
    assert (await ada.get("/api/payments")).json()["items"] == []


async def test_a_link_that_is_called_off_can_no_longer_be_paid(
    shop: Shop, ada: httpx2.AsyncClient, home_page: str
) -> None:
    page = await make(ada, home_page)
    await shop.work()
    assert "Let nobody pay any more" in (await ada.get(page)).text
    assert (await ada.post(f"{page}/cancel")).status_code == 303
    await shop.work()
    over = (await ada.get(page)).text
    assert "not paid in time" in over
    assert "/pay/" not in over, "its link is not shown any more"


async def test_who_may_only_read_is_offered_nothing_and_strangers_find_nothing(
    shop: Shop, ada: httpx2.AsyncClient, home_page: str
) -> None:
    page = await make(ada, home_page)
    olive = await shop.house.as_person(OLIVE)
    assert "Ask for a payment" not in (await olive.get(home_page)).text
    assert "Let nobody pay any more" not in (await olive.get(page)).text
    for path, data in ((home_page, form()), (f"{page}/cancel", {}), (f"{page}/refund", form())):
        assert (await olive.post(path, data=data)).status_code == 403, path
    mallory = await shop.house.as_person(MALLORY)
    for answer in (
        await mallory.get(home_page),
        await mallory.get(page),
        await mallory.post(f"{page}/cancel"),
        await mallory.post(home_page, data=form()),
    ):
        assert answer.status_code == 404
    own = f"/businesses/{shop.house.mallory.id}/payments/{page.rpartition('/')[2]}"
    assert (await mallory.get(own)).status_code == 404, "another business's payment is not one's own"
    assert (
        await mallory.post(f"{own}/refund", data={"key": str(uuid4()), "amount": "1", "words": "x"})
    ).status_code == 404
