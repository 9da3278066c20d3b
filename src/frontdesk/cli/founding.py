"""A new business on the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home

if TYPE_CHECKING:
    from frontdesk.features.tenants import Tenant
    from frontdesk.wiring import Frontdesk

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def add_tenant(
    slug: Annotated[str, typer.Argument(help="Short name: small letters, digits and hyphens.")],
    *,
    name: Annotated[str, typer.Option("--name", help="The name that its texts are signed with.")],
    timezone: Annotated[str, typer.Option("--timezone", help="Time zone, like America/New_York.")],
    forwarding: Annotated[str, typer.Option("--forwarding", help="Number that rings first; none: voicemail.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a business, open on weekdays from 9 to 5 until you say otherwise; give it a number with `number add`."""
    from frontdesk.cli.office import with_office
    from frontdesk.cli.output import console, write_json

    tenant = with_office(
        home, lambda parts: _add(parts, slug=slug, name=name, timezone=timezone, forwarding=forwarding)
    )
    if as_json:
        write_json(tenant)
    else:
        console().print(f"{tenant.name} is there. Give it a number: frontdesk number add +1… --tenant {tenant.slug}")


async def _add(parts: Frontdesk, *, slug: str, name: str, timezone: str, forwarding: str) -> Tenant:
    from frontdesk.cli.office import actor
    from frontdesk.cli.seeding import CLOSED_TEXT, OPEN_TEXT, weekday_hours
    from frontdesk.features import tenants
    from frontdesk.features.contacts.phones import parse_phone
    from frontdesk.features.tenants.hours import is_zone
    from frontdesk.kernel.errors import Refused
    from frontdesk.kernel.ids import new_id

    if SLUG.fullmatch(slug) is None:
        raise Refused("tenants.slug_invalid", "the short name is small letters, digits and hyphens, 64 at most")
    if not is_zone(timezone):
        raise Refused("tenants.zone_unknown", f"there is no time zone {timezone}: write it like America/New_York")
    if not name.strip():
        raise Refused("tenants.name_empty", "the name is empty: texts are signed with it")
    rings = parse_phone(forwarding, "US").e164 if forwarding else None
    async with parts.system.transaction(tenant_id := new_id()) as tx:
        tenant = tenants.open_business(
            tenant_id=tenant_id,
            slug=slug,
            name=name.strip(),
            timezone=timezone,
            forwarding_e164=rings,
            open_template=OPEN_TEXT,
            closed_template=CLOSED_TEXT,
            cooldown_seconds=parts.settings.textback.cooldown_minutes * 60,
            hours=weekday_hours("09:00", "17:00"),
            at=tx.now,
        )
        await tenants.create_tenant(tx, tenant, by=actor())
    return tenant
