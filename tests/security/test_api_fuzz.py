"""Whatever is asked, the API answers as its own document says: no bug, no undeclared answer, no field too many."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from frontdesk.kernel.auth import PLATFORM_SCOPES, Scope
from frontdesk.web.app import create_app
from frontdesk.web.docs import describe_api
from tests.security.test_access_matrix import BODIES, CAMPAIGN, _ids, rows_of
from tests.support.api_document import json_bodies, objects_of, properties_of
from tests.support.fuzzing import NOWHERE, Fuzzer
from tests.support.hostility import EXCESS
from tests.support.house import ADA, House, open_house

PARTS = 4
QUICK, THOROUGH = 4, 100
OF_BUSINESSES = frozenset(Scope) - PLATFORM_SCOPES
READING = frozenset(scope for scope in OF_BUSINESSES if scope.value.endswith(":read"))
# Whose requests are answered with 429 are not answered as asked; limits have tests of their own.
UNLIMITED = {"API_CALLER_UNITS_PER_MINUTE": "0", "API_BUSINESS_UNITS_PER_MINUTE": "0"}

REFUSED = 400
JSON = {"Content-Type": "application/json"}
KNOWN = {"where": "known", "what": "name"}
WEEK = {"weekly": {"mon": [["09:00", "17:00"]]}, "special": []}
# Where a body may hold a tree that its schema does not describe: how it is told a field too many.
TREES: dict[str, tuple[str, dict[str, object]]] = {
    "NewSegment.filter": ("/api/segments", {"name": "x", "filter": {**KNOWN, "tenant_id": "x"}}),
    "SegmentChange.filter": (
        "/api/segments",
        {"name": "x", "filter": {"where": "not", "of": {**KNOWN, "tenant_id": 1}}},
    ),
    "Question.filter": ("/api/segments/preview", {"filter": {"where": "all", "of": [{**KNOWN, "tenant_id": "x"}]}}),
    "CampaignOrder.audience": ("/api/campaigns", {**CAMPAIGN, "audience": {"filter": KNOWN, "tenant_id": "x"}}),
    "TenantChange.hours": ("/api/tenants/{tenant_id}", {"hours": {**WEEK, "tenant_id": "x"}}),
}
DEEPER: tuple[tuple[str, dict[str, object]], ...] = (
    ("/api/campaigns", {**CAMPAIGN, "audience": {"filter": {**KNOWN, "tenant_id": "x"}}}),
    ("/api/tenants/{tenant_id}", {"hours": {**WEEK, "weekly": {"mon": [], "tenant_id": []}}}),
)


@pytest.fixture
async def house(database_url: str, home: Path) -> AsyncIterator[House]:
    """Open the house for one test, with no limit on how much may be asked."""
    async with open_house(database_url, home, environ=UNLIMITED) as opened:
        yield opened


async def fuzzer_of(house: House) -> Fuzzer:
    """Make a fuzzer that asks with tokens of the platform, of Ada's business, of readers, of Mallory, and with none."""
    document = describe_api(create_app(house.parts), cookie="session_id")
    tokens = {
        "platform": await house.as_program(*Scope),
        "business": await house.as_program(*OF_BUSINESSES, tenant_id=house.ada.id),
        "reader": await house.as_program(*READING, tenant_id=house.ada.id),
        "narrow": await house.as_program(Scope.CALLS_READ, tenant_id=house.ada.id),
        "stranger": await house.as_program(*OF_BUSINESSES, tenant_id=house.mallory.id),
    }
    named = {name: {"Authorization": client.headers["Authorization"]} for name, client in tokens.items()}
    platform = {**named["platform"], "X-Tenant-Id": str(house.ada.id)}
    callers = [
        *[platform] * 6,
        *[named["business"]] * 3,
        *(named[name] for name in ("platform", "reader", "narrow", "stranger")),
        {},
    ]
    return Fuzzer(url=house.url, document=document, ids=await _ids(house), bodies=BODIES, callers=callers)


async def fuzz_part(house: House, part: int, *, examples: int) -> Fuzzer:
    """Ask every fourth operation."""
    fuzzer = await fuzzer_of(house)
    for operation in fuzzer.operations()[part::PARTS]:
        await asyncio.to_thread(fuzzer.fuzz, operation, examples=examples)
    return fuzzer


