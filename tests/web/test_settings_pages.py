"""The pages of settings, team and many businesses over real HTTP: who may do what, and what is told beside a field."""

from __future__ import annotations

import json
from uuid import UUID

import httpx2
import pytest

from frontdesk.features import tenants
from frontdesk.kernel import auth
from frontdesk.kernel.auth import Role
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, ADMIN, BEN, MALLORY, OLIVE, House

CALLS = {"forwarding_e164": "(206) 555-0177", "ring_seconds": "25", "recording_announcement": "This call is recorded."}
TEXTS = {
    "textback_enabled": "yes",
    "textback_open_template": "{{business}}: hi. Reply STOP to opt out.",
    "textback_closed_template": "{{business}}: closed. Reply STOP to opt out.",
    "textback_cooldown_seconds": "15",
}


async def visitor(house: House, email: str) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


async def kept(house: House) -> tenants.Tenant:
    """Read what is kept of Ada's business."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        return await tenants.get_tenant(tx)


def settings(house: House, section: str = "") -> str:
    """Name a form of the settings of Ada's business."""
    return f"/businesses/{house.ada.id}/settings{section and '/'}{section}"


async def user_id(house: House, email: str) -> UUID:
    """Tell who somebody is."""
    async with house.parts.system.transaction() as tx:
        found = await auth.find_user(tx, email=email)
    assert found is not None
    return found.id


async def test_each_section_is_saved_alone_and_written_down(house: House) -> None:
    ada = await visitor(house, ADA)
    saved = await ada.post(settings(house, "calls"), data=CALLS)
    assert saved.headers["location"].endswith("/settings?saved=calls#calls")
    assert "Saved" in (await ada.get(saved.headers["location"].partition("#")[0])).text
    after = await kept(house)
    assert (after.forwarding_e164, after.ring_seconds, after.voicemail_enabled) == ("+12065550177", 25, False)
    assert after.textback_open_template == house.ada.textback_open_template
    ada.headers["Accept"] = "application/json"
    [entry] = [one for one in (await ada.get("/api/audit-log")).json() if one["action"] == "tenants.updated"]
    assert sorted(entry["details"]["fields"]) == [
        "forwarding_e164", "recording_announcement", "ring_seconds", "voicemail_enabled"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("section", "form", "words"),
    [
        ("calls", CALLS | {"ring_seconds": "4"}, "Write 5 to 60 seconds."),
        ("calls", CALLS | {"forwarding_e164": "12"}, "field-wrong"),
        ("calls", CALLS | {"recording_announcement": " "}, "Write what callers hear"),
        ("about", {"name": "", "country": "US"}, "Write the name that your customers know"),
        ("about", {"name": "x", "country": "US", "state": "T3XAS"}, "two or three letters"),
        ("about", {"name": "x", "country": "US", "website": "javascript:alert(1)"}, "Write it like https://"),
        ("texts", TEXTS | {"textback_open_template": "Hi."}, "Must change"),
        ("texts", TEXTS | {"textback_cooldown_seconds": "1441"}, "Write 0 to 1,440 minutes."),
        (
            "limits",
            {"quiet_from": "9pm", "quiet_until": "09:00", "marketing_daily_cap": "1"},
            "Write a time like 21:00",
        ),
        ("replies", {"person_within_minutes": "0"}, "Write 1 to 1,440 minutes."),
        ("hours", {"timezone": "Mars/Olympus"}, "Choose where the business is."),
        ("hours", {"timezone": "America/New_York", "mon_open": "yes"}, "Say when it opens and when it closes."),
    ],
)
async def test_what_cannot_be_kept_is_told_beside_its_field_and_changes_nothing(
    house: House, section: str, form: dict[str, str], words: str
) -> None:
    ada = await visitor(house, ADA)
    before = await kept(house)
    answer = await ada.post(settings(house, section), data=form)
    assert answer.status_code == 422, answer.text
    assert words in answer.text
    assert await kept(house) == before


async def test_what_was_typed_stands_there_still_and_is_no_markup(house: House) -> None:
    ada = await visitor(house, ADA)
    form = {"name": "<script>alert(1)</script>", "country": "US", "website": "nowhere"}
    answer = await ada.post(settings(house, "about"), data=form)
    assert answer.status_code == 422
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    assert (await ada.post(settings(house, "about"), data=form | {"website": ""})).status_code == 303
    page = await ada.get(settings(house))
    assert "<script>alert" not in page.text


async def test_holidays_and_a_night_through_are_kept_and_shown_again(house: House) -> None:
    ada = await visitor(house, ADA)
    form = {
        "timezone": "America/New_York",
        "fri_open": "yes", "fri_opens": "20:00", "fri_closes": "04:00",
        "sun_open": "yes", "sun_opens": "00:00", "sun_closes": "00:00",
        "special_0_first": "2026-12-25", "special_0_last": "2026-12-26", "special_0_name": "Christmas",
        "special_1_first": "2026-12-31", "special_1_opens": "09:00", "special_1_closes": "12:00",
        "special_2_first": "",
    }  # fmt: skip
    assert (await ada.post(settings(house, "hours"), data=form)).status_code == 303
    document = json.loads((await kept(house)).hours)
    assert document["weekly"]["fri"] == [["20:00", "04:00"]]
    assert document["weekly"]["sun"] == [["00:00", "24:00"]]
    assert [one["last"] for one in document["special"]] == ["2026-12-26", "2026-12-31"]
    assert 'value="Christmas"' in (await ada.get(settings(house))).text
    wrong = await ada.post(settings(house, "hours"), data=form | {"special_0_last": "2026-12-24"})
    assert "It ends before it begins." in wrong.text


