"""The inbox over real HTTP: views, one thread with all that happened, what may be done in it, and words looked up."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2

from frontdesk.features import conversations
from frontdesk.kernel.ids import new_id
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER, CAROL, MALLORYS_NUMBER

DAN = "+12065550124"
OFF = "Search by meaning is switched off."
NOTHING = {"words": [], "people": [], "meaning": {"texts": [], "because": OFF, "reading": False}}


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


async def writes(house: House, body: str, *, sender: str = CAROL, to: str = ADAS_NUMBER) -> UUID:
    """Let somebody write, and give the id of their thread."""
    await house.twin.send_text(customer=sender, to=to, body=body)
    await house.twin.wait_until_idle()
    await house.settle()
    tenant = house.ada if to == ADAS_NUMBER else house.mallory
    async with house.parts.app.transaction(tenant.id) as tx:
        return (await conversations.list_threads(tx))[0].id


def inbox_of(house: House, rest: str = "") -> str:
    """Write an address in Ada's inbox."""
    return f"/businesses/{house.ada.id}/inbox{rest}"


async def member(house: House, email: str) -> str:
    """Find the id of somebody who works for Ada's business."""
    ada = await house.as_person(ADA)
    found = (await ada.get("/api/members")).json()["items"]
    return str(next(one["user_id"] for one in found if one["email"] == email))


async def test_a_thread_shows_calls_texts_notes_and_who_took_it_in_one_timeline(house: House) -> None:
    await house.missed_call(CAROL)
    thread = await writes(house, "Is tomorrow at 3 possible?")
    ben = await visitor(house, BEN)
    await ben.post(inbox_of(house, f"/{thread}/note"), data={"body": "likes mornings"})
    await ben.post(inbox_of(house, f"/{thread}/act"), data={"act": "assign", "to": "me"})
    page = (await ben.get(inbox_of(house, f"/{thread}"))).text
    for words in (
        "Missed call",
        "Is tomorrow at 3 possible?",
        "likes mornings",
        "Ben took this",
        "sorry we missed you",
    ):
        assert words in page, words
    assert page.index("Missed call") < page.index("likes mornings") < page.index("Ben took this")
    assert 'class="message noted"' in page


async def test_views_hold_what_they_say_and_count_it(house: House) -> None:
    carols = await writes(house, "hello")
    dans = await writes(house, "good morning", sender=DAN)
    ada, ben = await visitor(house, ADA), await visitor(house, BEN)
    await ada.post(inbox_of(house, f"/{carols}/act"), data={"act": "assign", "to": await member(house, BEN)})

    async def lists(client: httpx2.AsyncClient, view: str) -> set[str]:
        page = await client.get(inbox_of(house), params={"view": view})
        return set(re.findall(r'data-line="([^"]+)"', page.text))

    assert await lists(ben, "open") == {str(carols), str(dans)}
    assert await lists(ben, "mine") == {str(carols)}
    assert await lists(ada, "mine") == set()
    assert await lists(ada, "unassigned") == {str(dans)}
    assert await lists(ben, "unread") == {str(carols), str(dans)}
    await ben.get(inbox_of(house, f"/{dans}"))
    assert await lists(ben, "unread") == {str(carols)}
    await ben.post(inbox_of(house, f"/{dans}/act"), data={"act": "unread"})
    assert await lists(ben, "unread") == {str(carols), str(dans)}
    await ada.post(inbox_of(house, f"/{dans}/act"), data={"act": "done"})
    assert await lists(ada, "done") == {str(dans)}
    assert await lists(ada, "open") == {str(carols)}
    assert 'data-view="open">Open <span class="tab-count">1</span>' in (await ada.get(inbox_of(house))).text


async def test_a_reply_leaves_once_however_often_it_is_sent(house: House) -> None:
    thread = await writes(house, "hello")
    ben = await visitor(house, BEN)
    key = str(uuid4())
    for _ in range(3):
        sent = await ben.post(inbox_of(house, f"/{thread}/reply"), data={"body": "Yes, come at 3.", "key": key})
        assert sent.status_code == 303, sent.text
    await house.settle()
    texts = [text for text in await house.twin.messages() if text.to == CAROL and text.body == "Yes, come at 3."]
    assert len(texts) == 1


