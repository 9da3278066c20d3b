"""The page behind a link to pay, in a real browser, while the payment company's page is still being made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Request, expect

from frontdesk.kernel.auth import Scope
from tests.support.shop import Shop, open_shop

VISIT = {"amount_cents": 2500, "currency": "usd", "description": "Visit on Monday"}


@pytest.fixture
async def shop(database_url: str, home: Path) -> AsyncIterator[Shop]:
    async with open_shop(database_url, home) as opened:
        yield opened


async def test_the_page_stands_still_until_there_is_something_to_pay_and_then_goes_there(
    shop: Shop, browser: Browser
) -> None:
    house = shop.house
    api = await house.as_program(Scope.BILLING_READ, Scope.BILLING_WRITE, tenant_id=house.ada.id)
    asked = (await api.post("/api/payments", json=VISIT)).json()
    page = await browser.new_page()
    await page.goto(asked["url"])
    await expect(page.get_by_role("status")).to_contain_text("looks again by itself")
    await page.evaluate("window.isTheSame = true")
    for _ in range(2):
        async with page.expect_request(asked["url"]):
            pass
    assert await page.evaluate("window.isTheSame"), "whoever reads it is not interrupted"

    await shop.work()

    def is_the_pay_page(request: Request) -> bool:
        return request.is_navigation_request() and not request.url.startswith(house.url)

    async with page.expect_request(is_the_pay_page) as paying:
        pass
    assert "/pay/" in (await paying.value).url
