"""The form of a campaign: words as they were typed, and the draft that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.datastructures import FormData

from frontdesk.features.campaigns import Campaign, Draft, ScheduleMode
from frontdesk.features.campaigns.routes import CampaignOrder
from frontdesk.kernel.errors import Refused

MAX_WORDINGS = 5
USUAL_DAYS = 3
LONGEST = 10_000
EVERYBODY: Mapping[str, object] = {"where": "all", "of": []}
LABELS = {
    "name": "Name",
    "audience": "Who gets it",
    "variants": "Wording",
    "senders": "Numbers",
    "schedule": "When",
    "ends_at": "Time limit",
    "per_minute": "Texts a minute",
    "quiet_from": "Quiet from",
    "quiet_until": "Quiet until",
    "trip_opt_outs": "STOPs",
    "trip_failures": "Failures",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One wording as it was typed."""

    name: str
    body: str
    weight: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignForm:
    """All fields as they were typed; moments are wall clocks of the business, like 2026-12-01T10:00."""

    name: str
    audience: str  # 'everybody', 'tags', 'segment' or 'filter'
    tags: str
    segment: str
    filter: str
    wordings: tuple[Wording, ...]
    senders: frozenset[str]
    when: str  # 'started', 'at' or 'local'
    at: str
    local_at: str
    ends_at: str
    per_minute: str
    quiet_from: str
    quiet_until: str
    trip_opt_outs: str
    trip_failures: str


def read_form(form: FormData) -> CampaignForm:
    """Read the fields of a form; what is missing is empty."""
    count = next((at for at in range(MAX_WORDINGS) if f"body_{at}" not in form), MAX_WORDINGS)
    wordings = tuple(
        Wording(
            name=_said(form, f"variant_{at}") or letter(at),
            body=_said(form, f"body_{at}"),
            weight=_said(form, f"weight_{at}") or "1",
        )
        for at in range(count)
    )
    return CampaignForm(
        name=_said(form, "name"),
        audience=_said(form, "audience"),
        tags=_said(form, "tags"),
        segment=_said(form, "segment"),
        filter=_said(form, "filter"),
        wordings=wordings or (Wording(name="A", body=""),),
        senders=frozenset(one for one in form.getlist("senders") if isinstance(one, str)),
        when=_said(form, "when"),
        at=_said(form, "at"),
        local_at=_said(form, "local_at"),
        ends_at=_said(form, "ends_at"),
        per_minute=_said(form, "per_minute"),
        quiet_from=_said(form, "quiet_from"),
        quiet_until=_said(form, "quiet_until"),
        trip_opt_outs=_said(form, "trip_opt_outs"),
        trip_failures=_said(form, "trip_failures"),
    )


def new_form(*, zone: str, now: datetime, senders: Sequence[str]) -> CampaignForm:
    """Make the form of a campaign that is yet to be written; all numbers are chosen."""
    ends_at = (now + timedelta(days=USUAL_DAYS)).astimezone(ZoneInfo(zone)).replace(hour=21, minute=0, second=0)
    return CampaignForm(
        name="",
        audience="",
        tags="",
        segment="",
        filter="",
        wordings=(Wording(name="A", body="{{business}}: hi {{given_name|there}}, … Reply STOP to opt out."),),
        senders=frozenset(senders),
        when="started",
        at="",
        local_at="",
        ends_at=_clock(ends_at),
        per_minute="",
        quiet_from="",
        quiet_until="",
        trip_opt_outs="3",
        trip_failures="5",
    )


def form_of(campaign: Campaign, *, zone: str) -> CampaignForm:
    """Make the form of a campaign as it is."""
    audience, tags, segment, filter_ = _audience_fields(campaign.audience)
    schedule, own_zone = campaign.schedule, ZoneInfo(zone)
    is_local = schedule.mode is ScheduleMode.LOCAL
    return CampaignForm(
        name=campaign.name,
        audience=audience,
        tags=tags,
        segment=segment,
        filter=filter_,
        wordings=tuple(Wording(name=one.name, body=one.body, weight=str(one.weight)) for one in campaign.variants),
        senders=frozenset(campaign.senders),
        when="local" if is_local else "started" if schedule.at is None else "at",
        at="" if schedule.at is None else _clock(schedule.at.astimezone(own_zone)),
        local_at="" if schedule.local_at is None else _clock(schedule.local_at),
        ends_at=_clock(campaign.ends_at.astimezone(own_zone)),
        per_minute="" if campaign.per_minute is None else f"{campaign.per_minute.normalize():f}",
        quiet_from="" if campaign.quiet_from is None else f"{campaign.quiet_from:%H:%M}",
        quiet_until="" if campaign.quiet_until is None else f"{campaign.quiet_until:%H:%M}",
        trip_opt_outs=str(campaign.trip_opt_outs),
        trip_failures=str(campaign.trip_failures),
    )


