"""Every operation times everybody who must not: made from the program's own routes, so that no new one escapes.

A route without a row here fails: one that says nothing of who may use it, or one whose ids nobody has filled in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from frontdesk.features import billing
from frontdesk.features.scheduling.model.calendars import CalendarCompany
from frontdesk.features.scheduling.service import calendars
from frontdesk.kernel.auth import Scope
from frontdesk.ports.calendars import Account, ExternalCalendar
from frontdesk.providers.twin import FaultKind, FaultOrder
from frontdesk.web.app import create_app
from frontdesk.web.docs import access_of, describe_api
from frontdesk.wiring.booking import APPOINTMENT, HOLD
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, ADMIN, MALLORY, OLIVE, House
from tests.support.office import ADAS_NUMBER

# Open to everybody, each for a reason: monitors look here, and nobody is logged in before the login.
OPEN = {("GET", "/health"), ("GET", "/healthz"), ("POST", "/api/auth/login"), ("GET", "/login"), ("POST", "/login")}
OPEN |= {("GET", "/pay/{token}")}  # whoever was sent a link may pay
# Whoever is on the way in: with a half-login, a passkey, or a link to a new password.
OPEN |= {
    ("GET", "/login/code"), ("POST", "/login/code"), ("POST", "/login/passkey/challenge"), ("POST", "/login/passkey"),
    ("GET", "/forgot"), ("POST", "/forgot"), ("GET", "/reset/{reset_token}"), ("POST", "/reset/{reset_token}"),
}  # fmt: skip
# Whoever is not there yet: the first person, strangers where sign-up is open, and who was sent an invitation.
OPEN |= {
    ("GET", "/welcome"), ("POST", "/welcome"), ("GET", "/welcome/confirm"), ("POST", "/welcome/confirm"),
    ("GET", "/join/{invitation_token}"), ("POST", "/join/{invitation_token}"),
}  # fmt: skip
BOOK = "/book/{business_slug}"
# Whoever wants to be served comes without a login; who has been is known by the signed link they were sent.
OPEN |= {
    ("GET", BOOK), ("GET", f"{BOOK}/widget.js"), ("GET", f"{BOOK}/s/{{service_id}}"),
    ("GET", f"{BOOK}/s/{{service_id}}/at"), ("POST", f"{BOOK}/s/{{service_id}}/at"),
    ("GET", f"{BOOK}/s/{{service_id}}/wait"), ("POST", f"{BOOK}/s/{{service_id}}/wait"),
    ("GET", f"{BOOK}/a/{{appointment_link}}"), ("GET", f"{BOOK}/a/{{appointment_link}}/appointment.ics"),
    ("GET", f"{BOOK}/a/{{appointment_link}}/move"), ("POST", f"{BOOK}/a/{{appointment_link}}/move"),
    ("POST", f"{BOOK}/a/{{appointment_link}}/cancel"),
    ("GET", f"{BOOK}/h/{{hold_link}}"), ("POST", f"{BOOK}/h/{{hold_link}}"),
}  # fmt: skip
CAROL = "+12065550123"
NOBODYS = "01890000-0000-7000-8000-000000000000"
LATER = "2099-01-01T10:00:00Z"
CAMPAIGN: dict[str, object] = {
    "name": "x",
    "audience": {"filter": {"where": "all", "of": []}},
    "variants": [{"name": "A", "body": "{{business}}: x. Reply STOP to opt out."}],
    "senders": [ADAS_NUMBER],
    "ends_at": "2099-01-01T00:00:00Z",
}
BODIES: dict[str, dict[str, object]] = {
    "/api/services": {"name": "x", "duration_minutes": 60},
    "/api/services/{service_id}": {"lead_minutes": 5},
    "/api/resources": {"name": "x"},
    "/api/resources/{resource_id}": {"capacity": 2},
    "/api/booking-page": {"open": True},
    "/api/holds": {"service_id": NOBODYS, "starts_at": LATER},
    "/api/holds/{hold_id}/deposit": {"phone_e164": CAROL},
    "/api/dialogue": {"active": True},
    "/api/appointments": {"service_id": NOBODYS, "starts_at": LATER, "phone_e164": CAROL},
    "/api/appointments/{appointment_id}": {"starts_at": LATER},
    "/api/appointments/{appointment_id}/cancel": {},
    "/api/waiting-list": {
        "service_id": NOBODYS,
        "contact_id": NOBODYS,
        "wanted_from_at": LATER,
        "wanted_until": "2099-02-01T10:00:00Z",
    },
    "/api/campaigns": CAMPAIGN,
    "/api/campaigns/{campaign_id}": CAMPAIGN,
    "/api/campaigns/{campaign_id}/clone": {"name": "y"},
    "/api/campaigns/{campaign_id}/approve": {"content_hash": "0" * 64},
    "/api/campaigns/{campaign_id}/pause": {"reason": "x"},
    "/api/budgets": {"daily_spent_cents": 0},
    "/api/tokens": {"name": "x", "scopes": ["calls:read"]},
    "/api/conversations/{conversation_id}/messages": {"body": "x"},
    "/api/conversations/{conversation_id}": {"status": "open"},
    "/api/conversations/{conversation_id}/notes": {"body": "x"},
    "/api/canned-replies": {"name": "x", "body": "x"},
    "/api/config": {"key": "emergency_stop", "value": True},
    "/api/simulate/missed-call": {"caller": CAROL},
    "/api/simulate/text": {"customer": CAROL, "body": "x"},
    "/api/tenants/{tenant_id}": {"ring_seconds": 21},
    "/api/contacts": {"phone": "+12065550177"},
    "/api/contacts/{contact_id}": {"name": "x"},
    "/api/contacts/{contact_id}/tags": {"add": ["x"]},
    "/api/imports/{import_id}/start": {"dry_run": True},
    "/api/segments": {"name": "x", "filter": {"where": "known", "what": "name"}},
    "/api/segments/preview": {"filter": {"where": "known", "what": "name"}},
    "/api/segments/{segment_id}": {"name": "y"},
    "/api/opt-ins": {"phone_e164": CAROL},
    "/api/opt-ins/{opt_in_id}/revoke": {"reason": "x"},
    "/api/dnc": {"phone_e164": CAROL, "reason": "x"},
    "/api/dnc/remove": {"phone_e164": CAROL, "reason": "x"},
    "/api/dnc/check": {"phone_e164": CAROL},
    "/api/dnc/global": {"phone_e164": CAROL, "reason": "x"},
    "/api/dnc/global/remove": {"phone_e164": CAROL, "reason": "x"},
    "/api/exports/compliance": {"phone_e164": CAROL},
    "/api/sending-numbers": {"phone_e164": "+12125550177"},
    "/api/sending-numbers/{number_id}": {"burst": 2},
    "/api/sending-numbers/brands": {"brand_id": "BHARBOR", "daily_segments": 2000},
    "/api/members": {"email": "dana@example.com", "role": "agent"},
    "/api/members/{user_id}": {"role": "agent"},
    "/api/invitations": {"email": "eve@example.com", "role": "agent"},
    "/api/alert-silences": {"matchers": {"alertname": "CpuBusy"}, "reason": "x"},
    "/api/payments": {"amount_cents": 100, "currency": "usd", "description": "x"},
    "/api/payments/{payment_id}/refund": {"reason": "x"},
    "/api/plans/{key}": {"name": "x", "amount_cents": 100, "currency": "usd"},
    "/api/subscription": {"plan": "x"},
    "/api/calendars/consents": {"provider": "google"},
    "/api/calendars/callback": {"state": "x", "code": "x"},
    "/api/calendars/servers": {"server_url": "https://127.0.0.1/", "username": "x", "password": "x"},
    "/api/calendars/jobber": {"token": "x"},
    "/api/calendars/{calendar_id}": {"resource_id": None},
    "/api/webhook-endpoints": {"url": "https://hooks.example.com/in", "event_names": ["calls.missed.v1"]},
    "/api/webhook-endpoints/{endpoint_id}": {"description": "x"},
    "/api/webhook-endpoints/{endpoint_id}/replay": {"since": "2026-01-01T00:00:00Z"},
}
# What a question has to name beside its path.
QUERIES: dict[str, str] = {"/api/availability": "service_id"}
# Questions that are POSTed because a phone number must not stand in an address; whoever may look may ask them.
ASKED_BY_POST = {"/api/dnc/check", "/api/exports/compliance", "/api/segments/preview"}


SIGNED_ELSEWHERE = {"/api/sms/webhook"}  # another address of a webhook: whoever calls it must have signed


@dataclass(frozen=True, slots=True)
class Row:
    """One operation and who may use it."""

    method: str
    path: str
    access: str
    scope: Scope | None

    @property
    def changes(self) -> bool:
        return self.method != "GET"


def rows_of(app: FastAPI) -> list[Row]:
    """List every operation of the program, pages and undocumented ones too."""
    rows: list[Row] = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            access, scope = access_of(route)
            rows += [Row(method, route.path, access, scope) for method in sorted(route.methods or ())]
        else:
            assert isinstance(route, Route), route
            known = route.path.startswith(("/webhooks/", "/static/")) or route.path in SIGNED_ELSEWHERE
            assert known, f"{route.path} says not who may use it"
    return rows


async def _ids(house: House) -> dict[str, str]:
    """Fill Ada's business with one of everything that a path can name."""
    await house.twin.inject_fault(FaultOrder(kind=FaultKind.REFUSED, code=21614))
    await house.twin.place_call(caller=CAROL, to=ADAS_NUMBER, voicemail=True)
    await house.twin.send_text(customer=CAROL, to=ADAS_NUMBER, body="Hello")
    await house.twin.wait_until_idle()
    await house.settle()
    ada = await house.as_person(ADA)
    timeline = (await ada.get("/api/timeline")).json()["items"]
    token = await ada.post("/api/tokens", json={"name": "x", "scopes": ["calls:read"]})
    endpoint = await ada.post("/api/webhook-endpoints", json=BODIES["/api/webhook-endpoints"])
    told = await ada.post(f"/api/webhook-endpoints/{endpoint.json()['id']}/test")
    opt_in = await ada.post("/api/opt-ins", json=BODIES["/api/opt-ins"])
    segment = await ada.post("/api/segments", json={**BODIES["/api/segments"], "name": "everybody"})
    imported = await ada.post("/api/imports", files={"file": ("people.csv", "phone\n2065550123\n")})
    campaign = await ada.post("/api/campaigns", json=CAMPAIGN)
    rehearsal = await ada.post(f"/api/campaigns/{campaign.json()['id']}/rehearse")
    admin = await house.as_person(ADMIN)
    incident = await admin.post("/api/incidents", json={"title": "x", "grade": "P3"})
    run = await admin.post("/api/runbooks/kill-switch/runs", json={"reason": "x"})
    canned = await ada.post("/api/canned-replies", json=BODIES["/api/canned-replies"])
    payment_id, link = await _asked_to_pay(house)
    bookings = await _booked(house, ada)
    return {
        **bookings,
        **await _connected(house),
        "tenant_id": str(house.ada.id),
        "reply_id": canned.json()["id"],
        "payment_id": payment_id,
        "token": link,
        "key": "solo",
        "campaign_id": campaign.json()["id"],
        "rehearsal_id": rehearsal.json()["id"],
        "segment_id": segment.json()["id"],
        "import_id": imported.json()["id"],
        "opt_in_id": opt_in.json()["opt_in"]["id"],
        "call_id": next(one["id"] for one in timeline if "voicemails" in one),
        "voicemail_id": next(one["voicemails"][0]["id"] for one in timeline if "voicemails" in one),
        "conversation_id": (await ada.get("/api/conversations")).json()[0]["id"],
        "contact_id": (await ada.get("/api/contacts")).json()["items"][0]["id"],
        "job_id": (await ada.get("/api/send-jobs")).json()["items"][0]["id"],
        "task_id": (await ada.get("/api/tasks")).json()[0]["id"],
        "token_id": token.json()["id"],
        "number_id": (await ada.get("/api/sending-numbers")).json()["items"][0]["id"],
        "invitation_id": (await ada.post("/api/invitations", json=BODIES["/api/invitations"])).json()["id"],
        "invitation_token": "x",
        "user_id": (await ada.get("/api/members", params={"role": "agent"})).json()["items"][0]["user_id"],
        "endpoint_id": endpoint.json()["id"],
        "delivery_id": told.json()["id"],
        "silence_id": str(uuid4()),
        "slug": "kill-switch",
        "report": "days",
        "page": "quickstart",
        "run_id": run.json()["id"],
        "number": str(incident.json()["number"]),
        "action_id": str(uuid4()),
        "name": "ada",
        "level": "1",
        "channel": "sms",
        "reset_token": "x",
        "session_id": str(uuid4()),
        "passkey_id": str(uuid4()),
    }


