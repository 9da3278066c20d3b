"""Incidents and the rota on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal


async def test_an_incident_is_worked_on_from_its_opening_to_its_post_mortem(terminal: Terminal, tmp_path: Path) -> None:
    opened = await terminal.type(
        "incident", "open", "nobody is [texted]", "--grade", "P0", "--runbook", "texts-not-going-out",
        "--began", "20m", "--json",
    )  # fmt: skip
    assert opened.code == 0, opened.err
    number = str(opened.document["number"])
    waiting = await terminal.type("incident", "list", "--json")
    assert (waiting.code, [one["state"] for one in waiting.each("incidents")]) == (1, ["open"])
    assert (await terminal.type("incident", "ack", number)).code == 0
    assert (await terminal.type("incident", "list")).code == 0
    assert (await terminal.type("incident", "note", number, "breaker is open")).code == 0
    regraded = await terminal.type("incident", "status", number, "Some texts are late", "--grade", "p1", "--json")
    assert regraded.document["grade"] == "P1"
    assert (await terminal.type("incident", "resolve", number, "the carrier answers")).code == 0
    shown = await terminal.type("incident", "show", number, "--json")
    sources = [one["source"] for one in shown.each("timeline")]
    assert {"note", "status", "system"} <= set(sources)
    assert len(shown.each("actions")) == 3
    people = await terminal.type("incident", "show", number)
    assert "nobody is [texted]" in people.out
    page = tmp_path / "postmortem.md"
    written = await terminal.type(
        "incident", "postmortem", number, "--set", "summary=Nobody was texted", "--set", "root-cause=a = b",
        "--publish", "--out", str(page),
    )  # fmt: skip
    assert written.code == 0, written.err
    assert "a = b" in page.read_text(encoding="utf-8")
    again = await terminal.type("incident", "list", "--all", "--json")
    assert again.each("incidents")[0]["published_at"] is not None


async def test_actions_are_added_listed_and_done(terminal: Terminal) -> None:
    number = str((await terminal.type("incident", "open", "slow", "--grade", "P3", "--json")).document["number"])
    added = await terminal.type("incident", "action", number, "an alert", "--owner", "Ben", "--due", "24h", "--json")
    [action] = added.each("actions")
    assert (action["words"], action["owner"], action["done_at"]) == ("an alert", "Ben", None)
    done = await terminal.type("incident", "action", number, "--done", str(action["id"]), "--json")
    assert done.each("actions")[0]["done_at"] is not None
    again = await terminal.type("incident", "action", number, "--done", str(action["id"]), "--json")
    assert (again.code, again.at("error", "code")) == (1, "incidents.action_unknown")
    assert len((await terminal.type("incident", "action", number, "--json")).each("actions")) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("incident", "open", "x", "--grade", "P9"),
        ("incident", "open", "x", "--began", "soon"),
        ("incident", "action", "1", "--done", "nothing"),
        ("incident", "postmortem", "1", "--set", "summary"),
        ("oncall", "set", "1", "--person", "Ben=b@example.com", "--turn", "monthly"),
    ],
)
async def test_what_cannot_be_read_is_a_usage_error(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert (await terminal.type(*arguments)).code == 2


async def test_the_rota_is_set_shown_and_somebody_stands_in(terminal: Terminal) -> None:
    nobody = await terminal.type("oncall", "show", "--json")
    assert (nobody.code, nobody.document) == (1, {"on_call": []})
    made = await terminal.type(
        "oncall", "set", "1", "--person", "Ben=ben@example.com, +12065550101", "--zone", "America/Phoenix", "--json"
    )
    [ben] = made.each("on_call")
    assert (ben["name"], ben["addresses"]) == ("Ben", ["ben@example.com", "+12065550101"])
    assert (await terminal.type("oncall", "set", "2", "--person", "Ada=ada@example.com")).code == 0
    instead = await terminal.type("oncall", "override", "1", "Ada", "--for", "12h", "--reason", "ill", "--json")
    assert [(one["name"], one["stands_in"]) for one in instead.each("on_call")] == [("Ada", True), ("Ada", False)]
    later = await terminal.type("oncall", "show", "--in", "13h", "--json")
    assert (later.code, later.each("on_call")[0]["name"]) == (0, "Ben")
    assert "Ada" in (await terminal.type("oncall", "show")).out
    unknown = await terminal.type("oncall", "override", "1", "Nobody", "--json")
    assert unknown.at("error", "code") == "oncall.person_unknown"
