"""People in number: found by an index among many, and tagged many at once."""

from __future__ import annotations

import re
from uuid import UUID

import asyncpg
import httpx2
import pytest

from frontdesk.features.contacts.queries.cards import LIST_NAMED
from frontdesk.features.contacts.service import cards
from tests.support.house import BEN, MALLORY, OLIVE, House
from tests.support.marketing import add_people, phones

MANY = 20_000
FILL = """
    insert into contacts (id, tenant_id, phone_e164, name, email, created_at, updated_at)
    select gen_random_uuid(), $1, '+1206' || (2000000 + n), 'Person ' || n, 'p' || n || '@example.com', now(), now()
    from generate_series(1, $2::int) as n
"""


async def visitor(house: House, email: str = BEN) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


def people_at(house: House) -> str:
    """Tell where the people of Ada's business are."""
    return f"/businesses/{house.ada.id}/people"


async def count_tagged(house: House, tag: str) -> int:
    """Count the people with a tag."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        return {one.tag: one.people for one in await cards.list_tags(tx)}.get(tag, 0)


async def test_one_among_many_is_found_by_an_index(house: House, database_url: str) -> None:
    async with house.parts.system.transaction(house.ada.id) as tx:
        await tx.execute(FILL, house.ada.id, MANY)
    owner = await asyncpg.connect(database_url)
    await owner.execute("analyze contacts")
    await owner.close()
    async with house.parts.system.transaction(house.ada.id) as tx:
        sought = ("%person 4242%", "%person 4242%", UUID(int=2**128 - 1), 50)
        plan = str(await tx.fetchval(f"explain (format json) {LIST_NAMED}", house.ada.id, *sought))
    assert "contacts_words" in plan, plan
    assert "Seq Scan" not in plan, plan
    ben = await visitor(house)
    for words in ("Person 4242", "p4242@", "(206) 200-4242", "+12062004242"):
        page = await ben.get(people_at(house), params={"q": words})
        assert "(206) 200-4242" in page.text, words
    assert "Nobody found" in (await ben.get(people_at(house), params={"q": "100%_\\"})).text


async def test_picked_people_are_tagged_and_the_tag_is_taken_off(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        people = await add_people(tx, phones(3))
    ben = await visitor(house)
    page = await ben.get(people_at(house))
    picked = re.findall(r'name="contact" value="([0-9a-f-]+)"', page.text)
    assert len(picked) == len(people)
    assert (
        await ben.post(f"{people_at(house)}/tags", data={"add_tag": "vip", "contact": picked[:2]})
    ).status_code == 303
    assert await count_tagged(house, "vip") == 2
    assert (
        await ben.post(f"{people_at(house)}/tags", data={"add_tag": "vip", "contact": picked[:2]})
    ).status_code == 303
    assert await count_tagged(house, "vip") == 2
    off = {"add_tag": "vip", "contact": picked[:1], "do": "remove"}
    assert (await ben.post(f"{people_at(house)}/tags", data=off)).status_code == 303
    assert await count_tagged(house, "vip") == 1


async def test_everybody_who_fits_is_tagged_and_it_is_written_down_once(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        people = await add_people(tx, phones(60))
    ben = await visitor(house)
    sent = await ben.post(f"{people_at(house)}/tags", data={"add_tag": "Winter", "everybody": "1"})
    assert sent.status_code == 303
    assert await count_tagged(house, "winter") == len(people)
    log = (await (await house.as_person("ada@example.com")).get("/api/audit-log")).json()
    noted = [one for one in log if one["action"] == "contacts.bulk_tagged"]
    assert [one["details"] for one in noted] == [{"tag": "winter", "people": len(people), "removed": False}]
    nobody = {"add_tag": "spring", "everybody": "1", "tag": "no-such-tag"}
    assert (await ben.post(f"{people_at(house)}/tags", data=nobody)).status_code == 303
    assert await count_tagged(house, "spring") == 0


@pytest.mark.parametrize("tag", ["", "a;b", "x" * 60])
async def test_what_is_no_tag_is_refused(house: House, tag: str) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(1))
    ben = await visitor(house)
    assert (await ben.post(f"{people_at(house)}/tags", data={"add_tag": tag, "everybody": "1"})).status_code == 422


async def test_who_may_only_look_tags_nobody_and_no_stranger_does(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(2))
    olive, mallory, ben = [await visitor(house, one) for one in (OLIVE, MALLORY, BEN)]
    shown = (await olive.get(people_at(house))).text
    assert 'name="contact"' not in shown
    fields = {"add_tag": "vip", "everybody": "1"}
    assert (await olive.post(f"{people_at(house)}/tags", data=fields)).status_code == 403
    assert (await mallory.post(f"{people_at(house)}/tags", data=fields)).status_code == 404
    picked = re.findall(r'name="contact" value="([0-9a-f-]+)"', (await ben.get(people_at(house))).text)
    theirs = f"/businesses/{house.mallory.id}/people/tags"
    assert (await mallory.post(theirs, data={"add_tag": "vip", "contact": picked})).status_code == 303
    assert await count_tagged(house, "vip") == 0
    ben.headers.pop("X-CSRF-Token")
    assert (await ben.post(f"{people_at(house)}/tags", data=fields | {"csrf": "x"})).status_code == 403
