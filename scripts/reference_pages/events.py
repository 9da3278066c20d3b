"""The page of events: what parts announce to each other, by wire name."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, cast

from frontdesk.kernel.events import Event
from frontdesk.wiring import catalogue
from scripts.reference_pages.markdown import page, table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

INTRODUCTION = """
An event is a fact: it is written to `outbox_events` in the transaction that made it true, and handed to every listener
at least once. `name` on the wire ends with the version of its form; a change that old readers could not read gets a new
version beside the old one. Rows that cannot be handled after 10 tries move to `outbox_events_errors`.
"""


def render_events() -> str:
    """Make the page."""
    return page("Events", INTRODUCTION, *(_section(event) for event in sorted(catalogue(), key=lambda one: one.name)))


def _section(event: type[Event]) -> str:
    record = cast("type[DataclassInstance]", event)
    fields = [(f"`{field.name}`", f"`{field.type}`") for field in dataclasses.fields(record)]
    area = event.__module__.removeprefix("frontdesk.")
    about = f"{inspect.getdoc(event)} Announced by `{area}` as `{event.__name__}`."
    return f"## {event.name}\n\n{about}\n\n{table(('field', 'type'), fields)}"