def audience_of(form: CampaignForm) -> dict[str, object]:
    """Read whom the form means; refuses what means nobody (`web.invalid`)."""
    match form.audience:
        case "everybody":
            return {"filter": dict(EVERYBODY)}
        case "tags":
            tags = [tag.strip() for tag in form.tags.split(",") if tag.strip()]
            if not tags:
                raise _wrong("audience", "name at least one tag")
            return {"filter": {"where": "tag", "any_of": tags}}
        case "segment":
            if not _is_id(form.segment):
                raise _wrong("audience", "choose a segment")
            return {"segment_id": form.segment}
        case "filter":
            try:
                filter_ = json.loads(form.filter)
            except (ValueError, RecursionError):
                raise _wrong("audience", "the filter is not JSON") from None
            return {"filter": filter_}
        case _:
            raise _wrong("audience", "choose everybody, tags, a segment or a filter")


def draft_of(form: CampaignForm, *, zone: str) -> Draft:
    """Make the draft of a form; refuses what cannot be read (`web.invalid`), naming the field."""
    if not form.name:
        raise _wrong("name", "give the campaign a name")
    wordings = [one for one in form.wordings if one.body]
    if not wordings:
        raise _wrong("variants", "write what is said")
    if not form.senders:
        raise _wrong("senders", "choose at least one")
    if not form.ends_at:
        raise _wrong("ends_at", "say until when texts may leave")
    try:
        order = CampaignOrder.model_validate(
            {
                "name": form.name,
                "audience": audience_of(form),
                "variants": [{"name": one.name, "body": one.body, "weight": one.weight} for one in wordings],
                "senders": sorted(form.senders),
                "schedule": _schedule(form, zone),
                "ends_at": _moment(form.ends_at, "ends_at", zone),
                "per_minute": form.per_minute or None,
                "quiet_from": form.quiet_from or None,
                "quiet_until": form.quiet_until or None,
                "trip_opt_outs": form.trip_opt_outs or "0",
                "trip_failures": form.trip_failures or "0",
            }
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _wrong(str(fault["loc"][0]) if fault["loc"] else "", fault["msg"]) from None
    return order.draft()


def letter(at: int) -> str:
    """Name a wording by its place: A, B, C."""
    return chr(ord("A") + at)


def _schedule(form: CampaignForm, zone: str) -> dict[str, object]:
    match form.when:
        case "at":
            return {"mode": ScheduleMode.AT_ONCE, "at": _moment(form.at, "schedule", zone)}
        case "local":
            return {"mode": ScheduleMode.LOCAL, "local_at": _wall_clock(form.local_at, "schedule")}
        case _:
            return {"mode": ScheduleMode.AT_ONCE}


def _moment(text: str, field: str, zone: str) -> datetime:
    return _wall_clock(text, field).replace(tzinfo=ZoneInfo(zone))


def _wall_clock(text: str, field: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(field, "say a day and an hour") from None
    return found.replace(tzinfo=None)


def _clock(at: datetime) -> str:
    return at.replace(tzinfo=None, microsecond=0).isoformat(timespec="seconds" if at.second else "minutes")


def _audience_fields(document: str) -> tuple[str, str, str, str]:
    audience = json.loads(document)
    segment, filter_ = audience.get("segment_id"), audience.get("filter")
    if segment:
        return "segment", "", str(segment), ""
    if filter_ == EVERYBODY:
        return "everybody", "", "", ""
    match filter_:
        case {"where": "tag", "any_of": list(tags), **rest} if not rest and not any("," in str(tag) for tag in tags):
            return "tags", ", ".join(map(str, tags)), "", ""
        case _:
            return "filter", "", "", json.dumps(filter_, indent=2, ensure_ascii=False)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _wrong(field: str, words: str) -> Refused:
    return Refused("web.invalid", f"{LABELS.get(field, field)}: {words}", status=422)


def _said(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\r\n", "\n").replace("\x00", "").strip()[:LONGEST] if isinstance(value, str) else ""