async def _asked_to_pay(house: House) -> tuple[str, str]:
    """Ask for a payment and begin a plan, as if a payment company were there."""
    async with house.parts.system.transaction(house.ada.id) as tx:
        await billing.put_plan(
            tx, key="solo", name="x", amount_cents=100, currency="usd", interval=billing.Interval.MONTH, by=TEST_ACTS
        )
        await billing.subscribe(tx, tenant_id=house.ada.id, plan_key="solo", by=TEST_ACTS, now=tx.now)
        asked = await billing.request_payment(
            tx,
            tenant_id=house.ada.id,
            purpose="link",
            reference=uuid4(),
            contact_id=None,
            amount_cents=100,
            currency="usd",
            description="x",
            expires_at=tx.now + timedelta(hours=1),
            now=tx.now,
        )
    return str(asked.id), asked.url.rpartition("/")[2]


async def _booked(house: House, ada: httpx2.AsyncClient) -> dict[str, str]:
    """Give Ada's business a service, somebody who gives it, a booking, a hold and somebody who waits."""
    resource = (await ada.post("/api/resources", json={"name": "Ben"})).json()["id"]
    offer = {"name": "Repair", "duration_minutes": 60, "resource_ids": [resource]}
    service = (await ada.post("/api/services", json=offer)).json()["id"]
    free = (await ada.get("/api/availability", params={"service_id": service, "limit": 20})).json()
    wanted = {"service_id": service, "starts_at": free[0]["starts_at"], "phone_e164": CAROL}
    booked = (await ada.post("/api/appointments", json=wanted)).json()
    held = {"service_id": service, "starts_at": free[-1]["starts_at"]}
    hold = (await ada.post("/api/holds", json=held)).json()["id"]
    wish = {"service_id": service, "contact_id": booked["contact_id"], "wanted_from_at": free[0]["starts_at"]}
    waiter = (await ada.post("/api/waiting-list", json=wish | {"wanted_until": "2099-01-01T00:00:00Z"})).json()["id"]
    links = house.parts.links
    return {
        "service_id": service,
        "resource_id": resource,
        "appointment_id": booked["id"],
        "hold_id": hold,
        "waiter_id": waiter,
        "business_slug": house.ada.slug,
        "appointment_link": links.token(APPOINTMENT, UUID(booked["id"])),
        "hold_link": links.token(HOLD, UUID(hold)),
    }


