"""On a slow phone in a slow network: how long until something is seen is written down, what travels is bounded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from frontdesk.features import insights
from tests.browser.test_console import visit
from tests.browser.test_home_and_reports import give_a_past
from tests.support.house import House

# Lighthouse's slow 4G: 150 ms there and back, 1.6 Mbit/s down, 750 kbit/s up; and a processor of a quarter's speed.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOWER_BY = 4
HEAVIEST = 200 * 1024
PAGES = {
    "home": "/?business={0}",
    "inbox": "/businesses/{0}/inbox",
    "calendar": "/businesses/{0}/agenda",
    "people": "/businesses/{0}/people",
    "reports": "/businesses/{0}/reports?period=90",
}
MEASURE = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const all = [page, ...performance.getEntriesByType("resource")];
  return {
    first_paint_ms: Math.round(paint.startTime),
    answered_ms: Math.round(page.responseStart),
    bytes: all.reduce((sum, one) => sum + one.transferSize, 0),
  };
}"""


@pytest.mark.slow
async def test_the_first_paint_on_a_slow_phone_is_noted_and_little_travels(
    house: House, browser: Browser, shots: Path
) -> None:
    await give_a_past(house)
    async with house.parts.system.transaction(house.ada.id) as tx:
        await insights.keep_days(tx, zone="America/New_York", days=95)
    found: dict[str, dict[str, int]] = {}
    async with visit(browser, house, size="phone") as visitor:
        page = visitor.page
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Network.enable")
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_BY})
        for name, path in PAGES.items():
            await devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
            await devtools.send("Network.emulateNetworkConditions", SLOW_4G)
            await page.goto(f"{house.url}{path.format(house.ada.id)}", wait_until="load")
            await expect(page.get_by_role("heading", level=1).first).to_be_visible()
            await page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
            found[name] = await page.evaluate(MEASURE)
    (shots.parent / "first-paint.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert found.keys() == PAGES.keys()
    for name, one in found.items():
        assert 0 < one["bytes"] < HEAVIEST, name
        assert one["first_paint_ms"] >= one["answered_ms"] > 0, name
