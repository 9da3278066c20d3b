"""A person's page over real HTTP: who they are, whether they may be texted and how it came to that, and changes."""

from __future__ import annotations

from uuid import UUID, uuid4

from frontdesk.features import conversations
from tests.support.house import ADA, BEN, MALLORY, OLIVE, House
from tests.web.test_inbox_pages import visitor, writes


async def carol(house: House) -> tuple[UUID, str]:
    """Let Carol write; give her id and the address of her page."""
    thread = await writes(house, "hello")
    async with house.parts.app.transaction(house.ada.id) as tx:
        found = await conversations.get_thread(tx, conversation_id=thread)
    return found.contact_id, f"/businesses/{house.ada.id}/people/{found.contact_id}"


async def test_name_and_tags_are_changed_and_shown(house: House) -> None:
    _, page = await carol(house)
    ben = await visitor(house, BEN)
    assert (
        await ben.post(f"{page}/details", data={"name": "Carol Jones", "email": "c@example.com"})
    ).status_code == 303
    assert (await ben.post(f"{page}/tags", data={"add": "VIP, regular"})).status_code == 303
    shown = (await ben.get(page)).text
    assert "<h1>Carol Jones</h1>" in shown
    assert '<span class="chip">vip</span>' in shown
    await ben.post(f"{page}/tags", data={"remove": "vip"})
    assert '<span class="chip">vip</span>' not in (await ben.get(page)).text
    wrong = await ben.post(f"{page}/details", data={"name": "Carol", "email": "no address"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text


async def test_whom_the_business_lists_is_not_texted_and_may_be_allowed_again(house: House) -> None:
    _, page = await carol(house)
    ben = await visitor(house, BEN)
    assert "May we text?" in (await ben.get(page)).text
    assert (await ben.post(f"{page}/do-not-contact", data={"reason": "asked on the phone"})).status_code == 303
    listed = (await ben.get(page)).text
    assert "Put on the do-not-contact list" in listed
    assert "asked on the phone" in listed
    assert "Allow again" in listed
    assert (await ben.post(f"{page}/allow", data={"reason": "a mistake"})).status_code == 303
    assert "Taken off the do-not-contact list" in (await ben.get(page)).text


async def test_a_persons_own_stop_is_not_lifted_by_hand(house: House) -> None:
    _, page = await carol(house)
    await writes(house, "STOP")
    ben = await visitor(house, BEN)
    shown = (await ben.get(page)).text
    assert "only their own START lifts it" in shown
    assert "Allow again" not in shown
    refused = await ben.post(f"{page}/allow", data={"reason": "please"})
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text


async def test_an_auditor_reads_and_another_business_finds_nobody(house: House) -> None:
    contact_id, page = await carol(house)
    olive, mallory = await visitor(house, OLIVE), await visitor(house, MALLORY)
    shown = (await olive.get(page)).text
    for absent in ("/details", "/tags", "do-not-contact"):
        assert f'action="{page}{absent}"' not in shown
    for path in ("details", "tags", "do-not-contact", "allow"):
        assert (await olive.post(f"{page}/{path}", data={"name": "x"})).status_code == 403
    own = f"/businesses/{house.mallory.id}/people/{contact_id}"
    assert (await mallory.get(page)).status_code == 404
    assert (await mallory.get(own)).status_code == 404
    assert (await mallory.post(f"{own}/details", data={"name": "x"})).status_code == 404
    ada = await visitor(house, ADA)
    assert (await ada.get(f"/businesses/{house.ada.id}/people/{uuid4()}")).status_code == 404
