"""Where this program connects to is said by who runs it: no address that a tenant, a file or a text brings is fetched.

Outgoing webhooks are the one exception, with walls of their own (tests/providers/hooks/test_closed_addresses.py).
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

from frontdesk.web.app import create_app
from frontdesk.web.docs import describe_api
from tests.architecture.sources import sources
from tests.support.backroom import work
from tests.support.house import ADA, House

# Every field of a request that can hold an address, and what becomes of it.
ADDRESSES = {
    "NewEndpoint.url": "called, behind the walls of outgoing webhooks",
    "ChangedEndpoint.url": "the same",
    "NewOptIn.url": "kept as evidence",
    "TenantChange.website": "kept, and shown in texts",
    "NewServer.server_url": "connected to as a calendar server, by addresses that were judged, and to no inner one",
}
# Who opens connections, and to what.
CONNECTING = {
    "providers/http/pool.py": "to the carriers, at the addresses that the settings name",
    "providers/certificates/client.py": "to our own public address, to see how long its certificate lasts",
    "providers/hooks/client.py": "to outgoing webhooks, by the address that was judged",
    "cli/bench/console.py": "to the program that it measures, on the same machine",
    "providers/twin": "the pretend world, which calls the webhooks that it was told by its own machine",
}
OPENERS = {"open_connection", "create_connection", "ClientSession", "urlopen", "AsyncClient", "start_tls"}


class Listener:
    """Somebody inside who must never be called."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.url = ""

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Note whoever connects."""
        self.calls.append(await reader.read(1024))
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.hear, "127.0.0.1", 0)
    listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/internal"
    yield listener
    server.close()
    await server.wait_closed()


def fields(document: dict[str, object]) -> Iterator[str]:
    """List every field of a request's body that can hold an address, as Model.field."""
    components = cast("dict[str, dict[str, dict[str, object]]]", document["components"])
    for name, schema in components["schemas"].items():
        if schema.get("additionalProperties") is False:  # what we take is closed; what we tell is not
            for field in cast("dict[str, dict[str, object]]", schema.get("properties", {})):
                if field.rpartition("_")[2] in {"url", "uri", "website", "href", "link", "host", "callback"}:
                    yield f"{name}.{field}"


async def test_every_address_that_a_request_may_bring_is_known_here(house: House) -> None:
    document = describe_api(create_app(house.parts), cookie="session_id")
    assert set(fields(document)) == set(ADDRESSES)


def test_connections_are_opened_in_the_places_that_are_known_here() -> None:
    places = {source.place for source in sources() if any(f"{opener}(" in source.text for opener in OPENERS)}
    assert {place for place in places if not place.startswith(tuple(CONNECTING))} == set()
    assert {known for known in CONNECTING if not any(place.startswith(known) for place in places)} == set()


async def test_an_address_in_a_consent_a_business_or_a_person_is_kept_and_never_fetched(house: House) -> None:
    ada = await house.as_person(ADA)
    async with listening() as inside:
        told = {"phone_e164": "+12065550123", "url": inside.url, "text_shown": f"see {inside.url}"}
        assert (await ada.post("/api/opt-ins", json=told)).status_code == 201
        changed = await ada.patch(f"/api/tenants/{house.ada.id}", json={"website": inside.url})
        assert changed.status_code == 200
        person = {"phone": "+12065550123", "name": inside.url, "fields": {"url": inside.url}}
        assert (await ada.post("/api/contacts", json=person)).status_code in {201, 409}
        pack = await ada.post("/api/exports/compliance", json={"phone_e164": "+12065550123"})
        assert pack.status_code == 200
        await house.settle()
        for path in ("", "/people"):
            await ada.get(f"/businesses/{house.ada.id}{path}", follow_redirects=True)
        assert inside.calls == []


async def test_addresses_in_an_imported_file_are_words(house: House) -> None:
    ada = await house.as_person(ADA)
    async with listening() as inside:
        csv = f'phone,name,website\n+12065550123,{inside.url},"=WEBSERVICE(""{inside.url}"")"\n'
        made = await ada.post("/api/imports", files={"file": ("people.csv", csv)})
        assert made.status_code == 201, made.text
        started = await ada.post(f"/api/imports/{made.json()['id']}/start", json={"dry_run": False})
        assert started.status_code in {200, 202}, started.text
        await work(house)
        assert (await ada.get("/api/contacts")).json()["items"][0]["name"] == inside.url
        linked = await ada.post("/api/imports", files={"file": (inside.url, csv)})
        assert linked.status_code in {201, 422}
        assert inside.calls == []


async def test_a_workbook_with_outside_entities_and_links_fetches_nothing(house: House) -> None:
    ada = await house.as_person(ADA)
    async with listening() as inside:
        made = await ada.post("/api/imports", files={"file": ("people.xlsx", hostile_workbook(inside.url))})
        assert made.status_code in {201, 422}, made.text
        if made.status_code == 201:
            await ada.post(f"/api/imports/{made.json()['id']}/start", json={"dry_run": False})
            await work(house)
        people = (await ada.get("/api/contacts")).text
        assert "root:" not in people
        assert inside.calls == []


def hostile_workbook(url: str) -> bytes:
    """Make a workbook whose strings are entities from outside, with an external link and a connection beside."""
    entities = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b SYSTEM "{url}">'
        f'<!ENTITY % c SYSTEM "{url}">%c;]>'
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types'
        ' xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{relations}"><Relationship Id="r1"'
        f' Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<?xml version="1.0"?><Relationships xmlns="{relations}">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/externalLink" Target="{url}" TargetMode="External"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{entities}<worksheet xmlns="{main}"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>phone</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>name</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>+12065550123</t></is></c>'
        '<c r="B2" t="inlineStr"><is><t>&a;&b;</t></is></c></row></sheetData></worksheet>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return file.getvalue()
