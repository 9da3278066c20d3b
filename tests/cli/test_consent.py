"""Opt-ins, do-not-contact lists and compliance packs on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from tests.cli.conftest import Terminal

CAROL = "+12065550123"
TENANT = ("--tenant", "harbor-plumbing")
COMPLETE = {
    "phone_e164": CAROL,
    "text_shown": "I agree to get marketing texts. Consent is no condition of purchase.",
    "url": "https://harbor.example/join",
    "given_at": "2026-03-04T09:05:00-08:00",
    "zone": "America/Los_Angeles",
    "ip": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
    "sellers": ["Harbor Plumbing"],
    "not_a_condition": True,
    "source": "paper form, typed in",
}


def written(folder: Path, name: str, text: str) -> str:
    """Write a file and name it."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


async def test_a_consent_is_recorded_listed_and_taken_back(terminal: Terminal, tmp_path: Path) -> None:
    file = written(tmp_path, "consent.json", json.dumps(COMPLETE))
    kept = await terminal.type("opt-in", "add", file, *TENANT, "--json")
    assert (kept.code, kept.document["permits_marketing"], kept.document["missing"]) == (0, True, [])
    opt_in_id = str(kept.at("opt_in", "id"))
    bare = written(tmp_path, "bare.json", json.dumps({"phone_e164": CAROL}))
    lacking = await terminal.type("opt-in", "add", bare, *TENANT, "--json")
    assert "text_shown" in cast("list[str]", lacking.at("missing"))
    assert len((await terminal.type("opt-in", "list", "--contact", CAROL, *TENANT, "--json")).each("opt_ins")) == 2
    standing = await terminal.type("dnc", "check", "--contact", CAROL, *TENANT, "--json")
    assert standing.document["marketing"] == ""
    gone = await terminal.type("opt-in", "revoke", opt_in_id, "--reason", "asked", *TENANT, "--json")
    assert gone.at("opt_in", "revoked_at") is not None
    bad = written(tmp_path, "bad.json", json.dumps({"phone_e164": CAROL, "given_at": "2026-03-04T09:05:00"}))
    assert (await terminal.type("opt-in", "add", bad, *TENANT)).code == 2


async def test_lists_are_kept_for_a_business_and_for_all(terminal: Terminal, tmp_path: Path) -> None:
    file = written(tmp_path, "list.csv", f"phone\n{CAROL}\nnobody\n")
    report = await terminal.type("dnc", "import", file, "--reason", "bought", *TENANT, "--json")
    assert (report.document["added"], report.document["invalid"]) == (1, 1)
    said = await terminal.type("dnc", "check", "--contact", CAROL, *TENANT)
    assert "all, by business" in said.out
    assert (await terminal.type("dnc", "remove", "--contact", CAROL, "--reason", "x", *TENANT)).code == 0
    assert (await terminal.type("dnc", "remove", "--contact", CAROL, "--reason", "x", *TENANT)).code == 1
    added = await terminal.type("dnc", "add", "--contact", CAROL, "--reason", "court", "--json")
    assert added.document["added"] is True
    everywhere = await terminal.type("dnc", "check", "--contact", CAROL, *TENANT, "--json")
    assert everywhere.document["marketing"] == "consent.refused_everywhere"
    assert (await terminal.type("dnc", "add", "--contact", CAROL, "--reason", "x", "--scope", "some")).code == 2


async def test_a_pack_is_written_and_checked_and_a_changed_one_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    file = written(tmp_path, "consent.json", json.dumps(COMPLETE))
    await terminal.type("opt-in", "add", file, *TENANT)
    out = tmp_path / "packs"
    made = await terminal.type("export", "compliance", "--contact", CAROL, "--out", str(out), "--json")
    [pack] = made.each("packs")
    folder, head = str(pack["folder"]), str(pack["head"])
    assert folder == str(out / "harbor-plumbing")
    assert (await terminal.type("export", "verify", str(out), "--json")).document["ok"] is True
    assert "The pack is whole" in (await terminal.type("export", "verify", folder, "--anchor", head)).out
    assert (await terminal.type("export", "verify", folder, "--anchor", "9:00")).code == 1
    (out / "harbor-plumbing" / "ledger.csv").write_text("", "utf-8")
    assert (await terminal.type("export", "verify", folder)).code == 1
    assert (await terminal.type("export", "compliance", "--contact", CAROL, "--out", str(out))).code == 1
    nowhere = ("--contact", "+12065550999", "--out", str(tmp_path / "n"))
    nobody = await terminal.type("export", "compliance", *nowhere, "--json")
    assert nobody.at("error", "code") == "insights.nothing_on_record"


async def test_a_file_of_consents_is_recorded_once(terminal: Terminal, tmp_path: Path) -> None:
    rows = (
        "phone,given_at,url,ip,user_agent,zone,source\n"
        f"{CAROL},2026-03-04T09:05:00-08:00,https://harbor.example,203.0.113.9,Mozilla/5.0,America/Los_Angeles,form\n"
        "nobody,,,,,,\n"
    )
    file = written(tmp_path, "consents.csv", rows)
    words = ("--text", "I agree.", "--seller", "Harbor Plumbing", "--not-a-condition")
    kept = await terminal.type("consent", "import-opt-ins", file, *TENANT, *words, "--json")
    assert (kept.code, kept.document["added"], kept.document["incomplete"]) == (0, 1, 0)
    assert [row["line"] for row in kept.each("invalid_rows")] == [3]
    again = await terminal.type("consent", "import-opt-ins", file, *TENANT, *words)
    assert "0 added, 1 were on record, 1 no consents" in again.out
    lacking = await terminal.type("consent", "import-opt-ins", file, *TENANT)
    assert "1 permit no marketing; they lack: text_shown (1)" in lacking.out
