"""No way of writing or resolving an address leads a webhook into a network that is not the open Internet."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.hooks.addresses import is_open, read_address
from frontdesk.ports.hooks import HookOutcome
from frontdesk.providers.hooks import HookClient
from tests.support.network import OutsideConnection

# What a name may resolve to and must not be connected to.
CLOSED = (
    "0.0.0.0",  # noqa: S104 - nothing is bound to it here
    "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.1.2.3",
    "127.255.255.255", "169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::ffff:7f00:1",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
    "2001:10::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%lo", "fe80::1%1", "fec0::1", "ff02::1", "ff0e::1",
    "", "localhost", "127.1", "0177.0.0.1", "2130706433",
)  # fmt: skip
OPEN = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111")
# How an address may be written so that somebody reads it as one of ours.
DISGUISED = (
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "",
    "https://", "https:///x", "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/",
    "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://017700000001/", "https://0/",
    "https://0.0.0.0/", "https://127.0.0.1.:443/", "https://010.0.0.1/", "https://1.1.1.01/", "https://0xa9fea9fe/",
    "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
    "https://[0:0:0:0:0:ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/", "https://[fe80::1%25lo]/", "https://[fd00::1]/",
    "https://[2002:7f00:1::]/", "https://localhost/", "https://LOCALHOST./", "https://foo.localhost/",
    "https://db.internal/", "https://printer.local/", "https://intranet/", "https://metadata.google.internal/",
    "https://user@example.com/", "https://user:secret@example.com/", "https://example.com@127.0.0.1/",
    "https://example.com#@127.0.0.1/", "https://example.com\\@127.0.0.1/", "https://example.com:0/",
    "https://example.com:99999/", "https://exa mple.com/", "https://example.com/\r\nHost: x", "https://ⅼocalhost/",
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://-bad.example/", "https://" + "a" * 64 + ".example/",
    "https://example.com/" + "x" * 2048,
)  # fmt: skip


@dataclass
class Inside:
    """A server of ours that must not be reached, and how often it was."""

    port: int
    reached: list[bytes] = field(default_factory=list)


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    """Listen on every loopback address."""
    found = Inside(0)

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.reached.append(await reader.read(1000))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(welcome, "0.0.0.0", 0)  # noqa: S104 - every loopback address
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


def resolving_to(*answers: list[str]) -> tuple[Callable[[str], Awaitable[list[str]]], list[str]]:
    """Make a resolver that gives one answer after the other, the last one for ever; and what it was asked."""
    asked: list[str] = []

    async def resolve(name: str) -> list[str]:
        asked.append(name)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


async def try_to_post(client: HookClient, url: str) -> HookOutcome:
    """Post something, and tell how it ended."""
    return (await client.post(url=url, headers={}, body=b"{}")).outcome


def test_there_are_enough_of_them() -> None:
    assert len(CLOSED) + len(DISGUISED) > 80


@pytest.mark.parametrize("address", CLOSED)
async def test_a_name_that_leads_inside_is_not_connected_to(inside: Inside, address: str) -> None:
    assert not is_open(address)
    for answer in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        resolve, asked = resolving_to(answer)
        outcome = await try_to_post(HookClient(resolve=resolve), f"https://hooks.example.com:{inside.port}/x")
        assert outcome is HookOutcome.ADDRESS_CLOSED, answer
        assert asked == ["hooks.example.com"]
    assert inside.reached == []


@pytest.mark.parametrize("address", OPEN)
def test_the_open_internet_is_open(address: str) -> None:
    assert is_open(address)


@pytest.mark.parametrize("url", DISGUISED)
async def test_a_disguised_address_is_refused_when_it_is_given_and_when_it_is_tried(url: str) -> None:
    with pytest.raises(Refused) as refused:
        read_address(url)
    assert (refused.value.code, refused.value.status) == ("hooks.url_invalid", 422)
    resolve, asked = resolving_to(["8.8.8.8"])
    assert await try_to_post(HookClient(resolve=resolve), url) is HookOutcome.ADDRESS_CLOSED
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://hooks.example.com:8443/in/box?key=1&b=2",
        "https://8.8.8.8/x",
        "https://[2606:4700::1111]/x",
        "https://xn--bcher-kva.example/x",
        "https://a_b.example/",
    ],
)
def test_a_plain_address_is_taken(url: str) -> None:
    assert read_address(url).scheme == "https"


async def test_what_was_judged_is_what_is_connected_to_whatever_the_name_says_next(inside: Inside) -> None:
    """A rebinding name server gives an open address to be judged, and one of ours to be connected to."""
    resolve, asked = resolving_to(["93.184.216.34"], ["127.0.0.1"])
    client = HookClient(resolve=resolve)
    url = f"https://rebind.example.com:{inside.port}/x"
    with pytest.raises(OutsideConnection, match=r"93\.184\.216\.34"):
        await try_to_post(client, url)
    assert len(asked) == 1
    assert await try_to_post(client, url) is HookOutcome.ADDRESS_CLOSED
    assert inside.reached == []


async def test_the_name_is_asked_once_and_its_first_answer_is_the_one_used(inside: Inside) -> None:
    """The same on loopback, where both answers could be connected to: only the judged one is."""
    resolve, asked = resolving_to(["127.0.0.1"], ["127.0.0.9"])
    client = HookClient(resolve=resolve, allow_loopback=True)
    assert await try_to_post(client, f"http://localhost:{inside.port}/x") is HookOutcome.DELIVERED
    assert asked == ["localhost"]
    [request] = inside.reached
    assert request.startswith(b"POST /x HTTP/1.1\r\nHost: localhost:")


async def test_the_system_resolver_reads_numbers_as_they_are_and_they_are_judged_all_the_same(inside: Inside) -> None:
    assert await try_to_post(HookClient(), f"https://127.0.0.1:{inside.port}/") is HookOutcome.ADDRESS_CLOSED
    numbers = HookClient(allow_loopback=True)
    assert await try_to_post(numbers, f"http://127.0.0.1:{inside.port}/") is HookOutcome.DELIVERED
    assert await try_to_post(numbers, f"http://2130706433:{inside.port}/") is HookOutcome.ADDRESS_CLOSED
    assert await try_to_post(numbers, "http://10.0.0.1/") is HookOutcome.ADDRESS_CLOSED
    assert len(inside.reached) == 1
    numbers.close()


def test_a_socket_of_this_machine_could_have_been_reached() -> None:
    """The disguises are real: the system itself reads them as loopback."""
    for disguise in ("127.1", "0177.0.0.1", "2130706433", "0x7f000001"):
        assert socket.inet_aton(disguise) == socket.inet_aton("127.0.0.1")
