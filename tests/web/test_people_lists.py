"""The do-not-contact page and the segments over real HTTP: who may, what is refused in words, who is counted."""

from __future__ import annotations

import re
from uuid import uuid4

import httpx2
import pytest

from frontdesk.features import consent, contacts
from frontdesk.features.contacts.service import matching, segments
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.support.marketing import add_people, phones
from tests.support.office import ADAS_NUMBER, CAROL


async def visitor(house: House, email: str = BEN) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


def refused_at(house: House) -> str:
    """Tell where the do-not-contact list of Ada's business is."""
    return f"/businesses/{house.ada.id}/people/do-not-contact"


def segments_at(house: House) -> str:
    """Tell where the segments of Ada's business are."""
    return f"/businesses/{house.ada.id}/people/segments"


async def test_somebody_is_put_on_the_list_and_taken_off_with_reasons(house: House) -> None:
    ben = await visitor(house)
    nameless = await ben.post(refused_at(house), data={"phone": "206 555 0123", "scope": "all"})
    assert nameless.status_code == 422
    assert "Say why" in nameless.text
    assert 'value="206 555 0123"' in nameless.text
    fields = {"phone": "206 555 0123", "scope": "marketing", "reason": "asked <b>us</b>"}
    assert (await ben.post(refused_at(house), data=fields)).status_code == 303
    page = await ben.get(refused_at(house))
    assert "no advertising" in page.text
    assert "asked &lt;b&gt;us&lt;/b&gt;" in page.text
    asked = await ben.get(refused_at(house), params={"ask": CAROL})
    assert "May (206) 555-0123 be texted again?" in asked.text
    off = await ben.post(f"{refused_at(house)}/remove", data={"phone_e164": CAROL, "reason": "a mistake"})
    assert off.status_code == 303
    assert "Nobody is on the list" in (await ben.get(refused_at(house))).text


async def test_who_said_stop_is_not_taken_off_by_a_form(house: House) -> None:
    await house.missed_call()
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    await house.twin.wait_until_idle()
    ben = await visitor(house)
    page = await ben.get(refused_at(house), params={"number": "(206) 555-0123"})
    assert "said STOP" in page.text
    assert "Take off<" not in page.text
    refused = await ben.post(f"{refused_at(house)}/remove", data={"phone_e164": CAROL, "reason": "please"})
    assert refused.status_code == 409
    assert "only their own START" in refused.text


async def test_a_list_is_imported_and_its_bad_rows_are_named(house: House) -> None:
    ben = await visitor(house)
    file = {"file": ("stop.csv", "Phone\n206 555 0123\n12\n")}
    assert (await ben.post(f"{refused_at(house)}/imports", data={"reason": "x"})).status_code == 422
    sent = await ben.post(f"{refused_at(house)}/imports", files=file, data={"reason": "the old shop's list"})
    assert sent.status_code == 303
    page = await ben.get(refused_at(house))
    assert "1 added, 0 were on it already, 1 rows without a number" in page.text
    assert "Line 3" in page.text
    binary = {"file": ("x.csv", b"\xff\xfe\x00")}
    odd = await ben.post(f"{refused_at(house)}/imports", files=binary, data={"reason": "x"})
    assert odd.status_code == 422