def check(fuzzer: Fuzzer, *, examples: int) -> None:
    """Show what was found; every operation was asked often enough, and not only to be refused."""
    print(f"{sum(fuzzer.sent.values())} requests to {len(fuzzer.sent)} operations: {dict(fuzzer.statuses)}")  # noqa: T201 - the figures of a run
    assert not fuzzer.findings, "\n".join(map(str, fuzzer.findings.values()))
    assert min(fuzzer.sent.values()) >= examples
    assert fuzzer.statuses[200] > len(fuzzer.sent) // 4


@pytest.mark.timeout(180)
@pytest.mark.parametrize("part", range(PARTS))
async def test_a_few_requests_to_every_operation_are_answered_as_the_document_says(house: House, part: int) -> None:
    check(await fuzz_part(house, part, examples=QUICK), examples=QUICK)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
async def test_a_hundred_requests_to_every_operation_are_answered_as_the_document_says(house: House, part: int) -> None:
    check(await fuzz_part(house, part, examples=THOROUGH), examples=THOROUGH)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
async def test_the_worst_values_in_every_field_are_answered_as_the_document_says(house: House, part: int) -> None:
    fuzzer = await fuzzer_of(house)
    for operation in fuzzer.operations()[part::PARTS]:
        await asyncio.to_thread(fuzzer.sweep, operation)
    check(fuzzer, examples=1)


def at(path: str, ids: Mapping[str, str]) -> str:
    """Fill a path with what exists; where nothing is known, with what does not."""
    return path.format_map(defaultdict(lambda: str(NOWHERE), ids))


async def test_no_body_takes_a_field_that_is_not_its_own(house: House) -> None:
    document = describe_api(create_app(house.parts), cookie="session_id")
    ids = await _ids(house)
    platform = await house.as_program(*Scope)
    platform.headers["X-Tenant-Id"] = str(house.ada.id)
    for (method, path), schema in json_bodies(document).items():
        declared = properties_of(schema, document)
        excess = {name: "x" for name in EXCESS if name not in declared}
        answer = await platform.request(method, at(path, ids), json={**BODIES.get(path, {}), **excess})
        assert answer.status_code == 422, (method, path, answer.text)
        named = {fault["path"].rpartition(".")[2] for fault in answer.json()["faults"]}
        assert named >= set(excess), (method, path, answer.text)


async def test_what_a_body_takes_as_a_tree_is_read_as_strictly(house: House) -> None:
    document = describe_api(create_app(house.parts), cookie="session_id")
    bodies = json_bodies(document).values()
    trees = {place for schema in bodies for place, is_open in objects_of(schema, document, "body") if is_open}
    assert trees == set(TREES), "a body takes any field in places that nobody tries here"
    ada = await house.as_person(ADA)
    for path, body in (*TREES.values(), *DEEPER):
        method = "PATCH" if path.startswith("/api/tenants/") else "POST"
        answer = await ada.request(method, path.format(tenant_id=house.ada.id), json=body)
        assert answer.status_code == 422, (path, answer.text)
        assert "tenant_id" in answer.json()["detail"], (path, answer.text)


async def test_a_question_for_another_business_or_role_is_answered_as_if_it_were_not_there(house: House) -> None:
    ids = await _ids(house)
    ada = await house.as_person(ADA)
    excess = {"tenant_id": str(house.mallory.id), "role_id": "owner", "X-Tenant-Id": str(house.mallory.id)}
    for row in rows_of(create_app(house.parts)):
        if row.method == "GET" and row.access == "business" and row.path.startswith("/api/"):
            path = at(row.path, ids)
            plain, asked = await ada.get(path), await ada.get(path, params=excess)
            assert asked.status_code == plain.status_code, (path, asked.text)
            if plain.status_code < REFUSED:
                assert asked.content == plain.content, path
            else:
                assert {**asked.json(), "instance": ""} == {**plain.json(), "instance": ""}, path


async def test_ten_megabytes_in_one_field_are_refused_at_every_door(house: House) -> None:
    document = describe_api(create_app(house.parts), cookie="session_id")
    ids = await _ids(house)
    platform = await house.as_program(*Scope)
    body = b'{"name": "' + b"A" * 10_000_000 + b'"}'
    for method, path in json_bodies(document):
        answer = await platform.request(method, at(path, ids), content=body, headers=JSON)
        assert answer.status_code == 413, (method, path, answer.text)
        assert answer.json()["code"] == "web.too_large"
