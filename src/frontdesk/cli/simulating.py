"""Asking the running installation to pretend that a customer calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from frontdesk.cli.calling import Caller
from frontdesk.cli.seeding import read_api_token
from frontdesk.kernel.errors import Refused
from frontdesk.providers.http import HttpFailure

if TYPE_CHECKING:
    from frontdesk.kernel.settings import Settings

ACCEPTED = 202


async def simulate_missed_call(settings: Settings, *, tenant: str, caller: str) -> dict[str, str]:
    """Let somebody call `tenant` through the web process's own interface; refuses where nothing runs.

    Uses the token of the first start; refuses `simulate.no_token` where there is none.
    """
    token = read_api_token(settings.home)
    if not token:
        raise Refused("simulate.no_token", "there is no API token of a first start in this home folder")
    async with Caller(settings.base_url, token=token) as api:
        try:
            businesses = msgspec.convert(await api.get_json("/api/tenants"), list[dict[str, object]])
        except HttpFailure as error:
            raise Refused("simulate.nothing_runs", f"nothing answers at {settings.base_url}: start it") from error
        api.speak_for(_id_of(businesses, tenant))
        reply = await api.post_json("/api/simulate/missed-call", {"caller": caller})
    if reply.status != ACCEPTED:
        raise Refused("simulate.refused", f"{reply.status} {reply.body.decode(errors='replace')[:300]}")
    return msgspec.json.decode(reply.body, type=dict[str, str])


def _id_of(businesses: list[dict[str, object]], slug: str) -> str:
    for business in businesses:
        if slug in {business.get("slug"), business.get("id")}:
            return str(business["id"])
    names = ", ".join(str(business.get("slug")) for business in businesses)
    raise Refused("tenants.not_found", f"no business is called {slug}; there are: {names}", status=404)