async def test_somebody_who_did_not_see_a_colleagues_answer_is_told_before_theirs_leaves(house: House) -> None:
    thread = await writes(house, "hello")
    ada, ben = await visitor(house, ADA), await visitor(house, BEN)
    page = (await ben.get(inbox_of(house, f"/{thread}"))).text
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    assert seen is not None
    await ada.post(inbox_of(house, f"/{thread}/reply"), data={"body": "Ada here", "key": str(uuid4())})
    late = {"body": "Ben here", "key": str(uuid4()), "seen": seen[1]}
    held = await ben.post(inbox_of(house, f"/{thread}/reply"), data=late)
    assert held.status_code == 409
    assert "Ada answered meanwhile" in held.text
    assert "Ben here</textarea>" in held.text
    anyway = await ben.post(inbox_of(house, f"/{thread}/reply"), data={**late, "anyway": "1"})
    assert anyway.status_code == 303


async def test_who_opted_out_cannot_be_written_to_and_the_page_says_why(house: House) -> None:
    await writes(house, "hello")
    thread = await writes(house, "STOP")
    ben = await visitor(house, BEN)
    page = (await ben.get(inbox_of(house, f"/{thread}"))).text
    assert "has opted out. Nothing is sent until they text START." in page
    assert "data-reply" not in page
    assert "Stopped by (206) 555-0123: no texts until they text START" in page
    assert "data-note" in page


async def test_threads_rest_on_the_businesss_clock_and_never_in_the_past(house: House) -> None:
    thread = await writes(house, "hello")
    ben = await visitor(house, BEN)
    rested = await ben.post(inbox_of(house, f"/{thread}/act"), data={"act": "snooze", "until": "morning"})
    assert rested.status_code == 303
    page = (await ben.get(inbox_of(house), params={"view": "snoozed"})).text
    assert re.search(r"until \w+ \d+ \w+ 08:00", page)
    for wrong in ("2001-01-01T10:00", "2999-01-01T10:00", "whenever", ""):
        refused = await ben.post(inbox_of(house, f"/{thread}/act"), data={"act": "snooze", "until": wrong})
        assert refused.status_code == 422, wrong
        assert 'role="alert"' in refused.text


async def test_several_threads_are_settled_at_once_and_nobody_elses_among_them(house: House) -> None:
    first, second = await writes(house, "one"), await writes(house, "two", sender=DAN)
    foreign = await writes(house, "three", to=MALLORYS_NUMBER)
    ben = await visitor(house, BEN)
    both = await ben.post(inbox_of(house, "/bulk"), data={"act": "done", "thread": [str(first), str(second)]})
    assert both.status_code == 303
    assert "All answered" in (await ben.get(inbox_of(house))).text
    mixed = await ben.post(inbox_of(house, "/bulk"), data={"act": "open", "thread": [str(first), str(foreign)]})
    assert mixed.status_code == 404
    assert "All answered" in (await ben.get(inbox_of(house))).text


async def test_an_auditor_reads_and_changes_nothing(house: House) -> None:
    thread = await writes(house, "hello")
    olive = await visitor(house, OLIVE)
    page = await olive.get(inbox_of(house, f"/{thread}"))
    assert page.status_code == 200
    assert "You may read here, not write." in page.text
    for absent in ("data-reply", "data-note", "data-act", 'id="bulk"', "assign-dialog"):
        assert absent not in page.text, absent
    for path in (f"/{thread}/reply", f"/{thread}/note", f"/{thread}/act", "/bulk"):
        assert (await olive.post(inbox_of(house, path), data={"body": "x", "act": "done"})).status_code == 403


async def test_another_business_finds_nothing_of_it(house: House) -> None:
    thread = await writes(house, "a leaking boiler")
    mallory = await visitor(house, MALLORY)
    own = f"/businesses/{house.mallory.id}/inbox"
    assert (await mallory.get(inbox_of(house))).status_code == 404
    assert (await mallory.get(f"{own}/{thread}")).status_code == 404
    assert (await mallory.post(f"{own}/{thread}/reply", data={"body": "x"})).status_code == 404
    assert (await mallory.post(f"{own}/{thread}/act", data={"act": "done"})).status_code == 404
    assert "Nothing found" in (await mallory.get(own, params={"q": "boiler"})).text
    assert (await mallory.get("/api/search", params={"q": "boiler"})).json() == NOTHING


