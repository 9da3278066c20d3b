"""From the OpenAPI document to what its page shows: operations by tag, with bodies and answers as examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

MAX_DEPTH = 6
ACCESS_WORDS = {
    "open": "Open to everybody.",
    "known": "For any session or token.",
    "business": "For one business; needs the scope {scope}.",
    "platform": "For the whole platform; needs the scope {scope}.",
}
EXAMPLES: Mapping[str, object] = {
    "date-time": "2026-11-21T14:03:07.123Z",
    "uuid": "019a0000-0000-7000-8000-000000000000",
    "string": "…",
    "integer": 1,
    "number": 4.2,
    "boolean": True,
}


class _Schema(msgspec.Struct, rename={"ref": "$ref", "any_of": "anyOf", "one_of": "oneOf", "all_of": "allOf",
                                      "additional": "additionalProperties"}):  # fmt: skip
    ref: str = ""
    type: str | list[str] = ""
    format: str = ""
    enum: list[object] = []
    const: object = None
    any_of: list[_Schema] = []
    one_of: list[_Schema] = []
    all_of: list[_Schema] = []
    properties: dict[str, _Schema] = {}
    items: _Schema | None = None
    additional: _Schema | bool = False


class _Media(msgspec.Struct):
    schema: _Schema | None = None


class _Content(msgspec.Struct):
    content: dict[str, _Media] = {}


class _Parameter(msgspec.Struct, rename={"place": "in"}):
    name: str
    place: str
    required: bool = False
    schema: _Schema = msgspec.field(default_factory=_Schema)


class _Operation(msgspec.Struct, rename={"body": "requestBody", "access": "x-access", "scope": "x-scope"}):
    summary: str = ""
    tags: list[str] = []
    parameters: list[_Parameter] = []
    body: _Content | None = None
    responses: dict[str, _Content] = {}
    access: str = "open"
    scope: str = ""


class _Components(msgspec.Struct):
    schemas: dict[str, _Schema] = {}


class _Document(msgspec.Struct):
    paths: dict[str, dict[str, _Operation]]
    components: _Components = msgspec.field(default_factory=_Components)


@dataclass(frozen=True, slots=True)
class ShownParameter:
    """One parameter, as the page shows it."""

    name: str
    place: str
    required: bool
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOperation:
    """One operation, as the page shows it; bodies and answers are JSON text, empty if there are none."""

    method: str
    path: str
    summary: str
    access: str
    parameters: list[ShownParameter]
    body: str
    status: str
    answer: str
    curl: str
    open_address: str


def group_operations(api: Mapping[str, object], *, base_url: str) -> dict[str, list[ShownOperation]]:
    """Read an OpenAPI document and return its operations by tag, each with a command that asks `base_url`."""
    document = msgspec.convert(api, type=_Document)
    groups: dict[str, list[ShownOperation]] = {}
    for path, methods in document.paths.items():
        for method, operation in methods.items():
            tag = operation.tags[0] if operation.tags else "other"
            groups.setdefault(tag, []).append(_shown(method, path, operation, document.components.schemas, base_url))
    return groups


def _shown(
    method: str, path: str, operation: _Operation, schemas: Mapping[str, _Schema], base_url: str
) -> ShownOperation:
    body = _written(operation.body, schemas)
    needs_more = "{" in path or any(one.required for one in operation.parameters)
    status, answer = next(iter(operation.responses.items()), ("", _Content()))
    return ShownOperation(
        method=method,
        path=path,
        summary=operation.summary,
        access=ACCESS_WORDS[operation.access].format(scope=operation.scope),
        parameters=[
            ShownParameter(one.name, one.place, one.required, json.dumps(_example(one.schema, schemas, MAX_DEPTH)))
            for one in operation.parameters
        ],
        body=body,
        status=status,
        answer=_written(answer, schemas),
        curl=_curl(method, f"{base_url}{path}", operation, body),
        open_address="" if method != "get" or needs_more else path,
    )


def _curl(method: str, url: str, operation: _Operation, body: str) -> str:
    """Write the command that a person would type, with the token and the business in variables."""
    asked = "&".join(f"{one.name}=…" for one in operation.parameters if one.place == "query" and one.required)
    url = f"{url}?{asked}" if asked else url
    parts = ["curl" if method == "get" else f"curl -X {method.upper()}"]
    if operation.access != "open":
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if operation.access == "business":
        parts.append('-H "X-Tenant-Id: $BUSINESS"')
    if body:
        plain = json.dumps(json.loads(body), ensure_ascii=False).replace("'", "'\\''")
        parts += ["-H 'Content-Type: application/json'", f"-d '{plain}'"]
    return " \\\n  ".join([*parts, f'"{url}"'])


def _written(content: _Content | None, schemas: Mapping[str, _Schema]) -> str:
    media = None if content is None else content.content.get("application/json")
    if media is None or media.schema is None:
        return ""
    return json.dumps(_example(media.schema, schemas, MAX_DEPTH), indent=2, ensure_ascii=False)


def _example(schema: _Schema, schemas: Mapping[str, _Schema], depth: int) -> object:
    """Make an example value of a schema; deeper than six levels it is left out."""
    if schema.ref:
        named = schemas.get(schema.ref.rpartition("/")[2])
        return None if named is None or depth == 0 else _example(named, schemas, depth - 1)
    if choices := schema.any_of or schema.one_of or schema.all_of:
        return _example(choices[0], schemas, depth)
    if fixed := schema.enum or schema.const:
        return fixed[0] if isinstance(fixed, list) else fixed
    if schema.type == "object":
        return {name: _example(one, schemas, depth) for name, one in schema.properties.items()}
    if schema.type == "array":
        return [] if schema.items is None else [_example(schema.items, schemas, depth)]
    return EXAMPLES.get(schema.format) or EXAMPLES.get(str(schema.type))
