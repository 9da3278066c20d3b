"""A house with something on every page: made through the doors that people and programs use, in words of choice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import httpx2

from frontdesk.features import billing
from frontdesk.operations.checking import look_at_all
from frontdesk.wiring.booking import APPOINTMENT, HOLD
from tests.support.actors import TEST_ACTS
from tests.support.backroom import send, work
from tests.support.house import ADA, ADMIN, House
from tests.support.marketing import add_people, let_numbers_advertise, phones
from tests.support.office import ADAS_NUMBER, TravelClock

CAROL, DAN, ERIN, FRANK = (f"+1206555012{last}" for last in (3, 4, 5, 6))
WORDS = "{{business}}: hi {{given_name|there}}, winter check for $49 until Friday. Reply STOP to opt out."
EVERYBODY: dict[str, object] = {"where": "all", "of": []}


def anything(_words: str) -> bool:
    """Take any words."""
    return True


class Say(Protocol):
    """Chooses what is written at one place, where `plain` would do, of `most` characters, if the place takes it."""

    def __call__(self, plain: str, *, most: int = 120, fits: Callable[[str], bool] = anything) -> str: ...


def plainly(plain: str, *, most: int = 120, fits: Callable[[str], bool] = anything) -> str:
    """Write what people would."""
    assert len(plain) <= most, plain
    assert fits(plain), plain
    return plain


@dataclass
class Furnished:
    """A house, its clock, and the ids that stand in the paths of its pages."""

    house: House
    clock: TravelClock
    say: Say = plainly
    ids: dict[str, str] = field(default_factory=dict)

    async def fill(self) -> None:
        """Put something of everything into the house."""
        ada, admin = await self.house.as_person(ADA), await self.house.as_person(ADMIN)
        self.ids |= {"tenant_id": str(self.house.ada.id), "business_slug": self.house.ada.slug, "page": "quickstart"}
        await self._talk(ada)
        await self._book(ada)
        await self._keep_people(ada)
        await self._advertise(ada)
        await self._ask_for_money()
        await self._set_up(ada)
        await self._operate(admin)
        await self.house.twin.place_call(caller=CAROL, to=ADAS_NUMBER, voicemail=True)
        await self.house.twin.wait_until_idle()
        await self.house.settle()

    async def _talk(self, ada: httpx2.AsyncClient) -> None:
        """Let people call and write, and write about them."""
        house, say = self.house, self.say
        await house.missed_call(DAN)
        told = {
            DAN: "Necesito una cita para mañana, la caldera no funciona",
            ERIN: "Thanks, see you on Tuesday then!",
            CAROL: "Hi! My boiler is leaking. Can you come tomorrow after 3?",
        }
        for sender, body in told.items():
            await house.twin.send_text(customer=sender, to=ADAS_NUMBER, body=say(body, most=1500))
        await house.twin.send_text(customer=FRANK, to=ADAS_NUMBER, body="STOP")
        await house.twin.wait_until_idle()
        await house.settle()
        threads = {one["phone_e164"]: one for one in (await ada.get("/api/conversations")).json()}
        self.ids["conversation_id"], self.ids["contact_id"] = threads[CAROL]["id"], threads[CAROL]["contact_id"]
        for phone, name in ((CAROL, "Carol Jones"), (ERIN, "Erin Short"), (FRANK, "Frank Moss")):
            contact = f"/api/contacts/{threads[phone]['contact_id']}"
            known = {"name": say(name), "fields": {"boiler": say("gas, 1999", most=500)}}
            await did(ada.patch(contact, json=known))
            await did(ada.post(f"{contact}/tags", json={"add": [say("regular", most=60, fits=_tag)]}))
        thread = f"/api/conversations/{self.ids['conversation_id']}"
        await did(ada.post(f"{thread}/notes", json={"body": say("Key is at the neighbour's.", most=2000)}))
        await did(ada.post(f"{thread}/messages", json={"body": "Yes, see you at 3."}))
        kept = {"name": say("prices", most=60), "body": say("A visit is $90.", most=1000, fits=no_tag)}
        self.ids["reply_id"] = (await did(ada.post("/api/canned-replies", json=kept)))["id"]
        jobs = (await ada.get("/api/send-jobs")).json()["items"]
        self.ids["job_id"] = jobs[0]["id"]

    async def _book(self, ada: httpx2.AsyncClient) -> None:
        """Offer services, book some, hold one, let somebody wait and one appointment be called off."""
        say, links = self.say, self.house.parts.links
        givers = [(await did(ada.post("/api/resources", json={"name": say(one)})))["id"] for one in ("Ben", "Dana")]
        services = []
        for name, minutes in (("Repair", 60), ("Yearly check", 90), ("Advice by phone", 15)):
            offer = {"name": say(name), "duration_minutes": minutes, "resource_ids": givers}
            services.append((await did(ada.post("/api/services", json=offer)))["id"])
        asked = {"service_id": services[0], "limit": 100}
        offered = (await ada.get("/api/availability", params=asked)).json()
        free = [one["starts_at"] for one in offered if one["resource_id"] == givers[0]][::4]
        booked = []
        for phone, at in ((CAROL, free[0]), (DAN, free[1]), (ERIN, free[2])):
            wish = {"service_id": services[0], "starts_at": at, "phone_e164": phone, "note": say("Gate 4", most=900)}
            booked.append(await did(ada.post("/api/appointments", json=wish)))
        off = {"because": say("is ill")}
        await did(ada.post(f"/api/appointments/{booked[2]['id']}/cancel", json=off))
        held = await did(ada.post("/api/holds", json={"service_id": services[0], "starts_at": free[-1]}))
        waits = {"service_id": services[0], "contact_id": booked[1]["contact_id"], "wanted_from_at": free[0]}
        await did(ada.post("/api/waiting-list", json={**waits, "wanted_until": "2099-01-01T00:00:00Z"}))
        await did(ada.put("/api/booking-page", json={"open": True, "refund_hours": 24}))
        guest = self.house.client()
        form = {"at": free[4], "name": say("Gina"), "phone": "206 555 0129", "note": say("second floor", most=500)}
        answer = await guest.post(f"/book/{self.house.ada.slug}/s/{services[1]}/at", data=form)
        assert answer.status_code in {303, 409}, answer.text
        self.ids |= {
            "service_id": services[0],
            "resource_id": givers[0],
            "free": free[5],
            "day": booked[0]["starts_at"][:10],
            "appointment_id": booked[0]["id"],
            "appointment_link": links.token(APPOINTMENT, UUID(booked[0]["id"])),
            "hold_link": links.token(HOLD, UUID(held["id"])),
        }

    async def _keep_people(self, ada: httpx2.AsyncClient) -> None:
        """Take in a file with a fault, keep a segment, agreements and refusals."""
        say = self.say
        file = f'phone,name\n2065550131,Hal\n12,Ida\n2065550132,"{say("Jo", fits=_cell)}"\n'
        name = say("customers.csv", fits=_file_name)
        name = name if name.endswith(".csv") else f"{name}.csv"
        upload = {"file": (name, file.encode(), "text/csv")}
        taken = await did(ada.post("/api/imports", files=upload, data={"start": "import"}))
        await work(self.house)
        gas = {"where": "known", "what": "name"}
        segment = await did(ada.post("/api/segments", json={"name": say("Regulars"), "filter": gas}))
        agreed = {"phone_e164": CAROL, "text_shown": say("I agree to texts.", most=900), "source": say("web form")}
        await did(ada.post("/api/opt-ins", json=agreed))
        refused = {"phone_e164": "+12065550188", "reason": say("asked by phone", fits=_line)}
        await did(ada.post("/api/dnc", json=refused))
        self.ids |= {"import_id": taken["id"], "segment_id": segment["id"]}

    async def _advertise(self, ada: httpx2.AsyncClient) -> None:
        """Draft and rehearse one campaign, and send another."""
        house, say = self.house, self.say
        await let_numbers_advertise(house.parts.system, house.ada.id)
        async with house.parts.app.transaction(house.ada.id) as tx:
            await add_people(tx, phones(40))
            await add_people(tx, phones(3, start=500), consent=False)
        sent = await self._campaign(ada, say("Winter check"))
        order = (await ada.get(f"/api/campaigns/{sent}")).json()
        approved = {"content_hash": order["content_hash"]}
        await did(ada.post(f"/api/campaigns/{sent}/approve", json=approved))
        await did(ada.post(f"/api/campaigns/{sent}/start"))
        await work(house)
        await send(house, self.clock, turns=3)
        draft = await self._campaign(ada, say("Spring offer"))
        self.ids |= {"campaign_id": sent, "draft_id": draft}

    async def _campaign(self, ada: httpx2.AsyncClient, name: str) -> str:
        ends_at = (self.house.parts.clock.now() + timedelta(days=3)).isoformat()
        order = {
            "name": name,
            "audience": {"filter": EVERYBODY},
            "variants": [{"name": "A", "body": WORDS}],
            "senders": [ADAS_NUMBER],
            "ends_at": ends_at,
        }
        campaign_id = str((await did(ada.post("/api/campaigns", json=order)))["id"])
        await did(ada.post(f"/api/campaigns/{campaign_id}/rehearse"))
        await work(self.house)
        return campaign_id

    async def _ask_for_money(self) -> None:
        """Ask for a payment and begin a plan, as if a payment company were there."""
        house = self.house
        async with house.parts.system.transaction(house.ada.id) as tx:
            await billing.put_plan(
                tx,
                key="solo",
                name=self.say("Solo"),
                amount_cents=4900,
                currency="usd",
                interval=billing.Interval.MONTH,
                by=TEST_ACTS,
            )
            await billing.subscribe(tx, tenant_id=house.ada.id, plan_key="solo", by=TEST_ACTS, now=tx.now)
            asked = await billing.request_payment(
                tx,
                tenant_id=house.ada.id,
                purpose="link",
                reference=uuid4(),
                contact_id=None,
                amount_cents=9000,
                currency="usd",
                description=self.say("Visit on Monday"),
                expires_at=tx.now + timedelta(hours=1),
                now=tx.now,
            )
        self.ids |= {"token": asked.url.rpartition("/")[2], "payment_id": str(asked.id)}

    async def _set_up(self, ada: httpx2.AsyncClient) -> None:
        """Change settings, invite somebody, make a token and an endpoint, pause and resume."""
        say, business = self.say, f"/api/tenants/{self.house.ada.id}"
        settings = {"postal_address": say("1 Pier Road, Seattle", most=400), "name": say("Harbor Plumbing")}
        await did(ada.patch(business, json=settings))
        invited = await did(ada.post("/api/invitations", json={"email": "eve@example.com", "role": "agent"}))
        await did(ada.post("/api/tokens", json={"name": say("website"), "scopes": ["calls:read"]}))
        endpoint = {"url": "https://hooks.example.com/in", "event_names": ["calls.missed.v1"]}
        await did(ada.post("/api/webhook-endpoints", json={**endpoint, "description": say("our website")}))
        await did(ada.post(f"{business}/pause", json={"reason": say("a wrong price")}))
        await did(ada.post(f"{business}/resume"))
        numbers = (await ada.get("/api/sending-numbers")).json()["items"]
        self.ids |= {"number_id": numbers[0]["id"], "invitation_token": invited["link"].rpartition("/")[2]}

    async def _operate(self, admin: httpx2.AsyncClient) -> None:
        """Look at the checks, work on an incident, silence an alert, share being on call, run a runbook."""
        say, soon = self.say, (self.house.parts.clock.now() + timedelta(days=1)).isoformat()
        await look_at_all(self.house.parts.system)
        opened = await did(admin.post("/api/incidents", json={"title": say("Texts are late"), "grade": "P2"}))
        number = str(opened.get("number") or opened["incident"]["number"])
        incident = f"/api/incidents/{number}"
        await did(admin.post(f"{incident}/ack"))
        await did(admin.post(f"{incident}/notes", json={"words": say("Twilio says so as well.", most=1500)}))
        action = {"words": say("watch the queue"), "owner": say("Ada", most=60, fits=_line), "due_at": soon}
        await did(admin.post(f"{incident}/actions", json=action))
        silence = {"matchers": {"alertname": "QueueLong"}, "reason": say("we know, it is the sale", most=300)}
        await did(admin.post("/api/alert-silences", json=silence))
        await did(admin.put("/api/on-call/people/ada", json={"addresses": ["ada@harbor.example"]}))
        stands_in = {"person": "ada", "lasts_until": soon, "reason": say("away")}
        await did(admin.post("/api/on-call/overrides", json=stands_in))
        run = await did(admin.post("/api/runbooks/kill-switch/runs", json={"reason": say("by hand", most=400)}))
        self.ids |= {"number": number, "slug": "kill-switch", "run_id": run["id"]}


async def did(asking: Awaitable[httpx2.Response]) -> dict[str, Any]:
    """Wait for an answer, which must be one of success, and read it."""
    answer = await asking
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return dict(answer.json()) if answer.content else {}


def no_tag(words: str) -> bool:
    """Leave out what a wording takes for a tag of its own."""
    return "{{" not in words


def _line(words: str) -> bool:
    return words.isprintable()


def _tag(words: str) -> bool:
    return words.isprintable() and "," not in words and ";" not in words


def _cell(words: str) -> bool:
    return words.isprintable() and '"' not in words


def _file_name(words: str) -> bool:
    return words.isprintable() and not set(words) & set('/\\"')