async def test_a_form_without_its_token_changes_nothing(house: House) -> None:
    thread = await writes(house, "hello")
    ben = await visitor(house, BEN)
    token = ben.headers.pop("X-CSRF-Token")
    assert (await ben.post(inbox_of(house, f"/{thread}/note"), data={"body": "x"})).status_code == 403
    assert (await ben.post(inbox_of(house, f"/{thread}/note"), data={"body": "x", "csrf": token})).status_code == 303


async def test_what_people_write_is_shown_and_never_run(house: House) -> None:
    evil = "<script>alert(1)</script> boiler <img src=x onerror=y>"
    thread = await writes(house, evil)
    ben = await visitor(house, BEN)
    await ben.post(inbox_of(house, f"/{thread}/note"), data={"body": evil})
    async with house.parts.app.transaction(house.ada.id) as tx:
        line = await conversations.get_thread(tx, conversation_id=thread)
    await ben.post(f"/businesses/{house.ada.id}/people/{line.contact_id}/details", data={"name": "<b>Eve</b>"})
    for path, asked in ((f"/{thread}", {}), ("", {}), ("", {"q": "boiler"})):
        page = (await ben.get(inbox_of(house, path), params=asked)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>Eve" not in page
        assert "&lt;b&gt;Eve" in page


async def test_words_are_found_in_both_languages_in_notes_and_marked(house: House) -> None:
    await writes(house, "My boilers are leaking again")
    thread = await writes(house, "Necesito una cita para mañana, tengo dos calderas rotas", sender=DAN)
    ben = await visitor(house, BEN)
    await ben.post(inbox_of(house, f"/{thread}/note"), data={"body": "speaks Spanish, boiler from 1999"})
    english = (await ben.get(inbox_of(house), params={"q": "boiler leak"})).text
    assert "<mark>boilers</mark>" in english
    assert "speaks Spanish" not in english
    assert "speaks Spanish" in (await ben.get(inbox_of(house), params={"q": "boiler"})).text
    spanish = (await ben.get(inbox_of(house), params={"q": "caldera"})).text
    assert "<mark>calderas</mark>" in spanish
    by_number = (await ben.get(inbox_of(house), params={"q": "555-0124"})).text
    assert "(206) 555-0124" in by_number
    assert "Nothing found" in (await ben.get(inbox_of(house), params={"q": "zebra"})).text


async def test_words_are_found_page_by_page_over_the_api(house: House) -> None:
    thread = await writes(house, "boiler 0")
    async with house.parts.app.transaction(house.ada.id) as tx:
        for number in range(1, 6):
            await conversations.add_note(tx, conversation_id=thread, body=f"boiler {number}", author=BEN)
    ben = await house.as_person(BEN)
    first = await ben.get("/api/search", params={"q": "boiler", "limit": "4"})
    onward = re.search(r"<([^>]+)>", first.headers["link"])
    assert onward is not None
    second = await ben.get(onward[1])
    found = [one["id"] for answer in (first, second) for one in answer.json()["words"]]
    assert len(found) == len(set(found)) == 6
    assert "link" not in second.headers
    assert (await ben.get("/api/search")).json() == NOTHING


async def test_what_was_erased_is_found_no_more(house: House) -> None:
    await writes(house, "my boiler")
    ben = await visitor(house, BEN)
    async with house.parts.app.transaction(house.ada.id) as tx:
        await conversations.forget_old_messages(tx, before=tx.now + timedelta(days=1), limit=100)
    assert "Nothing found" in (await ben.get(inbox_of(house), params={"q": "boiler"})).text


async def test_older_things_come_page_by_page_and_none_is_lost(house: House) -> None:
    thread = await writes(house, "first of all")
    async with house.parts.app.transaction(house.ada.id) as tx:
        for number in range(90):
            await conversations.add_note(tx, conversation_id=thread, body=f"note {number:03}", author=BEN)
    ben = await visitor(house, BEN)
    seen: list[str] = []
    address: str | None = inbox_of(house, f"/{thread}")
    while address is not None:
        page = (await ben.get(address)).text
        seen += re.findall(r'<p class="bubble">(note \d+|first of all)', page)
        onward = re.search(r'href="([^"]+older=[^"]+)" data-older', page)
        address = onward[1].replace("&amp;", "&") if onward else None
    assert sorted(seen) == sorted(["first of all", *(f"note {number:03}" for number in range(90))])


async def test_answers_kept_ready_are_filled_in_for_the_person(house: House) -> None:
    thread = await writes(house, "hello")
    ada, ben = await visitor(house, ADA), await visitor(house, BEN)
    kept = {"name": "greeting", "body": "Hi {{given_name|there}}, this is {{business}}."}
    assert (await ada.post(inbox_of(house, "/replies"), data=kept)).status_code == 303
    assert (await ben.post(inbox_of(house, "/replies"), data=kept)).status_code == 403
    page = (await ben.get(inbox_of(house, f"/{thread}"))).text
    assert "Hi there, this is Harbor Plumbing." in page
    chosen = re.search(r'href="([^"]+canned=[^"]+)"', page)
    assert chosen is not None
    assert "Hi there, this is Harbor Plumbing.</textarea>" in (await ben.get(chosen[1])).text
    wrong = await ada.post(inbox_of(house, "/replies"), data={"name": "", "body": "x"})
    assert wrong.status_code == 422
    assert "Keep" in wrong.text
    dropped = re.search(r'action="([^"]+/drop)"', (await ada.get(inbox_of(house, "/replies"))).text)
    assert dropped is not None
    assert (await ada.post(dropped[1])).status_code == 303
    assert "No answers yet" in (await ada.get(inbox_of(house, "/replies"))).text


async def test_why_a_text_was_not_sent_stands_under_it(house: House) -> None:
    thread = await writes(house, "hello")
    ben = await visitor(house, BEN)
    ada = await house.as_person(ADA)
    paused = await ada.post(f"/api/tenants/{house.ada.id}/pause", json={"reason": "testing"})
    assert paused.status_code == 200, paused.text
    await ben.post(inbox_of(house, f"/{thread}/reply"), data={"body": "Yes", "key": str(uuid4())})
    await house.settle()
    page = (await ben.get(inbox_of(house, f"/{thread}"))).text
    assert "Waiting: sending is paused" in page


async def test_what_is_asked_wrongly_is_refused_in_words(house: House) -> None:
    thread = await writes(house, "hello")
    ben = await visitor(house, BEN)
    for data in ({"act": "burn"}, {"act": "assign", "to": "x"}, {"act": "assign", "to": str(new_id())}):
        refused = await ben.post(inbox_of(house, f"/{thread}/act"), data=data)
        assert refused.status_code == 422, data
    assert (await ben.post(inbox_of(house, f"/{thread}/reply"), data={"body": "   "})).status_code == 422
    assert (await ben.post(inbox_of(house, f"/{thread}/note"), data={"body": ""})).status_code == 422
    assert (await ben.get(inbox_of(house, f"/{uuid4()}"))).status_code == 404
    assert (await ben.get(inbox_of(house), params={"view": "mess"})).status_code == 422


async def test_the_stream_names_touched_threads_and_goes_on_from_a_cursor(house: House) -> None:
    thread = await writes(house, "hello")
    ben, ada = await visitor(house, BEN), await visitor(house, ADA)

    async def first_news(after: str) -> tuple[str, list[str]]:
        async with ben.stream("GET", inbox_of(house, "/stream"), params={"after": after}) as stream:
            cursor = ""
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    cursor = line.removeprefix("id: ")
                if line.startswith("data: ") and cursor:
                    named = json.loads(line.removeprefix("data: "))
                    if named:
                        return cursor, named
        raise AssertionError("the stream ended")

    async with house.parts.app.transaction(house.ada.id) as tx:
        start = f"{tx.now.isoformat()}_{UUID(int=0)}"
    cursor, named = await first_news(start)
    assert named == [str(thread)]
    other = await writes(house, "good morning", sender=DAN)
    await ada.post(inbox_of(house, f"/{other}/note"), data={"body": "missed while away"})
    _, later = await first_news(cursor)
    assert str(other) in later


async def test_a_thread_is_unread_again_over_the_api(house: House) -> None:
    thread = await writes(house, "hello")
    ben = await house.as_person(BEN)
    await ben.post(f"/api/conversations/{thread}/read")
    assert (await ben.get("/api/conversations")).json()[0]["unread"] == 0
    assert (await ben.post(f"/api/conversations/{thread}/unread")).status_code == 204
    assert (await ben.get("/api/conversations")).json()[0]["unread"] == 1
