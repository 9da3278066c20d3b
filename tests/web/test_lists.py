"""Long lists: every row once, however many are added meanwhile, and bare lists stay as they were."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

from frontdesk.features import consent, contacts
from frontdesk.features.consent import understand
from frontdesk.features.conversations.service import raise_task
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.ids import new_id
from tests.support.house import ADA, MALLORY, House

PEOPLE = [f"+120655501{number:02}" for number in range(7)]
LISTS = {
    "/api/conversations": "phone_e164",
    "/api/tasks": "subject",
    "/api/dnc": "phone_e164",
    "/api/compliance-events": "phone_e164",
}


async def fill(house: House, tx: Transaction, phone: str) -> None:
    """Let a person open a thread, raise a task and say STOP."""
    contact = await contacts.ensure_contact(tx, phone_e164=phone)
    await tx.execute(
        "insert into conversations (id, tenant_id, contact_id, last_message_at, created_at)"
        " values ($1, $2, $3, $4, $4)",
        new_id(), tx.tenant, contact.id, tx.now,
    )  # fmt: skip
    await raise_task(tx, conversation_id=None, kind="test", subject=phone, source_key=phone)
    await consent.hear(
        tx, understand("STOP", None), phone_e164=phone, sender_e164="", source="test", carrier_answers=True,
        journal=house.parts.journal,
    )  # fmt: skip


@pytest.fixture
async def full(house: House) -> House:
    """Fill Ada's lists: five people at one moment, so that the moment alone tells no two apart, and two later."""
    for group in (PEOPLE[:5], PEOPLE[5:]):
        async with house.parts.system.transaction(house.ada.id) as tx:
            for phone in group:
                await fill(house, tx, phone)
    return house


async def read_all(client: httpx2.AsyncClient, path: str, *, limit: int) -> list[list[str]]:
    """Follow a list from page to page."""
    pages: list[list[str]] = []
    place: str | None = f"{path}?limit={limit}"
    while place is not None:
        answer = await client.get(place)
        assert answer.status_code == 200, answer.text
        pages.append([row[LISTS[path]] for row in answer.json()])
        link = answer.headers.get("link")
        place = None if link is None else link.removeprefix("<").removesuffix('>; rel="next"')
    return pages


@pytest.mark.parametrize("path", LISTS)
async def test_every_row_is_on_one_page(full: House, path: str) -> None:
    ada = await full.as_person(ADA)
    whole = [row[LISTS[path]] for row in (await ada.get(path)).json()]
    assert sorted(whole) == PEOPLE
    assert set(whole[:2]) == set(PEOPLE[5:]), "the latest come first"
    for limit in (1, 2, 3, 7, 8):
        pages = await read_all(ada, path, limit=limit)
        assert [row for page in pages for row in page] == whole
        assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("path", LISTS)
async def test_what_is_added_meanwhile_moves_no_page(full: House, path: str) -> None:
    ada = await full.as_person(ADA)
    whole = [row[LISTS[path]] for row in (await ada.get(path)).json()]
    first = await ada.get(path, params={"limit": 3})
    async with full.parts.system.transaction(full.ada.id) as tx:
        await fill(full, tx, "+12065550199")
        # The thread that ends the first page becomes the latest one.
        await tx.execute(
            "update conversations set last_message_at = $2 where id = any($1::uuid[])",
            [row["id"] for row in first.json() if path == "/api/conversations"][-1:],
            tx.now + timedelta(seconds=1),
        )
    following = await ada.get(first.headers["link"].partition(">")[0].removeprefix("<"))
    assert [row[LISTS[path]] for row in following.json()] == whole[3:6]


@pytest.mark.parametrize("path", LISTS)
async def test_a_place_in_adas_list_shows_mallory_nothing(full: House, path: str) -> None:
    ada, mallory = await full.as_person(ADA), await full.as_person(MALLORY)
    link = (await ada.get(path, params={"limit": 2})).headers["link"]
    assert (await mallory.get(link.partition(">")[0].removeprefix("<"))).json() == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("before", ["x", "1", "1.", "-1.x", "9" * 60 + ".x", "\x00", "1.\x00"])
async def test_a_place_that_is_none_is_a_named_fault(house: House, path: str, before: str) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.get(path, params={"before": before})
    if path == "/api/compliance-events" and before == "1":
        assert answer.json() == []
    else:
        assert answer.status_code == 422, answer.text
        assert [fault["path"] for fault in answer.json()["faults"]] == ["before"]
