"""Texts through the API: what the official SDK sends and reads, what is refused, how lists are filtered and paged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest

from frontdesk.providers.twin import TwinControl, TwinServer
from frontdesk.providers.twin.wire import MediaOrder, ServiceSetup, Settings
from tests.providers.twin.conftest import BUSINESS, CAROL, basic_auth
from tests.providers.twin.sdk import Sdk, TwilioRestException

SERVICE = "MG" + "0" * 32


async def test_a_text_created_by_the_sdk_can_be_fetched_and_listed(line: str, sdk: Sdk, control: TwinControl) -> None:
    messages = sdk.client.messages
    created = await sdk.run(messages.create, to=CAROL, from_=line, body="Sorry we missed you")
    assert (created.status, created.direction, created.num_segments) == ("queued", "outbound-api", "1")
    assert (await control.wait_for_text(CAROL)).met
    fetched = await sdk.run(messages(created.sid).fetch)
    assert (fetched.status, fetched.price, fetched.error_code) == ("delivered", "-0.00790", None)
    listed = await sdk.run(messages.list, to=CAROL)
    assert [each.sid for each in listed] == [created.sid]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": CAROL, "From": BUSINESS}, 21602),
        ({"To": CAROL, "Body": "x"}, 21603),
        ({"From": BUSINESS, "Body": "x"}, 21604),
        ({"To": "+1234", "From": BUSINESS, "Body": "x"}, 21211),
        ({"To": CAROL, "From": "+15125550111", "Body": "x"}, 21606),
        ({"To": CAROL, "From": "shop", "Body": "x"}, 21212),
        ({"To": BUSINESS, "From": BUSINESS, "Body": "x"}, 21266),
        ({"To": CAROL, "From": BUSINESS, "Body": "x" * 1601}, 21617),
        ({"To": CAROL, "From": BUSINESS, "Body": "x", "ValidityPeriod": "0"}, 21624),
        ({"To": CAROL, "From": BUSINESS, "Body": "x", "ValidityPeriod": "36001"}, 21624),
        ({"To": CAROL, "From": BUSINESS, "Body": "x", "StatusCallback": "callback"}, 21609),
        ({"To": CAROL, "MessagingServiceSid": SERVICE, "Body": "x"}, 21701),
        ({"To": CAROL, "From": BUSINESS, "Body": "x", "SendAt": "2030-01-01T00:00:00Z"}, 35118),
    ],
)
@pytest.mark.usefixtures("line")
async def test_a_wrong_text_is_refused_with_the_carriers_number_and_leaves_no_trace(
    web_client: aiohttp.ClientSession, control: TwinControl, form: dict[str, str], code: int
) -> None:
    async with web_client.post("Messages.json", data=form) as answer:
        assert (await answer.json())["code"] == code
    assert (await control.state()).messages == 0
    assert [entry.status for entry in await control.journal()] == [answer.status]


async def test_a_list_is_paged_without_gap_or_repeat_while_texts_keep_coming(line: str, sdk: Sdk) -> None:
    messages = sdk.client.messages
    sids = [(await sdk.run(messages.create, to=CAROL, from_=line, body=f"{n}")).sid for n in range(5)]
    first = await sdk.run(messages.page, to=CAROL, page_size=2)
    seen = [each.sid for each in first]
    await sdk.run(messages.create, to=CAROL, from_=line, body="came in between")
    second = await sdk.run(first.next_page)
    assert second is not None
    seen += [each.sid for each in second]
    third = await sdk.run(second.next_page)
    assert third is not None
    seen += [each.sid for each in third]
    assert seen == sids[::-1]
    assert await sdk.run(third.next_page) is None


async def test_lists_filter_by_sender_recipient_and_date_sent(line: str, sdk: Sdk, control: TwinControl) -> None:
    messages, other = sdk.client.messages, "+15125550111"
    await control.configure_number(other)
    mine = (await sdk.run(messages.create, to=CAROL, from_=line, body="one")).sid
    theirs = (await sdk.run(messages.create, to=CAROL, from_=other, body="two")).sid
    await control.wait_for_text(CAROL, count=2)

    async def sids(**filters: object) -> list[str]:
        return [each.sid for each in await sdk.run(messages.list, **filters)]

    now, day = datetime.now(UTC), timedelta(days=1)
    assert await sids(from_=line) == [mine]
    assert await sids(to="+15125550199") == []
    assert await sids(date_sent=now.date()) == [theirs, mine]
    assert await sids(date_sent_after=now - timedelta(minutes=1), to=CAROL) == [theirs, mine]
    assert await sids(date_sent_after=now + timedelta(minutes=1), to=CAROL) == []
    assert await sids(date_sent_before=now + day, date_sent_after=now - day) == [theirs, mine]
    assert await sids(date_sent_before=date(2020, 1, 1)) == []


async def test_a_carrier_may_show_new_texts_late_or_leave_unsent_ones_out(
    line: str, sdk: Sdk, control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    async def listed(settings: Settings) -> int:
        await control.change_settings(settings)
        async with web_client.get("Messages.json", params={"To": CAROL, "DateSent>": "2020-01-01"}) as answer:
            return len((await answer.json())["messages"])

    await control.change_settings(Settings(sent_ms=60_000))
    await sdk.run(sdk.client.messages.create, to=CAROL, from_=line, body="hello")
    assert await listed(Settings()) == 1
    assert await listed(Settings(list_hides_unsent=True)) == 0
    assert await listed(Settings(list_lag_ms=60_000)) == 0


async def test_a_text_is_redacted_cancelled_and_deleted(line: str, sdk: Sdk, control: TwinControl) -> None:
    messages = sdk.client.messages
    await control.configure_service(ServiceSetup(service_sid=SERVICE, numbers=(line,)))
    sent = await sdk.run(messages.create, to=CAROL, from_=line, body="secret")
    redacted = await sdk.run(messages(sent.sid).update, body="")
    assert redacted.body == ""
    later = await sdk.run(
        messages.create,
        to=CAROL,
        messaging_service_sid=SERVICE,
        body="later",
        schedule_type="fixed",
        send_at=datetime.now(UTC) + timedelta(days=7),
    )
    assert later.status == "scheduled"
    assert (await sdk.run(messages(later.sid).update, status="canceled")).status == "canceled"
    await control.wait_for_text(CAROL)
    with pytest.raises(TwilioRestException) as refusal:
        await sdk.run(messages(sent.sid).update, status="canceled")
    assert refusal.value.code == 30109
    assert await sdk.run(messages(sent.sid).delete)
    with pytest.raises(TwilioRestException) as refusal:
        await sdk.run(messages(sent.sid).fetch)
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


async def test_files_of_a_text_are_listed_and_fetched(
    line: str, sdk: Sdk, control: TwinControl, web_client: aiohttp.ClientSession
) -> None:
    report = await control.send_text(
        customer=CAROL, to=line, body="look", media=(MediaOrder(), MediaOrder(content_type="text/plain", content=b"x"))
    )
    picture, text = await sdk.run(sdk.client.messages(report.message_sid).media.list)
    assert (picture.content_type, text.content_type) == ("image/png", "text/plain")
    async with web_client.get(f"Messages/{report.message_sid}/Media/{picture.sid}") as answer:
        assert (await answer.read()).startswith(b"\x89PNG")
    async with web_client.get(f"Messages/{report.message_sid}/Media/{text.sid}") as answer:
        assert await answer.read() == b"x"


@pytest.mark.parametrize(("user", "password"), [("", ""), ("wrong", "x"), (None, "wrong"), ("AC" + "f" * 32, None)])
async def test_wrong_credentials_get_401_and_20003(twin: TwinServer, user: str | None, password: str | None) -> None:
    config = twin.config
    auth = basic_auth(user if user is not None else config.account_sid, password or config.auth_token)
    url = f"{twin.url}/2010-04-01/Accounts/{config.account_sid}/Messages.json"
    async with aiohttp.ClientSession(headers=auth) as session, session.get(url) as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == 20003


async def test_another_accounts_path_is_closed_and_an_unknown_one_is_not_found(
    twin: TwinServer, web_client: aiohttp.ClientSession
) -> None:
    async with web_client.get(f"/2010-04-01/Accounts/{twin.config.test_account_sid}/Messages.json") as answer:
        assert answer.status == 401
    async with web_client.get("Nonsense.json") as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 20404)
    async with web_client.get("Messages.json", params={"PageSize": "1001"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 20001)


async def test_balance_falls_with_every_text_and_the_account_can_be_read(
    line: str, sdk: Sdk, control: TwinControl, twin: TwinServer
) -> None:
    assert (await sdk.run(sdk.client.api.account.balance.fetch)).balance == "100.0000"
    await sdk.run(sdk.client.messages.create, to=CAROL, from_=line, body="x" * 200)
    await control.wait_for_text(CAROL)
    assert (await sdk.run(sdk.client.api.account.balance.fetch)).balance == "99.9842"
    account = await sdk.run(sdk.client.api.accounts(twin.config.account_sid).fetch)
    assert account.status == "active"
