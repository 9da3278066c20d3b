"""Reads the OpenAPI document: what bodies may hold, and whether they take what they do not name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def json_bodies(document: Mapping[str, object]) -> dict[tuple[str, str], dict[str, object]]:
    """List the schemas of JSON bodies by method and path."""
    paths = document["paths"]
    assert isinstance(paths, dict)
    return {
        (method.upper(), path): content["application/json"]["schema"]
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "application/json" in (content := operation.get("requestBody", {}).get("content", {}))
    }


def objects_of(schema: Mapping[str, object], document: Mapping[str, object], place: str) -> Iterator[tuple[str, bool]]:
    """Tell every object that a schema can hold, by its place, and whether it takes fields that it does not name."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        yield from objects_of(resolve(document, name), document, name)
        return
    if schema.get("type") == "object":
        yield place, schema.get("additionalProperties", "patternProperties" not in schema) is True
    for kind in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for one in list_of(schema, kind):
            yield from objects_of(one, document, place)
    if isinstance(inside := schema.get("additionalProperties"), dict):
        yield from objects_of(inside, document, place)
    if isinstance(items := schema.get("items"), dict):
        yield from objects_of(items, document, place)
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    for name, one in properties.items():
        yield from objects_of(one, document, f"{place}.{name}")


def resolve(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Look a schema up by its name."""
    components = document["components"]
    assert isinstance(components, dict)
    found: dict[str, object] = components["schemas"][name]
    return found


def list_of(schema: Mapping[str, object], kind: str) -> list[dict[str, object]]:
    """Read one of the keywords that hold several schemas."""
    found = schema.get(kind, [])
    assert isinstance(found, list)
    return found


def properties_of(schema: Mapping[str, object], document: Mapping[str, object]) -> set[str]:
    """List the fields that a body names at its top."""
    if "$ref" in schema:
        return properties_of(resolve(document, str(schema["$ref"]).rpartition("/")[2]), document)
    found = schema.get("properties", {})
    assert isinstance(found, dict)
    return set(found).union(*(properties_of(one, document) for one in list_of(schema, "anyOf")))
