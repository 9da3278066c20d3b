from __future__ import annotations

import asyncio
import socket

import pytest

from tests.support.network import OutsideConnection


@pytest.mark.parametrize("address", [("192.0.2.1", 9), ("2001:db8::1", 9)])
def test_a_test_cannot_connect_beyond_this_machine(address: tuple[str, int]) -> None:
    with pytest.raises(OutsideConnection):
        socket.create_connection(address, timeout=1)


async def test_an_event_loop_cannot_either() -> None:
    with pytest.raises(OutsideConnection):
        await asyncio.open_connection("192.0.2.1", 9)


def test_a_test_cannot_look_an_outside_name_up() -> None:
    with pytest.raises(OutsideConnection):
        socket.getaddrinfo("frontdesk.example", 443)


def test_a_test_cannot_send_a_datagram_outside() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end, pytest.raises(OutsideConnection):
        end.sendto(b"hello", ("192.0.2.1", 9))


def test_the_loopback_interface_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as end:
        assert end.getpeername() == listener.getsockname()