async def test_the_list_is_read_page_by_page_and_by_number(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        for phone in phones(55):
            await consent.put_on_list(
                tx,
                phone_e164=phone,
                scope=consent.RefusalScope.ALL,
                reason="x",
                by=TEST_ACTS,
                journal=house.parts.journal,
            )
    ben = await visitor(house)
    first = await ben.get(refused_at(house))
    assert first.text.count('<th scope="row"') == 50
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward is not None
    second = await ben.get(onward[1].replace("&amp;", "&"))
    assert second.text.count('<th scope="row"') == 5
    assert "Not on the list" in (await ben.get(refused_at(house), params={"number": "nobody"})).text
    assert (await ben.get(refused_at(house), params={"before": "x"})).status_code == 422


async def test_who_only_looks_changes_no_list_and_strangers_see_none(house: House) -> None:
    olive, mallory = await visitor(house, OLIVE), await visitor(house, MALLORY)
    for address in (refused_at(house), segments_at(house)):
        assert (await olive.get(address)).status_code == 200
        assert (await olive.post(address, data={"x": "y"})).status_code == 403
        assert (await mallory.get(address)).status_code == 404
    shown = await olive.get(refused_at(house))
    assert "Add a number" not in shown.text
    ada = await visitor(house, ADA)
    ada.headers.pop("X-CSRF-Token")
    assert (await ada.post(refused_at(house), data={"csrf": "x", "phone": CAROL, "reason": "x"})).status_code == 403


async def test_a_segment_is_built_counted_saved_changed_and_deleted(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        people = await add_people(tx, phones(3))
    ben = await visitor(house)
    some = {"name": "Regulars", "kind": ["phone", "tag"], "negated": ["", ""], "value": ["+1206", ""]}
    counted = await ben.get(f"{segments_at(house)}/count", params=some)
    assert f"{len(people)} people" in counted.text
    none = await ben.get(f"{segments_at(house)}/count", params=some | {"negated": ["1", ""]})
    assert "0 people" in none.text
    assert (await ben.post(segments_at(house), data=some)).status_code == 303
    listed = await ben.get(segments_at(house))
    assert "has a number that begins with +1206" in listed.text
    one = re.search(rf'href="({segments_at(house)}/[0-9a-f-]{{36}})"', listed.text)
    assert one is not None
    shown = await ben.get(one[1])
    assert 'value="+1206"' in shown.text
    assert (await ben.get(f"{one[1]}/count")).text == f"{len(people)} people"
    twice = await ben.post(segments_at(house), data=some)
    assert twice.status_code == 409
    renamed = await ben.post(one[1], data=some | {"name": "Seattle", "any_of": "1"})
    assert renamed.status_code == 303
    assert "Seattle" in (await ben.get(segments_at(house))).text
    assert (await ben.post(f"{one[1]}/delete")).status_code == 303
    assert "No segments yet" in (await ben.get(segments_at(house))).text


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("since", "yesterday", "is no day"),
        ("known", "shoe size", "cannot be read"),
        ("phone", "206", "cannot be read"),
        ("field", "No Such Key!: x", "cannot be read"),
    ],
)
async def test_what_cannot_be_read_is_told_beside_the_builder(house: House, kind: str, value: str, told: str) -> None:
    ben = await visitor(house)
    fields = {"name": "x", "kind": [kind], "negated": [""], "value": [value]}
    refused = await ben.post(segments_at(house), data=fields)
    assert refused.status_code == 422
    assert told in refused.text
    assert f'value="{value}"' in refused.text
    assert told in (await ben.get(f"{segments_at(house)}/count", params=fields)).text


async def test_every_row_that_the_builder_writes_comes_back_into_it(house: House) -> None:
    rows = {
        "tag": "vip", "country": "US", "region": "US-WA", "timezone": "America/Denver", "phone": "+1206",
        "name": "smith", "field": "town: Kent", "known": "email", "since": "2026-01-31", "until": "2026-02-28",
    }  # fmt: skip
    ben = await visitor(house)
    fields = {"name": "All", "kind": list(rows), "negated": ["1"] * len(rows), "value": list(rows.values())}
    saved = await ben.post(segments_at(house), data=fields)
    assert saved.status_code == 303, saved.text
    async with house.parts.app.transaction(house.ada.id) as tx:
        (segment,) = await segments.list_segments(tx, before=None, limit=5)
    shown = await ben.get(f"{segments_at(house)}/{segment.id}")
    for value in rows.values():
        assert f'value="{value}"' in shown.text


async def test_a_segment_that_a_program_made_keeps_its_filter_when_it_is_renamed(house: House) -> None:
    inner = {"where": "any", "of": [{"where": "tag", "any_of": ["a"]}, {"where": "tag", "any_of": ["b"]}]}
    filter_ = contacts.read_filter({"where": "all", "of": [inner, {"where": "known", "what": "name"}]})
    async with house.parts.app.transaction(house.ada.id) as tx:
        made = await segments.save_segment(tx, name="By a program", filter_=filter_, by=TEST_ACTS)
    ben = await visitor(house)
    page = await ben.get(f"{segments_at(house)}/{made.id}")
    assert "put together by a program" in page.text
    assert (await ben.post(f"{segments_at(house)}/{made.id}", data={"name": "Renamed"})).status_code == 303
    async with house.parts.app.transaction(house.ada.id) as tx:
        after = await segments.get_segment(tx, made.id)
    assert (after.name, after.filter) == ("Renamed", filter_)
    assert (await ben.post(f"{segments_at(house)}/{uuid4()}", data={"name": "x"})).status_code == 404


async def test_a_count_of_many_is_an_estimate_near_the_truth(house: House) -> None:
    many = matching.EXACT_UP_TO + 5_000
    async with house.parts.system.transaction(house.ada.id) as tx:
        await tx.execute(
            "insert into contacts (id, tenant_id, phone_e164, name, created_at, updated_at)"
            " select gen_random_uuid(), $1, '+1206' || lpad(n::text, 7, '0'), case when n % 4 = 0 then 'x' else '' end,"
            " now(), now() from generate_series(2000000, $2::int) as n",
            house.ada.id,
            2_000_000 + many - 1,
        )
    async with house.parts.app.transaction(house.ada.id) as tx:
        named = contacts.read_filter({"where": "known", "what": "name"})
        people, exact = await matching.estimate_matching(tx, named)
    assert not exact
    assert many * 0.2 < people < many * 0.3
