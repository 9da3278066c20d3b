"""People, files and segments over HTTP: as a business's own program meets them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from frontdesk.features.contacts.jobs import add_import_workflow
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.jobs import JobsWorker, Workflows
from tests.support.house import ADA, BEN, MALLORY, House, open_house

FILE = "Name,Mobile,Plan,Tags\nCarol,(206) 555-0123,gold,vip\nBen,+1 206 555 0124,=1+1,\nNobody,12,,\n"
UP = ("contacts:read", "contacts:write", "contacts:export")


@pytest.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open the house for one test."""
    async with open_house(database_url, home) as opened:
        yield opened


@asynccontextmanager
async def worker(house: House, database_url: str) -> AsyncIterator[None]:
    """Let a worker take in files."""
    parts, workflows, stop = house.parts, Workflows(), asyncio.Event()
    add_import_workflow(workflows, app=parts.app, folder=parts.settings.home / "imports")
    working = asyncio.create_task(JobsWorker(database_url, workflows, app=parts.app, system=parts.system).run(stop))
    try:
        yield
    finally:
        stop.set()
        await working


async def send(
    client: httpx2.AsyncClient, content: str | bytes, *, name: str = "people.csv", **form: str
) -> httpx2.Response:
    return await client.post("/api/imports", files={"file": (name, content)}, data=form)


async def ended(house: House, client: httpx2.AsyncClient, import_id: str) -> dict[str, object]:
    seen: dict[str, object] = {}

    async def over() -> bool:
        seen.update((await client.get(f"/api/imports/{import_id}")).json())
        return seen["status"] in {"completed", "checked", "failed", "canceled"}

    await house.eventually(over, seconds=30)
    return seen


async def test_a_file_goes_from_upload_by_dry_run_to_completion(house: House, database_url: str) -> None:
    ada = await house.as_person(ADA)
    options = {"tags": ["fair"], "keep_others": True}
    answer = await send(ada, FILE, options=json.dumps(options))
    assert answer.status_code == 201, answer.text
    uploaded = answer.json()
    assert (uploaded["status"], uploaded["filename"]) == ("uploaded", "people.csv")
    layout = uploaded["layout"]
    assert layout["columns"] == {"name": "Name", "phone": "Mobile", "field.plan": "Plan", "tags": "Tags"}
    assert len(layout["preview"]) == 3
    path = f"/api/imports/{uploaded['id']}"
    async with worker(house, database_url):
        assert (await ada.post(f"{path}/start", json={"dry_run": True})).json()["status"] == "queued"
        tried = await ended(house, ada, uploaded["id"])
        assert (tried["status"], tried["rows_ok"], tried["rows_rejected"]) == ("checked", 2, 1)
        assert (await ada.get("/api/contacts")).json()["items"] == []
        await ada.post(f"{path}/start", json={"options": {**options, "tags": ["summer fair"]}})
        done = await ended(house, ada, uploaded["id"])
    assert (done["status"], done["rows_added"], done["rows_rejected"]) == ("completed", 2, 1)
    people = (await ada.get("/api/contacts", params={"tag": "summer fair"})).json()["items"]
    assert {one["name"]: one["fields"] for one in people} == {"Ben": {"plan": "=1+1"}, "Carol": {"plan": "gold"}}
    report = await ada.get(f"{path}/errors.csv")
    assert report.headers["content-disposition"] == 'attachment; filename="people-csv-errors.csv"'
    rows = list(csv.DictReader(io.StringIO(report.text.lstrip("\ufeff"), newline="")))
    assert [(row["import_row"], row["Name"]) for row in rows] == [("4", "Nobody")]
    assert (await ada.post(f"{path}/resume")).json()["code"] == "contacts.import_not_stopped"
    assert (await ada.post(f"{path}/cancel")).json()["code"] == "contacts.import_over"
    assert [one["id"] for one in (await ada.get("/api/imports")).json()["items"]] == [uploaded["id"]]


async def test_what_goes_out_comes_in_as_it_was(house: House, database_url: str) -> None:
    ada = await house.as_person(ADA)
    async with worker(house, database_url):
        first = (await send(ada, FILE, options='{"keep_others": true}', start="import")).json()
        await ended(house, ada, first["id"])
        exported = await ada.post("/api/contacts/export")
        assert exported.headers["content-type"] == "text/csv; charset=utf-8"
        assert '"+12065550123"' in exported.text
        assert '"\'=1+1"' in exported.text
        before = (await ada.get("/api/contacts")).json()["items"]
        for one in before:
            assert (await ada.delete(f"/api/contacts/{one['id']}")).status_code == 204
        again = (await send(ada, exported.text, start="import")).json()
        await ended(house, ada, again["id"])
    after = (await ada.get("/api/contacts")).json()["items"]
    for one in (*before, *after):
        one.pop("updated_at")
    assert after == before


