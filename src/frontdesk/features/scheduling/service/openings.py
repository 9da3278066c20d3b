"""When a resource works: its own week or the business's, its breaks and days off taken away, as instants."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from frontdesk.features import tenants
from frontdesk.features.scheduling.model import Resource, Stretch, without

NO_BREAKS = "{}"


def openings_of(resource: Resource, *, business_hours: str, within: Stretch) -> list[Stretch]:
    """List when a resource works in a stretch and around it, in order; `business_hours` is the business's JSON.

    The hours are on the wall clock of the resource's zone: on the night the clocks change a day is as long as it is.
    """
    zone = ZoneInfo(resource.zone)
    first = within[0].astimezone(zone).date() - timedelta(days=2)
    last = within[1].astimezone(zone).date()
    hours = _hours(business_hours, resource.hours, resource.exceptions, resource.zone)
    open_ = [one for one in hours.openings(first, last) if one[1] > within[0] and one[0] < within[1]]
    if resource.breaks == NO_BREAKS:
        return open_
    return without(open_, _breaks(resource.breaks, resource.zone).openings(first, last))


def check_hours(resource: Resource, *, business_hours: str) -> None:
    """Refuse hours, breaks or exceptions that cannot be read (`tenants.hours_invalid`), naming each fault."""
    _hours(business_hours, resource.hours, resource.exceptions, resource.zone)
    _breaks(resource.breaks, resource.zone)


@lru_cache(maxsize=4096)
def _hours(business: str, own: str | None, exceptions: str, zone: str) -> tenants.BusinessHours:
    document = json.loads(business)
    weekly = document.get("weekly", {}) if own is None else json.loads(own)
    special = [*document.get("special", []), *json.loads(exceptions)]
    return tenants.from_document({"weekly": weekly, "special": special}, zone=zone)


@lru_cache(maxsize=4096)
def _breaks(breaks: str, zone: str) -> tenants.BusinessHours:
    return tenants.from_document({"weekly": json.loads(breaks)}, zone=zone)
