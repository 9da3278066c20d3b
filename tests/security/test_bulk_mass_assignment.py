"""Nobody slips in a field that is not theirs to set: whose it is, what it costs, who somebody is, when it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import cast

from frontdesk.web.app import create_app
from frontdesk.web.docs import describe_api
from tests.security.test_access_matrix import BODIES, _ids
from tests.support.house import ADA, ADMIN, House

Schema = dict[str, object]


class Nowhere(dict[str, str]):
    """The ids of what Ada's business has, and of nothing for everything else."""

    def __missing__(self, name: str) -> str:
        return "00000000-0000-7000-8000-000000000000"


# Whose it is, who did it, what may be done, what it costs, when it was, and how it stands: ours to say, always.
OURS: dict[str, object] = {
    "tenant_id": "00000000-0000-7000-8000-000000000000",
    "id": "00000000-0000-7000-8000-000000000000",
    "platform_admin": True,
    "created_by": "mallory",
    "created_at": "2020-01-01T00:00:00Z",
    "cost_cents": 0,
    "price_cents": 0,
    "verdict": "send",
    "__proto__": {"role": "owner"},
}


def bodies(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """List every JSON body that an operation takes, with its schema."""
    paths = cast("dict[str, dict[str, Schema]]", document["paths"])
    for path, item in paths.items():
        for method, operation in item.items():
            content = cast("Schema", cast("Schema", operation.get("requestBody", {})).get("content", {}))
            if "application/json" in content:
                yield method, path, cast("Schema", cast("Schema", content["application/json"])["schema"])


def objects(document: Schema, schema: Schema) -> Iterator[Schema]:
    """List the objects that a schema is made of, those inside it too."""
    components = cast("dict[str, Schema]", cast("Schema", document["components"])["schemas"])
    seen: set[str] = set()
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        name = str(one.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            waiting.append(components[name])
        for key in ("anyOf", "oneOf", "allOf"):
            waiting += cast("list[Schema]", one.get(key, []))
        if isinstance(one.get("items"), dict):
            waiting.append(cast("Schema", one["items"]))
        properties = cast("dict[str, Schema]", one.get("properties", {}))
        waiting += properties.values()
        if properties:
            yield one


async def test_no_body_takes_a_field_that_it_does_not_name(house: House) -> None:
    document = describe_api(create_app(house.parts), cookie="session_id")
    taken = list(bodies(document))
    assert len(taken) > 20
    loose = {
        f"{method} {path}: {one.get('title')}"
        for method, path, schema in taken
        for one in objects(document, schema)
        if one.get("additionalProperties") is not False
    }
    assert loose == set()


async def test_fields_that_are_ours_to_set_are_refused_in_every_operation(house: House) -> None:
    ids = Nowhere(await _ids(house))
    admin = await house.as_person(ADMIN)
    admin.headers["X-Tenant-Id"] = str(house.ada.id)
    document = describe_api(create_app(house.parts), cookie="session_id")
    tried = 0
    for method, path, schema in bodies(document):
        named = {name for one in objects(document, schema) for name in cast("Schema", one["properties"])}
        for field, value in OURS.items():
            if field in named:
                continue
            answer = await admin.request(
                method,
                path.format_map(ids),
                content=json.dumps({**BODIES.get(path, {}), field: value}),
                headers={"Content-Type": "application/json"},
            )
            where = (method, path, field, answer.text)
            assert (answer.status_code, answer.json()["code"]) == (422, "web.invalid"), where
            assert any(fault["path"].endswith(field) for fault in answer.json()["faults"]), where
            tried += 1
    assert tried > 150


async def test_a_key_that_comes_twice_does_not_smuggle_a_value_past_its_check(house: House) -> None:
    ada = await house.as_person(ADA)
    twice = '{"name": "x", "scopes": ["calls:read"], "days": 1, "days": 100000}'
    answer = await ada.post("/api/tokens", content=twice, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_a_business_changes_neither_its_id_nor_its_slug_nor_its_age(house: House) -> None:
    ada = await house.as_person(ADA)
    before = (await ada.get(f"/api/tenants/{house.ada.id}")).json()
    for field in ("id", "slug", "created_at", "updated_at"):
        answer = await ada.patch(f"/api/tenants/{house.ada.id}", json={field: before[field], "ring_seconds": 9})
        assert answer.status_code == 422, field
    assert (await ada.get(f"/api/tenants/{house.ada.id}")).json() == before