async def _connected(house: House) -> dict[str, str]:
    """Give Ada's business an account with a calendar; its login opens nothing."""
    async with house.parts.app.transaction(house.ada.id) as tx:
        connection_id = await calendars.keep_connection(
            tx,
            provider=CalendarCompany.CALDAV,
            account=Account("https://127.0.0.1/ada/", "ada"),
            sealed_login=b"x",
            found=[ExternalCalendar(id="https://127.0.0.1/ada/jobs/", name="Jobs")],
            by=TEST_ACTS,
        )
        (account,) = await calendars.list_accounts(tx)
    return {"connection_id": str(connection_id), "calendar_id": str(account.calendars[0].id)}


async def _try(client: httpx2.AsyncClient, row: Row, ids: dict[str, str], **headers: str) -> httpx2.Response:
    named = {QUERIES[row.path]: ids[QUERIES[row.path]]} if row.path in QUERIES else None
    return await client.request(
        row.method, row.path.format(**ids), params=named, json=BODIES.get(row.path), headers=headers, timeout=10
    )


async def test_every_operation_says_who_may_use_it_and_only_the_known_ones_are_open(house: House) -> None:
    app = create_app(house.parts)
    rows = rows_of(app)
    assert {(row.method, row.path) for row in rows if row.access == "open"} == OPEN
    document = describe_api(app, cookie="session_id")
    paths = document["paths"]
    assert isinstance(paths, dict)
    for path, operations in paths.items():
        for method, operation in operations.items():
            row = next(one for one in rows if (one.method, one.path) == (method.upper(), path))
            assert operation["x-access"] == row.access
            assert operation.get("x-scope") == row.scope


