"""Servers that tenants name are reached in the open Internet only, by the address that was judged."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from frontdesk.kernel.errors import Refused
from frontdesk.ports.calendars import Login
from frontdesk.ports.errors import ProviderError
from frontdesk.providers.caldav import CalDavCalendars, GuardedDial
from frontdesk.providers.http import HttpClient, NotSent, Origin

CLOSED = ("127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "fd00::1", "0.0.0.1", "::ffff:127.0.0.1", "192.168.1.1")


def resolving_to(*addresses: str) -> GuardedDial:
    async def resolve(_name: str) -> list[str]:
        return list(addresses)

    return GuardedDial(resolve=resolve)


@pytest.mark.parametrize("address", CLOSED)
async def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    with pytest.raises(NotSent, match="not the open Internet"):
        await resolving_to(address)(Origin("https", "calendar.example.org", 443))


async def test_one_closed_address_among_open_ones_bars_a_name() -> None:
    with pytest.raises(NotSent, match="not the open Internet"):
        await resolving_to("93.184.216.34", "127.0.0.1")(Origin("https", "calendar.example.org", 443))


async def test_nothing_is_said_in_plain_text_to_a_server_that_is_not_trusted() -> None:
    with pytest.raises(NotSent, match="TLS only"):
        await resolving_to("93.184.216.34")(Origin("http", "calendar.example.org", 80))


async def test_a_name_without_an_address_is_told() -> None:
    with pytest.raises(NotSent, match="no such host"):
        await resolving_to()(Origin("https", "calendar.example.org", 443))


@pytest.mark.parametrize("url", ["https://nas.lan/dav/", "http://nas.lan:5232/"])
def test_a_trusted_host_may_stand_inside(url: str) -> None:
    dial = GuardedDial(trusted_hosts=("NAS.lan",))
    dial.judge(url)
    with pytest.raises(Refused):
        dial.judge(url.replace("nas.", "other."))
    dial.close()


@pytest.fixture
async def calendars() -> AsyncIterator[CalDavCalendars]:
    dial = resolving_to("127.0.0.1")
    http = HttpClient(dial=dial)
    yield CalDavCalendars(dial, http)
    await http.close()


async def test_a_client_tells_a_closed_address_as_a_failure_and_not_what_is_behind_it(
    calendars: CalDavCalendars,
) -> None:
    login = Login(server_url="https://calendar.example.org/", username="ada", password="hush")
    with pytest.raises(ProviderError) as failed:
        await calendars.list_calendars(login)
    assert "not the open Internet" in str(failed.value)
    assert "hush" not in str(failed.value)


async def test_a_password_is_never_sent_to_another_host(calendars: CalDavCalendars) -> None:
    login = Login(server_url="https://calendar.example.org/", username="ada", password="hush")
    with pytest.raises(ProviderError, match="another host"):
        await calendars.list_changes(login, "https://elsewhere.example.org/ada/", "")
