"""The pages of operations over real HTTP: who may look, run and approve, and what a run shows of itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from frontdesk.features import delivery
from frontdesk.kernel.auth import Scope
from frontdesk.operations import runbooks
from frontdesk.operations.checking import look_at_all
from frontdesk.operations.checking.registry import all_checks, all_remedies, find_sabotage
from frontdesk.operations.drills.model import DrillReport, StageTime
from frontdesk.operations.drills.queries import record_result
from frontdesk.operations.incidents.queries import incidents
from frontdesk.web.pages.operations_markdown import render_page
from frontdesk.web.pages.operations_views import age_words
from frontdesk.web.pages.rows import Tone
from tests.support.actors import TEST_ACTS
from tests.support.house import ADA, ADMIN, BEN, House

PAGES = (
    "/operations",
    "/operations/runbooks",
    "/operations/runbooks/kill-switch",
    "/operations/runs",
    "/operations/drills",
    "/operations/alerts",
    "/operations/incidents",
    "/operations/on-call",
    "/operations/backups",
)


async def visitor(house: House, email: str = ADMIN) -> httpx2.AsyncClient:
    """Log somebody in who asks for pages."""
    client = await house.as_person(email)
    client.headers["Accept"] = "text/html"
    return client


async def program(house: House, *scopes: Scope) -> httpx2.AsyncClient:
    """Make a program of the platform that asks for pages."""
    client = await house.as_program(*scopes)
    client.headers["Accept"] = "text/html"
    return client


async def pull_the_switch(house: House) -> None:
    """Pause everything, and let the checks be looked at."""
    async with house.parts.system.transaction() as tx:
        await delivery.pause_sending(
            tx, scope=delivery.Scope.GLOBAL, key="all", by=TEST_ACTS, reason="<b>wrong template</b>"
        )
    await look_at_all(house.parts.system)


async def started(client: httpx2.AsyncClient, slug: str = "kill-switch") -> str:
    """Run a runbook by its form; returns where its run is."""
    answer = await client.post(f"/operations/runbooks/{slug}/runs", data={"reason": "they asked <i>why</i>"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def follow(house: House, address: str) -> runbooks.Run:
    """Do what a worker would with a run."""
    return await runbooks.follow_run(house.parts.system, UUID(address.rpartition("/")[2]))


async def test_only_who_looks_after_the_installation_sees_operations(house: House) -> None:
    root, ada, ben = await visitor(house), await visitor(house, ADA), await visitor(house, BEN)
    nobody = house.client(Accept="text/html")
    for address in PAGES:
        assert (await root.get(address)).status_code == 200, address
        for other in (ada, ben):
            assert (await other.get(address)).status_code == 403, address
        assert (await nobody.get(address)).status_code in {303, 401}, address
    assert 'href="/operations"' in (await root.get("/")).text
    assert 'href="/operations"' not in (await ada.get("/")).text
    assert (await ada.post("/operations/runbooks/kill-switch/runs", data={"reason": "me too"})).status_code == 403


async def test_what_is_wrong_is_told_with_its_runbook_and_pulled_switches_with_their_reason(house: House) -> None:
    root = await visitor(house)
    assert "Nobody has looked yet" in (await root.get("/operations")).text
    await pull_the_switch(house)
    seen = (await root.get("/operations")).text
    assert "Everything is paused" in seen
    assert "&lt;b&gt;wrong template&lt;/b&gt;" in seen
    assert "<b>wrong template</b>" not in seen
    assert 'href="/operations/runbooks/kill-switch">Sending is paused</a>' in seen
    assert "No kill switch is pulled" in seen
    assert "not well" in seen
    live = await root.get("/operations/live", headers={"HX-Request": "true"})
    assert "Everything is paused" in live.text
    assert "<html" not in live.text
    assert (await root.get("/operations/live")).status_code == 303


async def test_a_runbook_is_found_in_ones_own_words(house: House) -> None:
    root = await visitor(house)
    found = (await root.get("/operations/runbooks", params={"q": "somebody paused all the sms"})).text
    assert 'href="/operations/runbooks/kill-switch"' in found
    nothing = (await root.get("/operations/runbooks", params={"q": "<script>xyzzy</script>"})).text
    assert "Nothing fits" in nothing
    assert "<script>xyzzy" not in nothing
    for slug in runbooks.library():
        assert (await root.get(f"/operations/runbooks/{slug}")).status_code == 200, slug
    assert (await root.get("/operations/runbooks/no-such-page")).status_code == 404


async def test_a_run_asks_repairs_after_a_yes_and_shows_every_step(house: House) -> None:
    await pull_the_switch(house)
    root = await visitor(house)
    diagnosis = await root.get("/operations/runbooks/kill-switch?look=now")
    assert "It would:" in diagnosis.text
    address = await started(root)
    begun = (await root.get(address)).text
    assert "A worker begins within a second or two." in begun
    assert "they asked &lt;i&gt;why&lt;/i&gt;" in begun
    assert 'hx-trigger="every 1s"' in begun
    await follow(house, address)
    proposed = (await root.get(address)).text
    assert "waits for a yes" in proposed
    assert "Do it" in proposed
    assert "Release every kill switch" in proposed
    again = await root.post("/operations/runbooks/kill-switch/runs", data={"reason": "me too"})
    assert again.status_code == 409
    assert "being run already" in again.text
    assert f'href="{address}"' in again.text
    assert (await root.post(f"{address}/approve")).status_code == 303
    run = await follow(house, address)
    assert run.state is runbooks.RunState.REPAIRED
    done = (await root.get(address)).text
    assert "approved by root@example.com" in done
    assert "repaired" in done
    assert "hx-get" not in done.partition('id="run"')[2].partition("</section>")[0]
    late = await root.post(f"{address}/approve")
    assert late.status_code == 409
    assert "nothing awaits you" in late.text
    assert (await root.post(f"{address}/cancel")).status_code == 409


async def test_what_a_remedy_has_to_be_told_is_asked_for_and_kept_when_it_is_refused(house: House) -> None:
    sabotage = find_sabotage("operations.rejected_events")
    assert sabotage is not None
    async with house.parts.system.transaction() as tx:
        await sabotage.act(tx)
    root = await visitor(house)
    address = await started(root, "outbox-stuck")
    await follow(house, address)
    field = "operations.replay_events.limit"
    assert f'name="{field}" value="1000"' in (await root.get(address)).text
    wrong = await root.post(f"{address}/approve", data={field: 'a"few', "operations.replay_events.force": "1"})
    assert wrong.status_code == 422
    assert f'name="{field}" value="a&#34;few"' in wrong.text
    assert "is no count" in wrong.text
    assert (await root.post(f"{address}/approve", data={field: "2"})).status_code == 303
    async with house.parts.system.transaction() as tx:
        run = await runbooks.get_run(tx, run_id=UUID(address.rpartition("/")[2]))
    told = {one.name: dict(one.arguments) for one in run.remedies}
    assert told["operations.replay_events"] == {"limit": "2"}


async def test_what_moves_is_followed_and_the_page_is_drawn_anew_when_more_may_be_done(house: House) -> None:
    await pull_the_switch(house)
    root = await visitor(house)
    address = await started(root)
    asked = {"HX-Request": "true"}
    same = await root.get(f"{address}/live?seen=diagnosing", headers=asked)
    assert "HX-Refresh" not in same.headers
    assert "<html" not in same.text
    await follow(house, address)
    changed = await root.get(f"{address}/live?seen=diagnosing", headers=asked)
    assert changed.headers["HX-Refresh"] == "true"
    assert (await root.post(f"{address}/cancel")).status_code == 303
    assert "canceled by root@example.com" in (await root.get(address)).text


async def test_looking_running_and_approving_are_rights_of_their_own(house: House) -> None:
    await pull_the_switch(house)
    reader = await program(house, Scope.OPERATIONS_READ)
    runner = await program(house, Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE)
    approver = await program(house, Scope.OPERATIONS_READ, Scope.OPERATIONS_APPROVE)
    page = "/operations/runbooks/kill-switch"
    assert "Run it" not in (await reader.get(page)).text
    assert (await reader.post(f"{page}/runs", data={"reason": "I may not"})).status_code == 403
    address = await started(runner)
    await follow(house, address)
    for who in (reader, runner):
        assert "Somebody who may approve has to say yes." in (await who.get(address)).text
        assert (await who.post(f"{address}/approve")).status_code == 403
    assert "Cancel the run" not in (await approver.get(address)).text
    assert (await approver.post(f"{address}/cancel")).status_code == 403
    assert (await approver.post(f"{address}/approve")).status_code == 303


async def test_no_form_is_taken_from_another_sites_page(house: House) -> None:
    root = await visitor(house)
    del root.headers["X-CSRF-Token"]
    for address in (
        "/operations/runbooks/kill-switch/runs",
        "/operations/alerts/silences",
        "/operations/incidents",
    ):
        refused = await root.post(address, data={"reason": "x", "title": "x", "alertname": "QueueLong"})
        assert refused.status_code == 403, address
    assert "Not run yet." in (await root.get("/operations/runbooks/kill-switch")).text


async def test_a_run_without_a_reason_is_not_begun(house: House) -> None:
    root = await visitor(house)
    refused = await root.post("/operations/runbooks/kill-switch/runs", data={"reason": "  "})
    assert refused.status_code == 422
    assert "Say why it is run" in refused.text
    assert "No runs yet" in (await root.get("/operations/runs")).text


async def test_a_page_becomes_html_without_a_word_of_foreign_html() -> None:
    text = (
        "# Title\n\n## Diagnosis\n\n- [All <b>well</b>](check:a.fails) and [mend](do:b.mend?x=1)\n"
        "- [seen](expect:c.ok) [kill](kill-switch.md#x) [out](https://example.com/a) [up](../law.md)\n"
        "- [bad](javascript:alert(1)) <script>x</script>\n\n| a | b |\n|---|---|\n| 1 | `<i>` |\n\n"
        "```bash\nfrontdesk <pre> health\n```\n"
    )
    html = str(render_page(text, {"a.fails": Tone.BAD}))
    assert "Title" not in html
    assert '<span class="wired check bad" title="a.fails"><b>check</b> All &lt;b&gt;well&lt;/b&gt;</span>' in html
    assert '<span class="wired do calm" title="b.mend"><b>do</b> mend</span>' in html
    assert '<a href="/operations/runbooks/kill-switch">kill</a>' in html
    assert '<a href="https://example.com/a" rel="noreferrer">out</a>' in html
    assert "<span>up</span>" in html
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "frontdesk &lt;pre&gt; health" in html
    assert html.count('tabindex="0"') == 2


async def test_every_link_of_the_library_into_the_program_is_a_mark() -> None:
    names = {one.name for one in all_checks()} | {one.name for one in all_remedies()}
    for slug, page in runbooks.library().items():
        html = str(render_page(page.text, {}))
        assert "](" not in html.replace("<code>", ""), slug
        wired = {link.name for link in (*page.diagnosis, *page.verification)} | {
            link.name for one in page.resolutions for link in one.remedies
        }
        assert wired <= names, slug
        assert all(f'title="{name}"' in html for name in wired), slug


async def test_drills_are_shown_with_their_times_and_their_age(house: House) -> None:
    pages = runbooks.library()

    def report(slug: str, *, passed: bool, digest: str) -> DrillReport:
        return DrillReport(
            slug=slug,
            broken_by="x",
            digest=digest,
            passed=passed,
            words="it was not found out",
            times=StageTime(1.25, 3.5),
            steps=(),
        )

    async with house.parts.system.transaction() as tx:
        for slug, passed, digest in (
            ("kill-switch", True, pages["kill-switch"].digest),
            ("quiet-hours", True, "0" * 64),
            ("outbox-stuck", False, pages["outbox-stuck"].digest),
        ):
            await record_result(
                tx, report(slug, passed=passed, digest=digest), started_at=tx.now - timedelta(seconds=9)
            )
    seen = (await (await visitor(house)).get("/operations/drills")).text
    rows = {slug: seen.partition(f"/operations/drills/{slug}")[2].partition("</tr>")[0] for slug in pages}
    assert "passed" in rows["kill-switch"]
    assert "3.5 s" in rows["kill-switch"]
    assert "page changed since" in rows["quiet-hours"]
    assert "it was not found out" in rows["outbox-stuck"]
    assert "never here" in rows["database-busy"]
    assert seen.index("/operations/drills/outbox-stuck") < seen.index("/operations/drills/quiet-hours")
    assert seen.index("/operations/drills/quiet-hours") < seen.index("/operations/drills/kill-switch")


async def test_an_alert_is_silenced_with_a_reason_and_never_one_of_the_law(house: House) -> None:
    root = await visitor(house)
    order = {"alertname": "QueueLong", "minutes": "60", "reason": "we are moving"}
    assert (await root.post("/operations/alerts/silences", data={**order, "reason": " "})).status_code == 422
    too_long = await root.post("/operations/alerts/silences", data={**order, "minutes": "9999"})
    assert too_long.status_code == 422
    assert (await root.post("/operations/alerts/silences", data=order)).status_code == 303
    seen = (await root.get("/operations/alerts")).text
    assert "<strong>QueueLong</strong>" in seen
    assert "we are moving" in seen
    lift = seen.partition('action="/operations/alerts/silences/')[2].partition('"')[0]
    assert (await root.post(f"/operations/alerts/silences/{lift}")).status_code == 303
    assert "Nothing is silenced." in (await root.get("/operations/alerts")).text
    book_says = await root.post("/operations/alerts/silences", data={**order, "alertname": "NoSuchAlert"})
    assert book_says.status_code == 404


async def test_an_incident_is_opened_taken_noted_and_ended(house: House) -> None:
    root = await visitor(house)
    assert (await root.post("/operations/incidents", data={"title": " "})).status_code == 422
    opened = await root.post(
        "/operations/incidents", data={"title": "<b>Texts</b> stand", "grade": "P1", "runbook": "kill-switch"}
    )
    assert opened.status_code == 303
    address = str(opened.headers["location"])
    seen = (await root.get(address)).text
    assert "&lt;b&gt;Texts&lt;/b&gt; stand" in seen
    assert "nobody has it" in seen
    assert "Texts&lt;/b&gt; stand" in (await root.get("/operations")).text
    assert (await root.post(f"{address}/ack")).status_code == 303
    assert "root@example.com has it" in (await root.get(address)).text
    assert (await root.post(f"{address}/notes", data={"words": "", "kind": "note"})).status_code == 422
    forged = await root.post(f"{address}/notes", data={"words": "it was not me", "kind": "system"})
    assert forged.status_code == 303
    number = int(address.rpartition("/")[2])
    async with house.parts.system.transaction() as tx:
        incident = await incidents.find_incident(tx, number=number)
        assert incident is not None
        notes = await incidents.list_notes(tx, incident_id=incident.id)
    assert {note.kind.value for note in notes if note.words == "it was not me"} == {"note"}
    assert (await root.post(f"{address}/resolve", data={"words": "the template is right again"})).status_code == 303
    over = (await root.get(address)).text
    assert "the template is right again" in over
    assert "It is over" not in over
    assert (await root.post(f"{address}/ack")).status_code == 409
    assert (await root.get("/operations/incidents/999")).status_code == 404


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (8, "8 s"), (119, "119 s"), (240, "4 min"), (7200, "2 h"), (172_800, "2 days")],
)
async def test_how_long_something_lasts_is_said_as_people_do(seconds: int, words: str) -> None:
    assert age_words(timedelta(seconds=seconds)) == words