async def test_uploads_that_cannot_be_taken_are_refused_with_reasons_and_leave_nothing(house: House) -> None:
    ada = await house.as_person(ADA)
    for answer, status, code in (
        (await ada.post("/api/imports"), 422, "contacts.import_no_file"),
        (await ada.post("/api/imports", json={}), 422, "contacts.import_no_file"),
        (await send(ada, b"%PDF-1.7"), 422, "contacts.import_not_a_table"),
        (await send(ada, b"a,b\n1,2\n"), 422, "contacts.import_mapping"),
        (await send(ada, FILE, options="[]"), 422, "contacts.import_options"),
        (await send(ada, FILE, options='{"tenant_id": "x"}'), 422, "contacts.import_options"),
        (await send(ada, FILE, options='{"country": "Atlantis"}'), 422, "contacts.import_country"),
        (await send(ada, FILE, options='{"mapping": {"phone": "Shoe"}}'), 422, "contacts.import_mapping"),
        (await send(ada, FILE, start="now"), 422, "contacts.import_options"),
        (await send(ada, b"x" * (50 * 1024 * 1024 + 1)), 413, "contacts.import_too_large"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    left = [one for one in (house.parts.settings.home / "imports").rglob("*") if one.is_file()]
    assert left == []
    assert (await ada.get("/api/imports")).json()["items"] == []


async def test_a_file_larger_than_other_bodies_is_taken(house: House) -> None:
    ada = await house.as_person(ADA)
    answer = await send(ada, "phone,note\n" + ("2065550123," + "x" * 500 + "\n") * 6_000, name="../../etc/passwd")
    assert answer.status_code == 201, answer.text
    assert answer.json()["filename"] == "passwd"
    too_much = await ada.post("/api/contacts", content=b"x" * 2_000_000)
    assert too_much.status_code == 413


async def test_an_upload_that_is_repeated_under_its_key_is_one_import(house: House) -> None:
    ada = await house.as_person(ADA)
    ada.headers["Idempotency-Key"] = "monday"
    first, again = [(await send(ada, FILE)).json() for _ in range(2)]
    assert first["id"] == again["id"]
    assert (await send(ada, FILE + "x,1\n")).json()["code"] == "idempotency.other_request"
    del ada.headers["Idempotency-Key"]
    assert len((await ada.get("/api/imports")).json()["items"]) == 1


async def test_a_person_is_added_changed_tagged_and_deleted(house: House) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post(
        "/api/contacts", json={"phone": "(206) 555-0123", "name": "Carol", "region": "WA", "tags": ["VIP"]}
    )
    assert answer.status_code == 201, answer.text
    carol = answer.json()
    assert (carol["phone_e164"], carol["region"], carol["tags"]) == ("+12065550123", "US-WA", ["vip"])
    path = f"/api/contacts/{carol['id']}"
    known = await ada.post("/api/contacts", json={"phone": "+12065550123"})
    assert (known.status_code, known.json()["contact_id"]) == (409, carol["id"])
    changed = await ada.patch(path, json={"region": "TX", "fields": {"plan": "gold"}, "email": "c@example.com"})
    assert (changed.json()["region"], changed.json()["timezone"], changed.json()["name"]) == ("US-TX", None, "Carol")
    forgotten = (await ada.patch(path, json={"fields": {"plan": None}, "email": ""})).json()
    assert (forgotten["fields"], forgotten["email"]) == ({}, "")
    for wrong in (
        {"email": "x"},
        {"region": "Atlantis"},
        {"timezone": "Mars/Base"},
        {"country": "ZZ"},
        {"name": "x" * 200},
    ):
        refused = await ada.patch(path, json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "contacts.details_invalid"), wrong
    tagged = await ada.post(f"{path}/tags", json={"add": ["new"], "remove": ["vip"]})
    assert tagged.json()["tags"] == ["new"]
    assert (await ada.get("/api/contacts/tags")).json() == [{"tag": "new", "people": 1}]
    for question, count in (("carol", 1), ("555-0123", 1), ("zoe", 0)):
        assert len((await ada.get("/api/contacts", params={"q": question})).json()["items"]) == count, question
    assert (await ada.delete(path)).status_code == 204
    assert (await ada.get(path)).json()["code"] == "contacts.not_found"
    assert (await ada.get("/api/contacts")).json()["items"] == []
    back = await ada.post("/api/contacts", json={"phone": "2065550123"})
    assert (back.json()["id"], back.json()["name"], back.json()["tags"]) == (carol["id"], "", [])


async def test_a_segment_says_how_many_it_means_before_anybody_is_texted(house: House) -> None:
    ada = await house.as_person(ADA)
    for number, tags in (("2065550123", ["vip"]), ("2065550124", [])):
        await ada.post("/api/contacts", json={"phone": number, "tags": tags})
    filter_ = {"where": "tag", "any_of": ["vip"]}
    assert (await ada.post("/api/segments/preview", json={"filter": filter_})).json()["people"] == 1
    saved = (await ada.post("/api/segments", json={"name": "VIP", "filter": filter_})).json()
    assert saved["filter"] == filter_
    path = f"/api/segments/{saved['id']}"
    await ada.patch(path, json={"filter": {"where": "not", "of": filter_}})
    people = (await ada.get(f"{path}/people")).json()
    assert (people["people"], people["preview"][0]["phone_e164"]) == (1, "+12065550124")
    listed = (await ada.get("/api/contacts", params={"segment": saved["id"]})).json()["items"]
    assert [one["phone_e164"] for one in listed] == ["+12065550124"]
    assert (await ada.post("/api/segments", json={"name": "x", "filter": {"where": "sql"}})).status_code == 422
    assert (await ada.delete(path)).status_code == 204


async def test_strangers_see_no_file_and_no_segment(house: House) -> None:
    ada, mallory = await house.as_person(ADA), await house.as_person(MALLORY)
    uploaded = (await send(ada, FILE)).json()
    for method, path in (("GET", ""), ("GET", "/errors.csv"), ("POST", "/cancel"), ("POST", "/resume")):
        answer = await mallory.request(method, f"/api/imports/{uploaded['id']}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "contacts.import_not_found")
    assert (await mallory.get("/api/imports")).json()["items"] == []


async def test_only_who_may_export_takes_everybody_along(house: House) -> None:
    ben = await house.as_person(BEN)
    assert (await ben.get("/api/contacts")).status_code == 200
    refused = await ben.post("/api/contacts/export")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope_missing")
    program = await house.as_program(Scope.CONTACTS_EXPORT, tenant_id=house.ada.id)
    assert (await program.post("/api/contacts/export")).status_code == 200
