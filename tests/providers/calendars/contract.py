"""The referee of the pretended Google: each answer against the schema of the official discovery document."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are a package of their own

from frontdesk.providers.twin.doorway import Answered

FIXTURES = Path(__file__).parents[2] / "fixtures" / "google"
SCHEMAS = {
    "google.calendars.list": ("CalendarList", "CalendarListEntry"),
    "google.freebusy.query": ("FreeBusyResponse",),
    "google.events.list": ("Events",),
    "google.events.get": ("Event",),
    "google.events.insert": ("Event",),
    "google.events.update": ("Event",),
    "google.events.watch": ("Channel",),
}
Json = dict[str, object]


@lru_cache(maxsize=1)
def discovery() -> Json:
    """Read the discovery document."""
    found: Json = json.loads((FIXTURES / "calendar.v3.json").read_text())
    return found


def strict(node: object) -> object:
    """Turn a schema of the document into JSON Schema: references by name, and nothing that is not named."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    kept = {name: node[name] for name in ("type", "enum") if name in node}
    if "items" in node:
        kept["items"] = strict(node["items"])
    if isinstance(properties := node.get("properties"), dict):
        kept["properties"] = {name: strict(each) for name, each in properties.items()}
    if "additionalProperties" in node:
        kept["additionalProperties"] = strict(node["additionalProperties"])
    elif node.get("type") == "object" and "properties" in node:
        kept["additionalProperties"] = False
    return kept


@lru_cache
def judge_of(name: str) -> Draft202012Validator:
    """Make the judge of one schema."""
    schemas = discovery()["schemas"]
    assert isinstance(schemas, dict)
    definitions = {each: strict(schema) for each, schema in schemas.items()}
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})


class Referee:
    """Watches every answer and keeps what is wrong with it."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def see(self, answered: Answered) -> None:
        """Judge one answer."""
        if answered.status >= 300 or not answered.content or answered.operation not in SCHEMAS:
            return
        document = json.loads(answered.content)
        faults = [
            [error.message for error in judge_of(name).iter_errors(document)] for name in SCHEMAS[answered.operation]
        ]
        if all(faults):
            self.complaints.append(f"{answered.operation}: {faults}")
