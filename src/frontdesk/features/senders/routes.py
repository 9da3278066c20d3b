"""The JSON API of our numbers."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, Field, model_validator

from frontdesk.features.senders import model
from frontdesk.features.senders.carriers import MAX_DAILY_SEGMENTS, SEGMENTS_PER_MINUTE, WHOLE, Brand
from frontdesk.features.senders.model import NumberType, RegistrationStatus, SendingNumber, check_warmup
from frontdesk.features.senders.service import brands, numbers
from frontdesk.features.senders.service.numbers import NumberChange, NumberFilter
from frontdesk.kernel import idempotency
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, Page, page_of
from frontdesk.routing import Routes

MAY_BE_EMPTY = frozenset({"segments_per_second", "warmup", "daily_limit"})
Rate = Annotated[Decimal, Field(gt=0, le=model.MAX_PER_SECOND, max_digits=8, decimal_places=3)]
Provider = Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
Visible = r"^[\x20-\x7e]*$"


class WarmUpPlan(BaseModel, extra="forbid"):
    """How many texts a new number may send on each of its first days."""

    started_on: date
    daily: list[int] = Field(min_length=1, max_length=model.MAX_WARMUP_DAYS)


class NumberView(BaseModel):
    """A number with all that is told of it; `effective_segments_per_second` is its own rate or its type's.

    `carrier_segments_per_minute` is what its class lets the numbers of its campaign advertise together.
    `marketing_blocked_by` is the code of what keeps it from advertising, empty if nothing does.
    """

    id: UUID
    phone_e164: str
    provider: str
    messaging_service: str
    texting_allowed: bool
    texting_blocked_reason: str
    number_type: NumberType
    registration_status: RegistrationStatus
    registration_id: str
    campaign_class: str
    brand_id: str
    carrier_segments_per_minute: int | None
    segments_per_second: Decimal | None
    effective_segments_per_second: float
    burst: int
    warmup: WarmUpPlan | None
    daily_limit: int | None
    country: str
    marketing_blocked_by: str
    retired_at: datetime | None
    created_at: datetime


class NumberSettings(BaseModel, extra="forbid"):
    """What may be told of a number; what is left out stays as it is, or follows from the number itself."""

    messaging_service: str | None = Field(None, max_length=64, pattern=Visible)
    number_type: NumberType | None = None
    registration_status: RegistrationStatus | None = None
    registration_id: str | None = Field(None, max_length=100, pattern=Visible)
    campaign_class: str | None = Field(None, pattern=r"^[A-Z]?$")
    brand_id: str | None = Field(None, max_length=64, pattern=r"^[A-Za-z0-9._-]*$")
    segments_per_second: Rate | None = None
    burst: int | None = Field(None, ge=1, le=numbers.MAX_BURST)
    warmup: WarmUpPlan | None = None
    daily_limit: int | None = Field(None, ge=0, le=model.MAX_PER_DAY)
    country: str | None = Field(None, pattern=r"^([A-Z]{2})?$")

    @model_validator(mode="after")
    def _only_limits_may_be_taken_away(self) -> Self:
        given = self.model_dump(include=self.model_fields_set)
        empty = sorted(name for name, value in given.items() if value is None and name not in MAY_BE_EMPTY)
        if empty:
            raise ValueError(f"{', '.join(empty)}: null is not a value")
        return self


class NewNumber(NumberSettings):
    """A number in E.164 (a short code as its bare digits), the provider that serves it, and what is known of it."""

    phone_e164: str = Field(pattern=r"^(\+[1-9][0-9]{6,14}|[1-9][0-9]{2,7})$")
    provider: Provider = "twilio"


class ChangedNumber(NumberSettings):
    """What to change of a number; `retired` stops all its texts, or takes it back."""

    provider: Provider | None = None
    texting_allowed: bool | None = None
    retired: bool | None = None


class BrandView(BaseModel):
    """A registered brand: what carriers let it send a day, and how far it is.

    `daily_segments` is their figure for one carrier's people, `daily_allowance` how many segments may therefore go to
    the United States today, of which `used_today` have; null is no limit.
    """

    brand_id: str
    daily_segments: int | None
    daily_share: int
    minute_share: int
    daily_allowance: int | None
    used_today: int
    day: date
    resets_at: datetime
    changed_at: datetime


class BrandSettings(BaseModel, extra="forbid"):
    """What carriers let a brand send; a share is the percent of its texts that goes to the people of that carrier."""

    brand_id: str = Field(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    daily_segments: int | None = Field(ge=0, le=MAX_DAILY_SEGMENTS)
    daily_share: int = Field(WHOLE, ge=1, le=WHOLE)
    minute_share: int = Field(WHOLE, ge=1, le=WHOLE)


def router(access: Access) -> APIRouter:
    """Make the routes of numbers; a business sees and changes its own."""
    routes = Routes(prefix="/api/sending-numbers", tags=["numbers"])
    _add_brands(routes, access)
    _add_looking(routes, access)
    _add_changing(routes, access)
    return routes


def _add_brands(routes: APIRouter, access: Access) -> None:
    @routes.get("/brands", summary="List the business's registered brands, with what each has sent today")
    async def list_brands(
        visit: Annotated[Visit, Depends(access.to_business(Scope.NUMBERS_READ))],
    ) -> list[BrandView]:
        async with visit.transaction() as tx:
            return [_describe_brand(one) for one in await brands.list_brands(tx)]

    @routes.post("/brands", summary="Write what carriers let a brand send; the same brand again changes it")
    async def put_brand(
        visit: Annotated[Visit, Depends(access.to_business(Scope.NUMBERS_WRITE, proven=True))],
        wanted: BrandSettings,
    ) -> BrandView:
        async with visit.transaction() as tx:
            return _describe_brand(
                await brands.put_brand(
                    tx,
                    brand_id=wanted.brand_id,
                    daily_segments=wanted.daily_segments,
                    daily_share=wanted.daily_share,
                    minute_share=wanted.minute_share,
                    by=visit.actor,
                )
            )


def _describe_brand(brand: Brand) -> BrandView:
    return BrandView(**asdict(brand), daily_allowance=brand.daily_allowance)


def _add_looking(routes: APIRouter, access: Access) -> None:
    @routes.get("", summary="List the business's numbers, newest first")
    async def list_numbers(
        visit: Annotated[Visit, Depends(access.to_business(Scope.NUMBERS_READ))],
        wanted: Annotated[NumberFilter, Depends(_filter)],
        before: UUID | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[NumberView]:
        async with visit.transaction() as tx:
            found = await numbers.search_numbers(tx, wanted, before=before, limit=limit)
        return page_of([describe(one) for one in found], found[-1].id if found else None, limit=limit)

    @routes.get("/{number_id}", summary="Read a number")
    async def get_number(
        number_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.NUMBERS_READ))]
    ) -> NumberView:
        async with visit.transaction() as tx:
            return describe(await numbers.get_number(tx, number_id=number_id))


def _add_changing(routes: APIRouter, access: Access) -> None:
    @routes.post(
        "",
        summary="Add a number",
        status_code=201,
        responses={409: {"description": "The number belongs to a business already"}},
    )
    async def add_number(
        visit: Annotated[Visit, Depends(access.to_business(Scope.NUMBERS_WRITE, proven=True))],
        new: NewNumber,
        idempotency_key: Annotated[idempotency.Key | None, Header()] = None,
    ) -> NumberView:
        async with visit.transaction() as tx:

            async def add() -> UUID:
                added = await numbers.add_number(
                    tx, phone_e164=new.phone_e164, provider=new.provider, settings=_change(new), by=visit.actor
                )
                return added.id

            number_id, _ = await idempotency.once(
                tx, operation="senders.add", key=idempotency_key, request=new.model_dump(mode="json"), make=add
            )
            return describe(await numbers.get_number(tx, number_id=number_id))

    @routes.patch(
        "/{number_id}",
        summary="Change a number, retire it or take it back",
        responses={409: {"description": "The number is retired"}},
    )
    async def change_number(
        number_id: UUID,
        visit: Annotated[Visit, Depends(access.to_business(Scope.NUMBERS_WRITE, proven=True))],
        wanted: ChangedNumber,
    ) -> NumberView:
        change = _change(wanted)
        async with visit.transaction() as tx:
            number = await numbers.get_number(tx, number_id=number_id)
            if wanted.retired is False:
                number = await numbers.take_back_number(tx, number_id=number_id, by=visit.actor)
            if change:
                number = await numbers.change_number(tx, number_id=number_id, change=change, by=visit.actor)
            if wanted.retired:
                number = await numbers.retire_number(tx, number_id=number_id, by=visit.actor)
        return describe(number)

    @routes.delete("/{number_id}", summary="Retire a number: it texts no more, its past is kept")
    async def retire_number(
        number_id: UUID, visit: Annotated[Visit, Depends(access.to_business(Scope.NUMBERS_WRITE, proven=True))]
    ) -> NumberView:
        async with visit.transaction() as tx:
            return describe(await numbers.retire_number(tx, number_id=number_id, by=visit.actor))


def describe(number: SendingNumber) -> NumberView:
    """Show a number as the API does."""
    shown = asdict(number)
    shown.pop("tenant_id")
    return NumberView(
        **shown,
        effective_segments_per_second=model.segments_per_second(number.number_type, number.segments_per_second),
        marketing_blocked_by=model.may_send_marketing(number),
        carrier_segments_per_minute=SEGMENTS_PER_MINUTE.get(number.campaign_class),
    )


def _filter(
    number_type: NumberType | None = None,
    registration_status: RegistrationStatus | None = None,
    provider: Annotated[str | None, Query(pattern=r"^[a-z]{1,20}$")] = None,
    *,
    retired: bool | None = None,
    phone_e164: Annotated[str | None, Query(max_length=16, pattern=r"^\+?[0-9]+$")] = None,
) -> NumberFilter:
    return NumberFilter(
        number_type=number_type,
        registration_status=registration_status,
        provider=provider,
        retired=retired,
        phone_e164=phone_e164,
    )


def _change(wanted: NumberSettings) -> NumberChange:
    """Keep what was told, and no more; refuses a warm-up plan that is none (`senders.warmup_invalid`)."""
    told = wanted.model_fields_set - {"phone_e164", "retired", "warmup"}
    change = cast("NumberChange", {name: value for name, value in wanted if name in told})
    if "warmup" in wanted.model_fields_set:
        plan = wanted.warmup
        change["warmup"] = None if plan is None else check_warmup(plan.started_on.isoformat(), list(plan.daily))
    return change