async def test_who_may_only_look_sees_no_button_and_changes_nothing(house: House) -> None:
    for email in (OLIVE, BEN):
        looker = await visitor(house, email)
        page = await looker.get(settings(house))
        assert page.status_code == 200
        assert "You may look; its owner changes these." in page.text
        assert "Save" not in page.text
        assert (await looker.post(settings(house, "calls"), data=CALLS)).status_code == 403
    mallory = await visitor(house, MALLORY)
    assert (await mallory.get(settings(house))).status_code == 404
    assert (await mallory.post(settings(house, "calls"), data=CALLS)).status_code == 404
    ada = await visitor(house, ADA)
    del ada.headers["X-CSRF-Token"]
    assert (await ada.post(settings(house, "calls"), data=CALLS | {"csrf": "x"})).status_code == 403


async def test_roles_are_changed_and_people_removed_but_never_the_last_owner(house: House) -> None:
    ada = await visitor(house, ADA)
    ben, own = await user_id(house, BEN), await user_id(house, ADA)
    assert (await ada.post(settings(house, f"team/{ben}"), data={"role": "manager"})).status_code == 303
    page = await ada.get(settings(house, "team"))
    assert "may do everything but change the settings" in page.text
    assert (await ada.post(settings(house, f"team/{ben}/remove"))).status_code == 303
    last = await ada.post(settings(house, f"team/{own}/remove"))
    assert last.status_code == 409
    assert "A business keeps at least one owner" in last.text
    less = await ada.post(settings(house, f"team/{own}"), data={"role": "agent"})
    assert less.status_code == 409
    gone = await house.client().get("/api/auth/me")
    assert gone.status_code == 401
    assert (await ada.post(settings(house, f"team/{ben}/remove"))).status_code == 404


async def test_nobody_takes_a_role_that_may_do_more_than_theirs_from_the_page(house: House) -> None:
    async with house.parts.system.transaction(house.ada.id) as tx:
        await auth.put_member(tx, user_id=await user_id(house, BEN), role=Role.MANAGER, actor=TEST_ACTS)
    ben = await visitor(house, BEN)
    page = await ben.get(settings(house, "team"))
    assert 'value="owner"' not in page.text
    own = await user_id(house, ADA)
    assert (await ben.post(settings(house, f"team/{own}"), data={"role": "agent"})).status_code == 403
    above = await ben.post(settings(house, "team/invitations"), data={"email": "x@example.com", "role": "owner"})
    assert above.status_code == 403


async def test_an_invitation_is_made_and_taken_back_on_the_page(house: House) -> None:
    ada = await visitor(house, ADA)
    wrong = await ada.post(settings(house, "team/invitations"), data={"email": "nobody", "role": "agent"})
    assert wrong.status_code == 422
    assert "This is not an e-mail address." in wrong.text
    made = await ada.post(settings(house, "team/invitations"), data={"email": "dana@example.com", "role": "agent"})
    assert "/join/" in made.text
    assert made.headers["cache-control"] == "no-store"
    page = await ada.get(settings(house, "team"))
    assert "dana@example.com" in page.text
    assert "/join/" not in page.text, "the link is shown once"
    [waiting] = (await ada.get("/api/invitations")).json()
    taken = await ada.post(settings(house, f"team/invitations/{waiting['id']}/revoke"))
    assert taken.status_code == 303
    assert (await ada.get("/api/invitations")).json() == []
    olive = await visitor(house, OLIVE)
    assert "Invite" not in (await olive.get(settings(house, "team"))).text


async def test_many_businesses_are_counted_on_their_own_day_and_nobody_elses_is_shown(house: House) -> None:
    await house.missed_call()
    await house.parts.courier.idle()
    admin = await house.as_person(ADMIN)
    harbor, mesa = (await admin.get("/api/agency")).json()
    assert (harbor["name"], harbor["calls"], harbor["missed"], harbor["texted"]) == ("Harbor Plumbing", 1, 1, 1)
    assert (mesa["name"], mesa["calls"], mesa["numbers"]) == ("Mesa Dental", 0, 1)
    onward = await admin.get("/api/agency", params={"after": harbor["tenant_id"]})
    assert [one["name"] for one in onward.json()] == ["Mesa Dental"]
    assert (await admin.get("/api/agency", params={"after": str(UUID(int=7))})).status_code == 404
    mallory = await house.as_person(MALLORY)
    assert [one["name"] for one in (await mallory.get("/api/agency")).json()] == ["Mesa Dental"]
    page = await (await visitor(house, MALLORY)).get("/agency")
    assert "Harbor Plumbing" not in page.text
    assert "Add a business" not in page.text


async def test_one_of_many_is_paused_from_there_and_only_ones_own(house: House) -> None:
    ben = await visitor(house, BEN)
    assert (await ben.post(f"/agency/{house.ada.id}/pause")).headers["location"] == "/agency"
    assert "paused" in (await ben.get("/agency")).text
    assert (await ben.post(f"/agency/{house.ada.id}/resume")).status_code == 403
    mallory = await visitor(house, MALLORY)
    assert (await mallory.post(f"/agency/{house.ada.id}/pause")).status_code == 404
    ada = await visitor(house, ADA)
    assert (await ada.post(f"/agency/{house.ada.id}/resume")).status_code == 303
    assert "all well" in (await ada.get("/agency")).text
    for by in ("name", "calls", "missed", "texted", "replies", "bookings", "spent", "state"):
        assert (await ada.get("/agency", params={"by": by})).status_code == 200
