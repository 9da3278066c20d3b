"""The numbers that businesses are called on and text from, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.cli.options import AsJson, Home, OptionalTenant, TenantSlug

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from frontdesk.features.senders import Brand, NumberChange, SendingNumber
    from frontdesk.kernel.db import Transaction
    from frontdesk.wiring import Frontdesk

MAY_BE_SET = (
    "provider",
    "messaging_service",
    "texting_allowed",
    "number_type",
    "registration_status",
    "registration_id",
    "campaign_class",
    "brand_id",
    "segments_per_second",
    "burst",
    "warmup",
    "daily_limit",
    "country",
    "retired",
)
MAY_BE_NONE = {"segments_per_second", "warmup", "daily_limit"}
Phone = Annotated[str, typer.Argument(help="The number in E.164, like +12125550142; a short code as its digits.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    numbers = typer.Typer(help="Numbers that businesses are called on and text from.")
    numbers.command("list")(list_numbers)
    numbers.command("add")(add_number)
    numbers.command("set")(set_number)
    numbers.command("retire")(retire_number)
    numbers.command("brand")(set_brand)
    numbers.command("brands")(list_brands)
    app.add_typer(numbers, name="number")


def list_numbers(*, tenant: OptionalTenant = None, home: Home = None, as_json: AsJson = False) -> None:
    """List the numbers of a business, or of all: what each is, how fast it sends, and what keeps it from it."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import senders, tenants

    async def work(parts: Frontdesk) -> list[tuple[str, SendingNumber]]:
        async with parts.system.transaction() as tx:
            businesses = await tenants.list_tenants(tx)
        wanted = None if tenant is None else await find_tenant_id(parts, tenant)
        found: list[tuple[str, SendingNumber]] = []
        for business in businesses:
            if wanted in {None, business.id}:
                async with parts.app.transaction(business.id) as tx:
                    found += [(business.slug, number) for number in await senders.list_numbers(tx)]
        return found

    found = with_office(home, work)
    if as_json:
        write_json({"numbers": [{"tenant": slug, "number": number} for slug, number in found]})
        return
    rows = [
        (
            number.phone_e164,
            slug,
            number.provider,
            number.number_type.value,
            number.registration_status.value,
            f"{senders.segments_per_second(number.number_type, number.segments_per_second):g}",
            number.texting_allowed,
            number.texting_blocked_reason or senders.may_send_marketing(number),
        )
        for slug, number in found
    ]
    head = ("number", "business", "provider", "type", "registration", "segments/s", "may text", "held back by")
    show_table("Numbers", head, rows)


