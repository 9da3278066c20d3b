"""Bookings on the command line: what the demo businesses offer, booked, moved and called off."""

from __future__ import annotations

from tests.cli.conftest import Terminal

AT_HARBOR = ("--tenant", "harbor-plumbing")


async def test_a_free_time_is_booked_moved_and_called_off(terminal: Terminal) -> None:
    (offered,) = (await terminal.type("booking", "services", *AT_HARBOR, "--json")).each("services")
    assert offered["given_by"] == ["Ada", "Ben"]
    wanted = ("--service", "repair visit", *AT_HARBOR)
    slots = (await terminal.type("booking", "slots", *wanted, "--limit", "60", "--json")).each("slots")
    first, last = str(slots[0]["starts_at"]), str(slots[-1]["starts_at"])
    booked = await terminal.type("booking", "book", "(206) 555-0123", *wanted, "--at", first, "--json")
    assert booked.code == 0, booked.err
    appointment = str(booked.at("appointment", "id"))
    again = await terminal.type("booking", "book", "(206) 555-0124", *wanted, "--at", first)
    assert again.code == 0  # the other person gives it
    taken = await terminal.type("booking", "book", "(206) 555-0125", *wanted, "--at", first, "--json")
    assert (taken.code, taken.at("taken", "why")) == (1, "taken")
    moved = await terminal.type("booking", "move", appointment, *AT_HARBOR, "--at", last, "--json")
    assert (moved.code, moved.at("appointment", "revision")) == (0, 1)
    listed = await terminal.type("booking", "list", *AT_HARBOR)
    assert appointment in listed.out
    off = await terminal.type("booking", "cancel", appointment, *AT_HARBOR, "--because", "dry again", "--json")
    assert off.at("appointment", "status") == "cancelled"


async def test_what_cannot_be_booked_is_named(terminal: Terminal) -> None:
    wanted = ("--service", "Repair visit", *AT_HARBOR)
    for arguments, code in (
        (("book", "12", *wanted, "--at", "2026-11-24T10:00"), "contacts.phone_too_short"),
        (("book", "(206) 555-0123", *wanted, "--at", "soon"), "cli.bad_moment"),
        (("slots", "--service", "Haircut", *AT_HARBOR), "scheduling.service_not_found"),
        (("cancel", "12", *AT_HARBOR), "scheduling.appointment_not_found"),
    ):
        answer = await terminal.type("booking", *arguments, "--json")
        assert (answer.code, answer.at("error", "code")) == (1, code), answer.out
