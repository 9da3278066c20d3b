"""No page weighs 200 KiB with everything that it loads, compressed as it travels, in a business with a past."""

from __future__ import annotations

import gzip
import re

from frontdesk.cli.bench.console import PAGES
from frontdesk.features import insights
from frontdesk.web.navigation import PLACES, SETTINGS
from tests.support.actors import TEST_ACTS
from tests.support.house import ADMIN, House
from tests.support.office import ADAS_NUMBER

HEAVIEST = 200 * 1024
ELSEWHERE = ("/forgot", "/docs/errors", "/design", "/guide", "/operations/alerts", "/operations/runbooks", "/account")
LOADED = re.compile(r'<(?:link|script|img)[^>]+?(?:src|href)="(/static/[^"]+)"')


async def test_no_page_weighs_200_kib_with_all_that_it_loads(house: House) -> None:
    async with house.parts.system.transaction(house.ada.id) as tx:
        await insights.make_up_history(tx, people=150, messages=3_000, number_e164=ADAS_NUMBER, by=TEST_ACTS)
    client = await house.as_person(ADMIN)
    client.headers["Accept"] = "text/html"
    client.follow_redirects = True
    places = [
        one.path if one.platform else f"/businesses/{house.ada.id}{one.path}"
        for one in (*PLACES, *SETTINGS)
        if one.path
    ]
    asked = {*places, *(path.format(house.ada.id) for path in PAGES.values()), *ELSEWHERE}
    files: dict[str, int] = {}
    weights: dict[str, int] = {}
    for path in sorted(asked):
        page = await client.get(path)
        assert page.status_code == 200, path
        weights[path] = len(gzip.compress(page.content))
        for file in set(LOADED.findall(page.text)):
            if file not in files:
                answer = await client.get(file)
                assert answer.status_code == 200, file
                files[file] = len(gzip.compress(answer.content))
            weights[path] += files[file]
    assert files, "pages load a sheet and scripts"
    assert len(weights) > len(PLACES) + len(SETTINGS)
    assert {path: size for path, size in weights.items() if size >= HEAVIEST} == {}
