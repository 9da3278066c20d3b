"""The pages of people over real HTTP: who may do what, what is found, and what is told of a file that does not fit."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import httpx2

from frontdesk.features.contacts.jobs import forget_old_rows
from tests.support.backroom import work
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.support.marketing import add_people, phones
from tests.support.office import ADAS_NUMBER, CAROL

FILE = "Number,First name,Town\n206 555 0123,Carol,Seattle\n12,Dan,Kent\n"


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages, and repeats no token but a form's."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


async def form_token(client: httpx2.AsyncClient) -> str:
    """Take the token that a page's forms repeat out of the client's headers."""
    return client.headers.pop("X-CSRF-Token")


async def upload(house: House, client: httpx2.AsyncClient, content: str = FILE, **fields: str) -> httpx2.Response:
    """Send the form with a file."""
    return await client.post(
        f"/businesses/{house.ada.id}/people/imports", files={"file": ("people.csv", content)}, data=fields
    )


async def test_people_are_found_by_words_and_listed_page_by_page(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(60))
    ben = await visitor(house, BEN)
    first = await ben.get(f"/businesses/{house.ada.id}/people")
    assert first.text.count("<tr>") == 1 + 50
    links = re.findall(r'class="row-link" href="([^"]+)"', first.text)
    assert len(links) == 50
    assert (await ben.get(links[0])).status_code == 200
    assert "Count</a> people" in first.text
    counted = await ben.get(f"/businesses/{house.ada.id}/people/count")
    assert counted.text == "60"
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward is not None
    second = await ben.get(onward[1].replace("&amp;", "&"))
    assert second.text.count("<tr>") == 1 + 10
    assert 'rel="next"' not in second.text
    found = await ben.get(f"/businesses/{house.ada.id}/people", params={"q": "5551007"})
    assert "1 person found" in found.text
    assert "(206) 555-1007" in found.text


async def test_an_auditor_looks_and_cannot_import(house: House) -> None:
    olive = await visitor(house, OLIVE)
    page = await olive.get(f"/businesses/{house.ada.id}/people")
    assert page.status_code == 200
    assert "Import people" not in page.text
    refused = await upload(house, olive)
    assert refused.status_code == 403
    assert "contacts:write" in refused.text


async def test_an_upload_needs_the_token_of_its_page(house: House) -> None:
    ben = await visitor(house, BEN)
    token = await form_token(ben)
    assert (await upload(house, ben)).status_code == 403
    assert (await upload(house, ben, csrf=token)).status_code == 303


async def test_a_file_without_numbers_is_told_about_in_the_dialog(house: House) -> None:
    ben = await visitor(house, BEN)
    refused = await upload(house, ben, "First,Last\nCarol,Jones\n")
    assert refused.status_code == 422
    assert "No column holds telephone numbers" in refused.text
    assert '<dialog id="import-dialog" aria-labelledby="import-title" open>' in refused.text
    helped = await upload(house, ben, "First,Last\n+12065550123,Jones\n", phone_column="First")
    assert helped.status_code == 303
    assert (await ben.post(f"/businesses/{house.ada.id}/people/imports", data={"csrf": "x"})).status_code == 422


async def test_a_file_larger_than_other_bodies_may_be_is_taken(house: House) -> None:
    ben = await visitor(house, BEN)
    rows = "".join(f"+1206555{number:04},{'x' * 100}\n" for number in range(10_000))
    assert len(rows) > house.parts.settings.web.max_body_bytes
    assert (await upload(house, ben, "phone,note\n" + rows)).status_code == 303


async def test_a_file_is_checked_corrected_and_taken_in(house: House) -> None:
    ben = await visitor(house, BEN)
    sent = await upload(house, ben, tags="autumn")
    page = sent.headers["location"]
    assert "Looking, nothing is written yet" in (await ben.get(page)).text
    await work(house)
    checked = await ben.get(page)
    assert "Import 1 row" in checked.text
    assert "Add the missing digits or the area code." in checked.text
    report = await ben.get(f"{page}/errors.csv")
    assert '"12","Dan","Kent"' in report.text
    twice = await ben.post(f"{page}/check", data={"column_0": "phone", "column_1": "name", "column_2": "name"})
    assert twice.status_code == 422
    assert "Two columns are said to hold the name; keep one." in twice.text
    again = await ben.post(
        f"{page}/check",
        data={"column_0": "phone", "column_1": "name", "column_2": "field.town", "tags": "vip, winter"},
    )
    assert again.status_code == 303
    await work(house)
    assert "Own field “town”" in (await ben.get(page)).text
    assert (await ben.post(f"{page}/start")).status_code == 303
    await work(house)
    assert "What happened" in (await ben.get(page)).text
    late = await ben.post(f"{page}/start")
    assert late.status_code == 409
    assert "The import is completed; it cannot be started." in late.text
    people = await ben.get(f"/businesses/{house.ada.id}/people", params={"tag": "winter"})
    assert "1 person found" in people.text


async def test_a_file_that_holds_nobody_offers_nothing_to_import_and_shows_what_each_column_holds(house: House) -> None:
    ben = await visitor(house, BEN)
    for content, told in (("Phone,Boiler\nabc,gas <b>\n", "put the rows right"), ("Phone\n", "no rows below")):
        page = (await upload(house, ben, content)).headers["location"]
        await work(house)
        seen = (await ben.get(page)).text
        assert "Nobody in this file can be taken in" in seen
        assert told in seen
        assert "Import 0 rows" not in seen
        assert ("like gas &lt;b&gt;" in seen) is ("gas" in content)


async def test_what_stands_in_a_file_is_shown_and_never_run(house: House) -> None:
    ben = await visitor(house, BEN)
    sent = await upload(house, ben, 'phone,<script>alert(1)</script>,name\n+12065550123,x,"<img src=x onerror=y>"\n')
    page = (await ben.get(sent.headers["location"])).text
    await work(house)
    page += (await ben.get(sent.headers["location"])).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page


async def test_a_file_of_another_business_is_not_found(house: House) -> None:
    ben = await visitor(house, BEN)
    sent = await upload(house, ben)
    import_id = sent.headers["location"].rpartition("/")[2]
    mallory = await visitor(house, MALLORY)
    theirs = f"/businesses/{house.mallory.id}/people/imports/{import_id}"
    for answer in (
        await mallory.get(theirs),
        await mallory.get(f"{theirs}/errors.csv"),
        await mallory.post(f"{theirs}/start"),
        await mallory.post(f"{theirs}/cancel"),
        await mallory.get(sent.headers["location"]),
    ):
        assert answer.status_code == 404
    ada = await visitor(house, ADA)
    assert "Stop" in (await ada.get(sent.headers["location"])).text


async def test_people_are_exported_from_their_page_as_they_are_narrowed(house: House) -> None:
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(3))
    ada = await visitor(house, ADA)
    token = await form_token(ada)
    await upload(house, ada, "phone,name\n2065550123,Carol\n", tags="vip", csrf=token)
    await work(house)
    [line] = re.findall(r'href="(/businesses/[^"]+/imports/[^"]+)"', (await ada.get(people_of(house))).text)
    assert (await ada.post(f"{line}/start", data={"csrf": token})).status_code == 303
    await work(house)
    page = await ada.get(people_of(house))
    assert f'action="/businesses/{house.ada.id}/people/export"' in page.text
    everybody = await ada.post(f"{people_of(house)}/export", data={"csrf": token, "format": "csv"})
    assert everybody.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    assert everybody.text.count("\r\n") == 1 + 4
    some = await ada.post(f"{people_of(house)}/export", data={"csrf": token, "format": "xlsx", "tag": "vip"})
    assert some.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    with zipfile.ZipFile(io.BytesIO(some.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert (sheet.count("<row "), "+12065550123" in sheet) == (2, True)
    unknown = {"csrf": token, "format": "csv", "segment": str(house.mallory.id)}
    assert (await ada.post(f"{people_of(house)}/export", data=unknown)).status_code == 404


async def test_an_export_takes_the_right_to_it_the_token_of_the_page_and_ones_own_business(house: House) -> None:
    ada, ben, mallory = [await visitor(house, email) for email in (ADA, BEN, MALLORY)]
    async with house.parts.app.transaction(house.ada.id) as tx:
        await add_people(tx, phones(1))
    assert "/people/export" not in (await ben.get(people_of(house))).text
    assert (await ben.post(f"{people_of(house)}/export", data={"format": "csv"})).status_code == 403
    assert (await mallory.post(f"{people_of(house)}/export", data={"format": "csv"})).status_code == 404
    token = await form_token(ada)
    assert (await ada.post(f"{people_of(house)}/export", data={"format": "csv"})).status_code == 403
    assert (await ada.post(f"{people_of(house)}/export", data={"csrf": token, "format": "csv"})).status_code == 200


async def test_an_import_is_undone_from_its_page(house: House) -> None:
    ben, olive = await visitor(house, BEN), await visitor(house, OLIVE)
    page = (await upload(house, ben)).headers["location"]
    await work(house)
    assert "Undo this import" not in (await ben.get(page)).text, "nothing is written yet"
    await ben.post(f"{page}/start")
    await work(house)
    assert "Undo this import" in (await ben.get(page)).text
    assert "Undo this import" not in (await olive.get(page)).text
    assert (await olive.post(f"{page}/undo")).status_code == 403
    assert (await ben.post(f"{page}/undo")).status_code == 303
    assert "Undoing" in (await ben.get(page)).text
    await work(house)
    undone = (await ben.get(page)).text
    assert "Put back as they were" in undone
    assert "Undo this import" not in undone
    assert "0 people" in (await ben.get(people_of(house))).text
    late = await ben.post(f"{page}/undo")
    assert late.status_code == 409
    assert "The import is undone already" in late.text


async def test_whom_an_undoing_left_is_named_with_the_reason(house: House) -> None:
    ben = await visitor(house, BEN)
    page = (await upload(house, ben)).headers["location"]
    await work(house)
    await ben.post(f"{page}/start")
    await work(house)
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Hi!")
    await ben.post(f"{page}/undo")
    await work(house)
    undone = (await ben.get(page)).text
    assert "(206) 555-0123" in undone
    assert "There are calls, texts or a campaign with this person by now." in undone
    listed = (await ben.get(f"/api/imports/{page.rpartition('/')[2]}/undo/left")).json()["items"]
    assert [(one["phone_e164"], one["reason"]) for one in listed] == [(CAROL, "in_use")]


async def test_a_report_that_was_forgotten_says_so(house: House) -> None:
    ben = await visitor(house, BEN)
    page = (await upload(house, ben)).headers["location"]
    await work(house)
    async with house.parts.app.transaction(house.ada.id) as tx:
        later = tx.now + timedelta(days=1)
    await forget_old_rows(house.parts.app, house.ada.id, before=later)
    gone = await ben.get(f"/api/imports/{page.rpartition('/')[2]}/errors.csv", headers={"Accept": "application/json"})
    assert (gone.status_code, gone.json()["code"]) == (410, "contacts.import_rows_gone")
    assert "The rows to put right were deleted on" in (await ben.get(page)).text


def people_of(house: House) -> str:
    """Tell where Ada's people are."""
    return f"/businesses/{house.ada.id}/people"