async def test_nobody_gets_anything_without_a_login(house: House) -> None:
    ids = await _ids(house)
    stranger = house.client()
    for row in rows_of(create_app(house.parts)):
        if row.access == "open":
            continue
        for headers in ({}, {"Authorization": "Bearer fd_" + "x" * 43}, {"Cookie": "session_id=" + "x" * 43}):
            answer = await _try(stranger, row, ids, **headers)
            assert answer.status_code == 401, (row, answer.text)
            assert answer.json()["code"] == "auth.login_required", row


WORDS = {"tenant_id", "channel", "report"}  # what stands in a path and is no id of something that belongs to somebody


async def test_another_business_is_never_found(house: House) -> None:
    ids = await _ids(house)
    mallory = await house.as_person(MALLORY)
    for row in rows_of(create_app(house.parts)):
        if row.access != "business":
            continue
        # By the business's own id, in the path or in the header …
        answer = await _try(mallory, row, ids, **{"X-Tenant-Id": str(house.ada.id)})
        assert answer.status_code == 404, (row, answer.text)
        assert answer.json()["code"] == "tenants.not_found", row
        # … and by the ids of what belongs to it, from a business of one's own.
        if set(row_parameters(row)) - WORDS:
            answer = await _try(mallory, row, ids | {"tenant_id": str(house.mallory.id)})
            assert answer.status_code == 404, (row, answer.text)
    ada = await house.as_person(ADA)
    assert (await ada.get("/api/tasks")).json(), "Ada's task is still hers"
    assert (await ada.get("/api/tokens")).json()[0]["revoked_at"] is None
    assert (await ada.get(f"/api/tenants/{house.ada.id}/pause")).json()["paused"] is False