def add_number(
    number: Phone,
    *,
    tenant: TenantSlug,
    provider: Annotated[str, typer.Option(help="twilio or telnyx.")] = "twilio",
    messaging_service: Annotated[str, typer.Option(help="Messaging Service that sends for it.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give a number to a business."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import senders

    async def work(parts: Frontdesk) -> SendingNumber:
        tenant_id = await find_tenant_id(parts, tenant)
        async with parts.app.transaction(tenant_id) as tx:
            return await senders.add_number(
                tx,
                phone_e164=_phone(number),
                provider=provider,
                messaging_service=messaging_service,
                by=actor(),
            )

    added = with_office(home, work)
    if as_json:
        write_json(added)
    else:
        console().print(f"{added.phone_e164} answers for {tenant} now.")


def set_number(
    number: Phone,
    changes: Annotated[list[str], typer.Argument(metavar="NAME=VALUE…", help="What to change.")],
    *,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Change what a number is and may: number_type, registration_status, segments_per_second, warmup and so on.

    A warm-up plan is JSON: warmup='{"started_on": "2026-01-05", "daily": [50, 100, 200]}'. An empty value takes a rate,
    a plan or a limit away; retired=false takes a retired number back.
    """
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import senders

    given = dict(_name_and_value(change) for change in changes)
    retired = given.pop("retired", None)

    async def change(tx: Transaction, found: SendingNumber) -> SendingNumber:
        if retired is not None and not _is_true(retired):
            found = await senders.take_back_number(tx, number_id=found.id, by=actor())
        if given:
            found = await senders.change_number(tx, number_id=found.id, change=_change(given), by=actor())
        if retired is not None and _is_true(retired):
            found = await senders.retire_number(tx, number_id=found.id, by=actor())
        return found

    changed = with_office(home, lambda parts: _with_number(parts, _phone(number), change))
    if as_json:
        write_json(changed)
    else:
        console().print(f"{changed.phone_e164}: changed.")


def set_brand(
    brand: Annotated[str, typer.Argument(help="The brand's id in the carriers' registry, such as BX4A1B2.")],
    *,
    tenant: TenantSlug,
    daily_segments: Annotated[
        str, typer.Option(help="Segments a day that T-Mobile lets it send: 2000, 10000, 40000, 200000, or none.")
    ],
    daily_share: Annotated[int, typer.Option(help="Percent of its texts that go to T-Mobile's people.")] = 100,
    minute_share: Annotated[int, typer.Option(help="Percent of its texts that go to AT&T's people.")] = 100,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Tell what carriers let a registered brand send; give numbers their brand with `number set … brand_id=…`."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import senders

    if daily_segments != "none" and not daily_segments.isdecimal():
        raise typer.BadParameter(f"{daily_segments} is neither a number nor none")
    limit = None if daily_segments == "none" else int(daily_segments)

    async def work(parts: Frontdesk) -> Brand:
        tenant_id = await find_tenant_id(parts, tenant)
        async with parts.app.transaction(tenant_id) as tx:
            return await senders.put_brand(
                tx,
                brand_id=brand,
                daily_segments=limit,
                daily_share=daily_share,
                minute_share=minute_share,
                by=actor(),
            )

    told = with_office(home, work)
    if as_json:
        write_json(told)
    else:
        allowed = "any number of" if told.daily_allowance is None else f"{told.daily_allowance:,}"
        console().print(f"{told.brand_id} may send {allowed} segments a day to the United States.")


def list_brands(*, tenant: TenantSlug, home: Home = None, as_json: AsJson = False) -> None:
    """List a business's registered brands: what each may send a day, and what it has sent today."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import senders

    async def work(parts: Frontdesk) -> list[Brand]:
        tenant_id = await find_tenant_id(parts, tenant)
        async with parts.app.transaction(tenant_id) as tx:
            return await senders.list_brands(tx)

    found = with_office(home, work)
    if as_json:
        write_json({"brands": found})
        return
    rows = [
        (
            one.brand_id,
            "no limit" if one.daily_segments is None else f"{one.daily_segments:,}",
            "no limit" if one.daily_allowance is None else f"{one.daily_allowance:,}",
            f"{one.used_today:,}",
            one.resets_at,
        )
        for one in found
    ]
    show_table("Brands", ("brand", "a day at its carrier", "may go today", "sent today", "counts anew"), rows)


def retire_number(number: Phone, *, home: Home = None, as_json: AsJson = False) -> None:
    """Stop all texts from a number for good; it is still listened to, and its past is kept."""
    from frontdesk.cli.office import actor, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import senders

    async def retire(tx: Transaction, found: SendingNumber) -> SendingNumber:
        return await senders.retire_number(tx, number_id=found.id, by=actor())

    retired = with_office(home, lambda parts: _with_number(parts, _phone(number), retire))
    if as_json:
        write_json(retired)
    else:
        console().print(f"{retired.phone_e164} texts no more.")


async def _with_number(
    parts: Frontdesk, phone: str, work: Callable[[Transaction, SendingNumber], Awaitable[SendingNumber]]
) -> SendingNumber:
    """Do something with one of our numbers, in its own business's view."""
    from frontdesk.kernel.errors import Refused

    found = await parts.directory.find(phone)
    if found is None:
        raise Refused("senders.not_found", f"{phone} is none of our numbers", status=404)
    async with parts.app.transaction(found.tenant_id) as tx:
        return await work(tx, found)


def _phone(text: str) -> str:
    from frontdesk.features.contacts.phones import parse_phone

    bare = text.strip()
    return bare if bare.isdecimal() and 5 <= len(bare) <= 6 else parse_phone(bare, "US").e164  # noqa: PLR2004 - short codes


def _name_and_value(change: str) -> tuple[str, str]:
    name, equals, value = change.partition("=")
    if not equals or name not in MAY_BE_SET:
        raise typer.BadParameter(f"{change} is not NAME=VALUE with a name of: {', '.join(MAY_BE_SET)}")
    return name, value


def _is_true(text: str) -> bool:
    if text.lower() not in {"true", "false", "yes", "no"}:
        raise typer.BadParameter(f"{text} is neither true nor false")
    return text.lower() in {"true", "yes"}


def _change(given: dict[str, str]) -> NumberChange:
    """Read what a person typed; refuses what is none of its kind (`senders.setting_invalid`)."""
    import msgspec

    from frontdesk.features.senders import NumberChange
    from frontdesk.kernel.errors import Refused

    told: dict[str, object] = {
        name: None if not value and name in MAY_BE_NONE else value for name, value in given.items()
    }
    try:
        if isinstance(plan := told.get("warmup"), str):
            told["warmup"] = msgspec.json.decode(plan)
        return msgspec.convert(told, NumberChange, strict=False)
    except msgspec.MsgspecError as error:
        raise Refused("senders.setting_invalid", f"this cannot be: {error}", status=422) from error
