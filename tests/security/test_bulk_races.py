"""What was allowed a moment ago and is not any more: rights, gates and money are asked when it counts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from frontdesk.kernel import auth
from frontdesk.kernel.auth import Role, Scope
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, BEN, House

PERSON = {"phone": "+12065550177", "name": "Carol"}


@dataclass(frozen=True, slots=True)
class HalfRequest:
    """A request of which the server has the head and half of the body."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rest: bytes

    async def finish(self) -> tuple[int, dict[str, object]]:
        """Send the other half; returns the status and the document of the answer."""
        self.writer.write(self.rest)
        await self.writer.drain()
        answer = await self.reader.read()
        self.writer.close()
        await self.writer.wait_closed()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body) if body.startswith(b"{") else {}


async def begin(house: House, method: str, path: str, document: object, headers: dict[str, str]) -> HalfRequest:
    """Send the head of a request and half of its body, and wait until the server reads on."""
    body = json.dumps(document).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {urlsplit(house.url).netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "Expect: 100-continue",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    reader, writer = await asyncio.open_connection(urlsplit(house.url).hostname, urlsplit(house.url).port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    # The server says this when the application asks for the body: it works on the request by now.
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(body[: len(body) // 2])
    await writer.drain()
    return HalfRequest(reader, writer, body[len(body) // 2 :])


async def person_headers(house: House, email: str) -> dict[str, str]:
    client = await house.as_person(email)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    return {"Cookie": cookies, "X-CSRF-Token": client.headers["X-CSRF-Token"]}


async def id_of(house: House, email: str) -> str:
    async with house.parts.system.transaction() as tx:
        return str(await tx.fetchval("select id from users where email = $1", email))


async def lose_the_role(house: House) -> None:
    ada = await house.as_person(ADA)
    assert (await ada.delete(f"/api/members/{await id_of(house, BEN)}")).status_code == 204


async def only_look_from_now_on(house: House) -> None:
    ada = await house.as_person(ADA)
    changed = await ada.patch(f"/api/members/{await id_of(house, BEN)}", json={"role": Role.AUDITOR})
    assert changed.status_code == 200


async def log_out_everywhere(house: House) -> None:
    async with house.parts.system.transaction() as tx:
        await tx.execute("delete from sessions where user_id = (select id from users where email = $1)", BEN)


async def disable(house: House) -> None:
    async with house.parts.system.transaction() as tx:
        await tx.execute("update users set disabled_at = $1 where email = $2", tx.now, BEN)


@pytest.mark.parametrize(
    ("loss", "status", "code"),
    [
        (lose_the_role, 404, "tenants.not_found"),
        (only_look_from_now_on, 403, "auth.scope_missing"),
        (log_out_everywhere, 401, "auth.login_required"),
        (disable, 401, "auth.login_required"),
    ],
)
async def test_a_right_that_is_lost_while_the_request_is_sent_is_lost(
    house: House, loss: Callable[[House], Awaitable[None]], status: int, code: str
) -> None:
    headers = await person_headers(house, BEN) | {"X-Tenant-Id": str(house.ada.id)}
    untouched = await begin(house, "POST", "/api/contacts", {**PERSON, "phone": "+12065550178"}, headers)
    assert (await untouched.finish())[0] == 201, "with all rights it is done"
    half = await begin(house, "POST", "/api/contacts", PERSON, headers)
    await loss(house)
    answer = await half.finish()
    assert (answer[0], answer[1]["code"]) == (status, code)
    ada = await house.as_person(ADA)
    assert len((await ada.get("/api/contacts")).json()["items"]) == 1


async def test_a_token_that_is_revoked_while_its_request_is_sent_does_nothing(house: House) -> None:
    async with house.parts.system.transaction(house.ada.id) as tx:
        issued = await auth.create_token(
            tx,
            name="import",
            scopes=frozenset({Scope.CONTACTS_WRITE}),
            grantable=frozenset(Scope),
            expires_at=tx.now + timedelta(days=1),
            actor=TEST_ACTS,
        )
    headers = {"Authorization": f"Bearer {issued.secret}"}
    half = await begin(house, "POST", "/api/contacts", PERSON, headers)
    ada = await house.as_person(ADA)
    assert (await ada.delete(f"/api/tokens/{issued.token.id}")).status_code == 204
    answer = await half.finish()
    assert (answer[0], answer[1]["code"]) == (401, "auth.login_required")
    assert (await ada.get("/api/contacts")).json()["items"] == []


async def test_two_owners_who_dismiss_each_other_leave_one(house: House) -> None:
    ada = await house.as_person(ADA)
    assert (await ada.patch(f"/api/members/{await id_of(house, BEN)}", json={"role": "owner"})).status_code == 200
    ben = await house.as_person(BEN)
    for _ in range(3):
        answers = await asyncio.gather(
            ada.patch(f"/api/members/{await id_of(house, BEN)}", json={"role": "agent"}),
            ben.patch(f"/api/members/{await id_of(house, ADA)}", json={"role": "agent"}),
        )
        async with house.parts.system.transaction() as tx:
            owners = await tx.fetchval(
                "select count(*) from members where tenant_id = $1 and role = 'owner'", house.ada.id
            )
            assert owners >= 1, [answer.text for answer in answers]  # type: ignore[operator]  # count(*) is a number
            await tx.execute("update members set role = 'owner' where tenant_id = $1 and role = 'agent'", house.ada.id)


async def test_a_wording_that_was_changed_after_it_was_read_is_not_what_gets_approved(house: House) -> None:
    ada = await house.as_person(ADA)
    campaign = {
        "name": "x",
        "audience": {"filter": {"where": "all", "of": []}},
        "variants": [{"name": "A", "body": "{{business}}: hello. Reply STOP to opt out."}],
        "senders": ["+12125550100"],
        "ends_at": "2099-01-01T00:00:00Z",
    }
    made = (await ada.post("/api/campaigns", json=campaign)).json()
    read = (await ada.get(f"/api/campaigns/{made['id']}")).json()["content_hash"]
    changed = {**campaign, "variants": [{"name": "A", "body": "{{business}}: other. Reply STOP to opt out."}]}
    assert (await ada.put(f"/api/campaigns/{made['id']}", json=changed)).status_code == 200
    answer = await ada.post(f"/api/campaigns/{made['id']}/approve", json={"content_hash": read})
    assert answer.status_code == 409, answer.text
    assert (await ada.get(f"/api/campaigns/{made['id']}")).json()["status"] == "draft"


async def test_one_idempotency_key_sent_many_times_at_once_makes_one(house: House) -> None:
    ada = await house.as_person(ADA)
    answers = await asyncio.gather(
        *(ada.post("/api/contacts", json=PERSON, headers={"Idempotency-Key": "once"}) for _ in range(12))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