async def test_an_id_that_does_not_exist_looks_like_somebody_elses(house: House) -> None:
    ids = await _ids(house)
    mallory = await house.as_person(MALLORY)
    nowhere = {name: str(uuid4()) for name in ids} | {"tenant_id": str(house.mallory.id), "channel": "sms"}
    theirs = ids | {"tenant_id": str(house.mallory.id)}
    for row in rows_of(create_app(house.parts)):
        if row.access == "business" and set(row_parameters(row)) - WORDS:
            unknown, foreign = await _try(mallory, row, nowhere), await _try(mallory, row, theirs)
            assert unknown.status_code == foreign.status_code == 404, row
            assert unknown.json()["code"] == foreign.json()["code"], row
            assert unknown.json()["detail"] == foreign.json()["detail"], row


async def test_a_token_does_what_its_scopes_say_and_nothing_else(house: House) -> None:
    ids = await _ids(house)
    tokens = {scope: await house.as_program(*(set(Scope) - {scope})) for scope in Scope}
    for row in rows_of(create_app(house.parts)):
        if row.scope is not None:
            answer = await _try(tokens[row.scope], row, ids, **{"X-Tenant-Id": str(house.ada.id)})
            assert answer.status_code == 403, (row, answer.text)
            assert answer.json()["code"] == "auth.scope_missing", row
            assert row.scope.value in answer.json()["detail"]


async def test_whoever_only_looks_changes_nothing(house: House) -> None:
    ids = await _ids(house)
    olive = await house.as_person(OLIVE)
    for row in rows_of(create_app(house.parts)):
        if row.changes and row.access in {"business", "platform"} and row.path not in ASKED_BY_POST:
            answer = await _try(olive, row, ids)
            assert answer.status_code == 403, (row, answer.text)


async def test_a_business_owner_has_no_hand_on_the_platform(house: House) -> None:
    ids = await _ids(house)
    ada = await house.as_person(ADA)
    for row in rows_of(create_app(house.parts)):
        if row.access == "platform":
            answer = await _try(ada, row, ids)
            assert answer.status_code == 403, (row, answer.text)


async def test_every_change_by_a_session_needs_its_token(house: House) -> None:
    ids = await _ids(house)
    admin = await house.as_person(ADMIN)
    del admin.headers["X-CSRF-Token"]
    for row in rows_of(create_app(house.parts)):
        if row.changes and row.access != "open":
            for mark in ({"Origin": house.url}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-origin"}):
                answer = await _try(admin, row, ids, **{"X-Tenant-Id": str(house.ada.id)}, **mark)
                assert answer.status_code == 403, (row, answer.text)
                assert answer.json()["code"] == "auth.csrf", row


async def test_nothing_is_changed_by_looking(house: House) -> None:
    """A GET that changed something could be triggered by any link; the audit chain would show it."""
    ids = await _ids(house)
    admin = await house.as_person(ADMIN)
    before = (await admin.get("/api/audit-log", headers={"X-Tenant-Id": str(house.ada.id)})).json()
    for row in rows_of(create_app(house.parts)):
        if row.method == "GET" and not row.path.endswith("/stream"):
            answer = await _try(admin, row, ids, **{"X-Tenant-Id": str(house.ada.id)})
            assert answer.status_code in {200, 303, 409}, (row, answer.text)
    after = (await admin.get("/api/audit-log", headers={"X-Tenant-Id": str(house.ada.id)})).json()
    assert after == before


def row_parameters(row: Row) -> list[str]:
    """List the names in a path."""
    return re.findall(r"{(\w+)", row.path)
