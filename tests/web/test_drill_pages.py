"""Drills ordered on a page: one at a time, by whoever may, on an installation of their own, followed to the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from frontdesk.features import delivery
from frontdesk.kernel.audit import list_entries
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.jobs import JobsWorker, RunState, Workflows, list_runs_of, start_run
from frontdesk.kernel.settings import setting_names, without_settings
from frontdesk.operations import drills, runbooks
from frontdesk.operations.drills import DrillReport, StageTime
from frontdesk.operations.drills.jobs import PERFORM, add_drill_workflow
from frontdesk.operations.drills.queries import record_result
from tests.support.house import ADA, ADMIN, House

HTML = {"Accept": "text/html"}
DRILLS = "/operations/drills"


async def visitor(house: House, email: str = ADMIN) -> httpx2.AsyncClient:
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


@asynccontextmanager
async def working(house: House, database_url: str) -> AsyncIterator[None]:
    """Let a worker perform what is ordered."""
    workflows = Workflows()
    add_drill_workflow(workflows, home=house.parts.settings.home)
    worker = JobsWorker(database_url, workflows, app=house.parts.app, system=house.parts.system, drain_seconds=0.1)
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def has_ended(house: House) -> bool:
    async with house.parts.system.transaction() as tx:
        (run,) = await list_runs_of(tx, workflow=PERFORM, limit=1)
    return run.state in {RunState.SUCCEEDED, RunState.FAILED}


async def test_a_drill_is_ordered_on_its_page_once_at_a_time_and_noted(house: House) -> None:
    root = await visitor(house)
    page = (await root.get(f"{DRILLS}/kill-switch")).text
    assert "Somebody has paused all texts and gone home" in page
    assert "Not drilled here yet" in page
    ordered = await root.post(DRILLS, data={"slug": "kill-switch"})
    assert (ordered.status_code, ordered.headers["location"]) == (303, f"{DRILLS}/kill-switch")
    waiting = (await root.get(f"{DRILLS}/kill-switch")).text
    assert "waits for a worker" in waiting
    assert "Drill it now" not in waiting
    again = await root.post(DRILLS, data={"slug": "outbox-stuck"})
    assert again.status_code == 409
    assert "A drill is under way" in again.text
    async with house.parts.system.transaction() as tx:
        assert len(await list_runs_of(tx, workflow=PERFORM)) == 1
        noted = [one for one in await list_entries(tx, tenant_id=None, limit=1000) if one.action == "drills.ordered"]
    assert [one.subject for one in noted] == ["kill-switch"]


async def test_only_whoever_may_approve_repairs_orders_a_drill(house: House) -> None:
    reader = await house.as_program(Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE)
    assert (await reader.post(DRILLS, data={"slug": "kill-switch"})).status_code == 403
    for address in (DRILLS, f"{DRILLS}/kill-switch", "/operations/runbooks/kill-switch"):
        seen = await reader.get(address, headers=HTML)
        assert seen.status_code == 200
        assert 'action="/operations/drills"' not in seen.text, address
    ada = await visitor(house, ADA)
    assert (await ada.get(DRILLS)).status_code == 403
    assert (await ada.post(DRILLS, data={"slug": "kill-switch"})).status_code == 403
    root = await visitor(house)
    assert 'action="/operations/drills"' in (await root.get("/operations/runbooks/kill-switch")).text
    del root.headers["X-CSRF-Token"]
    assert (await root.post(DRILLS, data={"slug": "kill-switch"})).status_code == 403
    assert (await root.get(f"{DRILLS}/no-such-page")).status_code == 404


async def test_the_evidence_of_a_drill_stands_on_its_page(house: House) -> None:
    page = runbooks.get_runbook("kill-switch")
    report = DrillReport(
        slug=page.slug,
        broken_by="delivery.forgotten_switch",
        digest="0" * 64,
        passed=False,
        words="after the repair: <b>sending</b> is paused",
        times=StageTime(1.25, None),
        steps=(
            {"kind": "check", "name": "delivery.sending_is_on", "result": "failing", "words": "sending is paused"},
            {"kind": "do", "name": "delivery.resume_sending", "result": "done", "words": "released 1 kill switches"},
        ),
    )
    async with house.parts.system.transaction() as tx:
        await record_result(tx, report, started_at=tx.now)
    seen = (await (await visitor(house)).get(f"{DRILLS}/kill-switch")).text
    for words in (
        "Somebody has paused all texts and gone home",
        "No kill switch is pulled",
        "released 1 kill switches",
        "&lt;b&gt;sending&lt;/b&gt;",
        "not repaired",
        "The runbook has been rewritten since",
    ):
        assert words in seen, words
    assert "delivery.resume_sending" not in seen


async def test_what_could_not_be_performed_says_why_and_raises_no_alarm(
    house: House, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    async with house.parts.system.transaction() as tx:
        await start_run(tx, PERFORM, {"slug": "no-such-page", "by": "Ada"}, key="x")
    async with working(house, database_url):
        await house.eventually(lambda: has_ended(house), seconds=60)
    root = await visitor(house)
    seen = (await root.get(DRILLS)).text
    assert "could not be performed" in seen
    assert "no-such-page" in seen
    live = await root.get(f"{DRILLS}/live", params={"seen": "x"}, headers={"HX-Request": "true"})
    assert live.headers["HX-Refresh"] == "true"
    async with house.parts.system.transaction() as tx:
        (run,) = await list_runs_of(tx, workflow=PERFORM)
    assert run.state is RunState.SUCCEEDED


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_an_ordered_drill_is_followed_act_by_act_and_its_result_is_kept(
    house: House, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    root = await visitor(house)
    await root.post(DRILLS, data={"slug": "kill-switch"})
    async with working(house, database_url):
        await house.eventually(lambda: has_ended(house), seconds=300)
    live = (await root.get(f"{DRILLS}/live", headers={"HX-Request": "true"})).text
    told = ("throwaway", "Nothing is wrong yet", "Broken on purpose", "Found out", "Repaired")
    assert all(words in live for words in told), live
    assert "passed: found out, repaired and verified by the page alone" in live
    async with house.parts.system.transaction() as tx:
        (kept,) = await drills.list_results(tx, slug="kill-switch")
        assert not await delivery.list_paused(tx)
    assert kept.passed
    assert "released 1 kill switches" in (await root.get(f"{DRILLS}/kill-switch")).text


def test_a_drill_inherits_no_setting_of_the_installation_that_ordered_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.example.com/x")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN_FILE", "/run/secret")
    path = os.environ["PATH"]
    with without_settings(os.environ):
        assert not setting_names() & set(os.environ)
        assert os.environ["PATH"] == path
    assert os.environ["SLACK_WEBHOOK_URL"] == "https://hooks.example.com/x"
    assert os.environ["TWILIO_AUTH_TOKEN_FILE"] == "/run/secret"
