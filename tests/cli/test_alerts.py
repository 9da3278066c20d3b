"""Alerts on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.operations.alerts.stage import listening


async def test_nothing_is_listed_before_anybody_has_looked(terminal: Terminal) -> None:
    answer = await terminal.type("alerts", "list", "--json")
    assert answer.code == 0
    assert answer.document["alerts"] == []
    assert answer.document["evaluated_at"] is None


async def test_a_silence_is_made_shown_and_ended(terminal: Terminal) -> None:
    made = await terminal.type(
        "alerts", "silence", "alertname=CpuBusy", "tenant=harbor", "--for", "30m", "--reason", "an import", "--json"
    )
    assert made.code == 0, made.err
    listed = await terminal.type("alerts", "silences", "--json")
    [silence] = listed.each("silences")
    assert silence["matchers"] == {"alertname": "CpuBusy", "tenant": "harbor"}
    over = await terminal.type("alerts", "unsilence", str(silence["id"]))
    assert over.code == 0
    assert (await terminal.type("alerts", "silences", "--json")).document == {"silences": []}
    assert len((await terminal.type("alerts", "silences", "--over", "--json")).each("silences")) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("alertname=PromiseBroken", "--reason", "x"), "alerts.never_silenced"),
        (("alertname", "--reason", "x"), "alerts.bad_matcher"),
        (("alertname=CpuBusy", "--reason", "x", "--for", "2d"), "alerts.silence_too_long"),
        (("alertname=CpuBusy", "--reason", "x", "--for", "soon"), "alerts.bad_span"),
    ],
)
async def test_a_silence_that_may_not_be_is_refused(terminal: Terminal, arguments: tuple[str, ...], code: str) -> None:
    answer = await terminal.type("alerts", "silence", *arguments, "--json")
    assert answer.code == 1
    assert answer.at("error", "code") == code


async def test_what_is_no_silence_cannot_be_ended(terminal: Terminal) -> None:
    answer = await terminal.type("alerts", "unsilence", "nothing", "--json")
    assert answer.at("error", "code") == "alerts.silence_not_found"


async def test_sinks_are_tried_and_their_absence_is_a_failure(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = await terminal.type("alerts", "test", "--json")
    assert (none.code, none.document) == (1, {"ok": False, "sinks": []})
    async with listening() as ear:
        monkeypatch.setenv("ALERT_WEBHOOK_URL", f"{ear.url}/alerts")
        well = await terminal.type("alerts", "test", "--json")
        assert (well.code, well.document["ok"]) == (0, True)
        assert [one["status"] for one in ear.heard] == ["firing", "resolved"]
        ear.status = 500
        broken = await terminal.type("alerts", "test", "--json")
        assert (broken.code, broken.document["ok"]) == (1, False)


async def test_rules_are_written_for_other_programs(terminal: Terminal, tmp_path: Path) -> None:
    answer = await terminal.type(
        "alerts", "export", "--prometheus", str(tmp_path / "a" / "rules.yml"),
        "--prometheus-tests", str(tmp_path / "a" / "tests.yml"), "--alertmanager", str(tmp_path / "am.yml"),
        "--grafana", str(tmp_path / "boards"), "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "OutboxLag" in (tmp_path / "a" / "rules.yml").read_text(encoding="utf-8")
    assert '- "rules.yml"' in (tmp_path / "a" / "tests.yml").read_text(encoding="utf-8").replace(
        "- rules.yml", '- "rules.yml"'
    )
    assert "inhibit_rules" in (tmp_path / "am.yml").read_text(encoding="utf-8")
    assert len(list((tmp_path / "boards").iterdir())) == 6
    assert (await terminal.type("alerts", "export")).code == 2
