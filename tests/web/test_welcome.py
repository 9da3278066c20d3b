"""Whoever signs up for marketing is told so by one text that says who writes, how often, and how to stop."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from frontdesk.features.conversations import service as conversations
from frontdesk.features.delivery.segments import count
from tests.support.house import ADA, House
from tests.support.office import ADAS_NUMBER, CAROL

WELCOME = (
    "Harbor Plumbing: You are signed up for our texts. Up to 4 msgs/month. "
    "Msg & data rates may apply. Reply HELP for help, STOP to opt out."
)


def form(house: House, *, hours_ago: float = 0, **changes: object) -> dict[str, object]:
    """Fill in a complete consent that was given just now."""
    return {
        "phone_e164": CAROL,
        "text_shown": "I agree to get marketing texts from Harbor Plumbing. Consent is no condition of purchase.",
        "url": "https://harbor.example/join",
        "given_at": (house.parts.clock.now() - timedelta(hours=hours_ago)).isoformat(),
        "zone": "America/Los_Angeles",
        "ip": "203.0.113.9",
        "user_agent": "Mozilla/5.0",
        "sellers": ["Harbor Plumbing"],
        "not_a_condition": True,
        "source": "web form",
        "frequency": "Up to 4 msgs/month",
        **changes,
    }


async def texts(house: House, customer: str = CAROL) -> list[str]:
    """List what the carrier took for somebody, once everything has settled."""
    await house.parts.courier.idle()
    await house.settle()
    await house.twin.wait_until_idle()
    found = [text for text in await house.twin.texts_to(customer) if text.direction != "inbound"]
    return [text.body for text in found]


async def test_who_signs_up_is_welcomed_by_one_text_however_often_the_form_is_sent(house: House) -> None:
    ada = await house.as_person(ADA)
    order = form(house)
    for _ in range(3):
        answer = await ada.post("/api/opt-ins", json=order, headers={"Idempotency-Key": "form-7"})
        assert answer.json()["permits_marketing"] is True, answer.text
    assert await texts(house) == [WELCOME]
    again = await ada.post("/api/opt-ins", json=form(house))
    assert again.status_code == 201
    assert await texts(house) == [WELCOME], "who is signed up already is not welcomed anew"
    [job] = (await ada.get("/api/send-jobs")).json()["items"]
    assert (job["message_class"], job["template"], job["status"]) == ("C2", "opt_in_welcome", "delivered")


async def test_without_a_frequency_the_text_says_that_it_varies(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.post("/api/opt-ins", json=form(house, frequency=""))
    assert await texts(house) == [WELCOME.replace("Up to 4 msgs/month", "Msg frequency varies")]


@pytest.mark.parametrize(
    ("changes", "hours_ago"),
    [({"url": ""}, 0), ({"scope": "transactional"}, 0), ({"kind": "oral"}, 0), ({"welcome": False}, 0), ({}, 25)],
    ids=["incomplete", "no marketing", "spoken", "told already", "long ago"],
)
async def test_who_does_not_sign_up_for_marketing_now_is_not_welcomed(
    house: House, changes: dict[str, object], hours_ago: float
) -> None:
    ada = await house.as_person(ADA)
    answer = await ada.post("/api/opt-ins", json=form(house, hours_ago=hours_ago, **changes))
    assert answer.status_code == 201, answer.text
    assert await texts(house) == []


async def test_who_refuses_texts_is_not_welcomed(house: House) -> None:
    ada = await house.as_person(ADA)
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="STOP")
    before = await texts(house)
    answer = await ada.post("/api/opt-ins", json=form(house))
    assert answer.json()["permits_marketing"] is True
    assert await texts(house) == before
    jobs = (await ada.get("/api/send-jobs")).json()["items"]
    assert "opt_in_welcome" not in [job["template"] for job in jobs]


async def test_who_said_stop_and_comes_back_by_start_is_welcomed_to_marketing_again(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.post("/api/opt-ins", json=form(house))
    assert await texts(house) == [WELCOME]
    for word in ("STOP", "START"):
        await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body=word)
        await house.twin.wait_until_idle()
    await ada.post("/api/opt-ins", json=form(house))
    assert (await texts(house)).count(WELCOME) == 2


async def test_whoever_was_asked_to_confirm_gets_no_further_welcome(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.post("/api/opt-ins", json=form(house, confirm=True))
    await house.twin.wait_for_text(CAROL)
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="YES")
    asked, confirmed = await texts(house)
    assert "Reply YES" in asked
    assert "You are signed up" in confirmed


async def test_a_welcome_that_is_told_of_twice_leaves_once(house: House) -> None:
    ada = await house.as_person(ADA)
    made = (await ada.post("/api/opt-ins", json=form(house))).json()["opt_in"]["id"]
    for _ in range(2):
        async with house.parts.app.transaction(house.ada.id) as tx:
            await conversations.welcome(
                tx, opt_in_id=UUID(made), phone_e164=CAROL, frequency="", lane=house.parts.courier
            )
    assert await texts(house) == [WELCOME]


async def test_a_paused_business_welcomes_after_the_resume(house: House) -> None:
    ada = await house.as_person(ADA)
    await ada.post(f"/tenants/{house.ada.id}/pause")
    await ada.post("/api/opt-ins", json=form(house))
    assert await texts(house) == []
    await ada.post(f"/tenants/{house.ada.id}/resume")
    assert await texts(house) == [WELCOME]


async def test_a_business_whose_numbers_may_not_text_gets_a_task_instead(house: House) -> None:
    ada = await house.as_person(ADA)
    async with house.parts.system.transaction(house.ada.id) as tx:
        await tx.execute("update sending_numbers set texting_allowed = false where tenant_id = $1", house.ada.id)
    await ada.post("/api/opt-ins", json=form(house))
    assert await texts(house) == []
    [task] = (await ada.get("/api/tasks")).json()
    assert task["kind"] == "opt_in_not_welcomed"


def test_the_welcome_fits_one_text() -> None:
    assert count(WELCOME).count == 1
