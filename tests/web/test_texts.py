"""Text that the database cannot keep is refused at the door, by the name of its field."""

from __future__ import annotations

import httpx2
import pytest

from tests.support.house import ADA, House

UNKEEPABLE = {"NUL": "a\\u0000b", "half a pair": "\\ud83d", "its other half": "\\uDE00 !"}


def paths_of(answer: httpx2.Response) -> list[str]:
    """List the fields that an answer finds fault with."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "web.invalid"
    return [fault["path"] for fault in answer.json()["faults"]]


@pytest.mark.parametrize("text", UNKEEPABLE.values(), ids=UNKEEPABLE)
async def test_unkeepable_text_in_a_body_is_refused_by_the_name_of_its_field(house: House, text: str) -> None:
    ada = await house.as_person(ADA)
    kind = {"Content-Type": "application/json"}
    body = f'{{"name": "x", "filter": {{"where": "tag", "any_of": ["vip", "{text}"]}}}}'
    assert paths_of(await ada.post("/api/segments", content=body, headers=kind)) == ["filter.any_of.1"]
    named = f'{{"phone": "+12065550177", "fields": {{"{text}": "x"}}}}'
    (place,) = paths_of(await ada.post("/api/contacts", content=named, headers=kind))
    assert place.startswith("fields.")
    assert (await ada.get("/api/segments")).json()["items"] == []


async def test_a_whole_pair_of_surrogates_is_a_letter_like_any_other(house: House) -> None:
    ada = await house.as_person(ADA)
    kind = {"Content-Type": "application/json"}
    body = '{"name": "\\ud83d\\ude00", "filter": {"where": "known", "what": "name"}}'
    assert (await ada.post("/api/segments", content=body, headers=kind)).json()["name"] == "\U0001f600"
    literal = '{"name": "the escape \\\\u0000 in words", "filter": {"where": "known", "what": "name"}}'
    assert (await ada.post("/api/segments", content=literal, headers=kind)).status_code == 201


async def test_nul_in_a_query_or_a_form_is_refused_by_the_name_of_its_field(house: House) -> None:
    ada = await house.as_person(ADA)
    assert paths_of(await ada.get("/api/contacts?tag=vip&q=a%00b")) == ["q"]
    assert paths_of(await ada.get("/api/compliance-events?phone_e164=%00")) == ["phone_e164"]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = await ada.post("/login", content="email=ada%00&password=x", headers=kind)
    assert refused.status_code == 422
    assert "email" in refused.text


async def test_json_that_is_not_utf_8_is_refused(house: House) -> None:
    ada = await house.as_person(ADA)
    for body in ('{"name": "x"}'.encode("utf-16"), b'{"name": "\x00"}', b'{"name": "\xff"}'):
        refused = await ada.post("/api/segments", content=body, headers={"Content-Type": "application/json"})
        assert refused.status_code == 400, refused.text
        assert refused.json()["code"] == "web.unreadable"


async def test_an_address_with_nul_leads_nowhere(house: House) -> None:
    ada = await house.as_person(ADA)
    for path in ("/api/channels/%00/pause", "/static/%00/x.css", "/%00"):
        assert (await ada.get(path)).status_code == 404
