"""What the pages of campaigns show: how each stands, what is said to whom, what was rehearsed, what became of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from frontdesk.features.campaigns import Campaign, CampaignStatus, ScheduleMode
from frontdesk.features.campaigns.queries.recipients import ResultLine
from frontdesk.features.campaigns.queries.rehearsals import Rehearsal
from frontdesk.features.campaigns.rehearsal import Summary
from frontdesk.features.senders import SendingNumber, may_send_marketing
from frontdesk.web.pages.campaign_charts import Bar, Moment, Part, bar_reasons, draw_hours, part_people
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.pages.views import Place
from frontdesk.web.words import moment_words

_CHIPS: Mapping[CampaignStatus, Chip] = {
    CampaignStatus.DRAFT: Chip("draft", Tone.CALM),
    CampaignStatus.APPROVED: Chip("approved", Tone.BUSY),
    CampaignStatus.EXPANDING: Chip("making the texts", Tone.BUSY),
    CampaignStatus.RUNNING: Chip("sending", Tone.GOOD),
    CampaignStatus.COMPLETED: Chip("done", Tone.GOOD),
    CampaignStatus.CANCELED: Chip("canceled", Tone.WARN),
}
MOVING = frozenset({CampaignStatus.EXPANDING, CampaignStatus.RUNNING})
# What a person tells apart: the states of send jobs that mean the same to them, in the order in which they are drawn.
GROUPS: Mapping[str, tuple[str, Tone, frozenset[str]]] = {
    "delivered": ("Delivered", Tone.GOOD, frozenset({"delivered"})),
    "sent": ("On its way", Tone.BUSY, frozenset({"accepted", "sent", "posting", "unknown"})),
    "waiting": ("Waiting", Tone.CALM, frozenset({"queued"})),
    "failed": ("Failed", Tone.BAD, frozenset({"failed", "undelivered"})),
    "silent": ("Not sent", Tone.WARN, frozenset({"blocked", "dropped", "canceled", "skipped"})),
}
LEFT = frozenset({"accepted", "sent", "delivered", "undelivered", "failed"})
PAID = LEFT | {"posting", "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLine:
    """A campaign in the list; figures are None where there are none yet."""

    campaign: Campaign
    chip: Chip
    people: int | None
    sent: int | None
    cost_cents: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a campaign says in words: to whom, when, until when, how fast, and when it stops by itself."""

    audience: str
    when: str
    until: str
    pace: str
    quiet: str
    brakes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLine:
    """A number and why it may not advertise, empty if it may."""

    phone_e164: str
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """People who share a reason; `share` is of all, in percent."""

    words: str
    people: int
    tone: Tone
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalView:
    """A rehearsal; `is_current` tells whether the campaign still says what was rehearsed."""

    id: UUID
    status: str
    is_current: bool
    rehearsed: int
    error: str
    done_at: datetime | None
    summary: Summary | None
    parts: Sequence[Part]
    hours: Sequence[Moment]
    reasons: Sequence[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of all people, as a piece of a drawn line that is 1,000 long."""

    name: str
    words: str
    tone: Tone
    people: int
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLine:
    """How one wording fares."""

    name: str
    people: int
    delivered: int
    answered: int
    opted_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsView:
    """What became of a campaign's texts so far."""

    people: int
    sent: int
    delivered: int
    segments: int
    cost_cents: Decimal
    opted_out: int
    answered: int
    slices: Sequence[Slice]
    reasons: Sequence[Reason]
    variants: Sequence[VariantLine]


def chip_of(campaign: Campaign) -> Chip:
    """Mark how a campaign stands."""
    if campaign.paused and campaign.status in MOVING | {CampaignStatus.APPROVED}:
        return Chip("paused", Tone.BAD)
    return _CHIPS[campaign.status]


def say(campaign: Campaign, *, audience: str, place: Place) -> Said:
    """Put what a campaign does into words, for whoever reads before approving."""
    schedule = campaign.schedule
    if schedule.mode is ScheduleMode.LOCAL and schedule.local_at is not None:
        when = f"{schedule.local_at:%a} {schedule.local_at.day} {schedule.local_at:%b %Y, %H:%M} on each person's clock"
    elif schedule.at is not None:
        when = f"From {moment_words(schedule.at, place.zone, place.now)}"
    else:
        when = "As soon as it is started"
    quiet = ""
    if campaign.quiet_from is not None and campaign.quiet_until is not None:
        quiet = f"{campaign.quiet_from:%H:%M} to {campaign.quiet_until:%H:%M} on each person's clock"
    return Said(
        audience=audience,
        when=when,
        until=moment_words(campaign.ends_at, place.zone, place.now),
        pace="" if campaign.per_minute is None else f"At most {campaign.per_minute.normalize():f} texts a minute",
        quiet=quiet,
        brakes=f"Pauses by itself when more than {campaign.trip_opt_outs} of the last 100 people say STOP, or more "
        f"than {campaign.trip_failures} of the last 100 texts fail",
    )


def audience_words(document: str, *, segment_name: str = "") -> str:
    """Say whom a campaign is for."""
    audience = json.loads(document)
    if audience.get("segment_id"):
        return f"Segment “{segment_name}”" if segment_name else "A segment that is not there any more"
    match audience.get("filter"):
        case {"where": "all", "of": []}:
            return "Everybody"
        case {"where": "tag", "any_of": [*tags], **rest} if not rest:
            return "Tagged " + " or ".join(f"“{tag}”" for tag in tags)
        case other:
            return f"Filter {json.dumps(other, ensure_ascii=False)}"


def show_numbers(numbers: Sequence[SendingNumber]) -> list[NumberLine]:
    """Show numbers, with why each may not advertise."""
    return [
        NumberLine(phone_e164=one.phone_e164, why_not=reason_words(may_send_marketing(one)))
        for one in numbers
        if one.retired_at is None
    ]


def show_rehearsal(rehearsal: Rehearsal, campaign: Campaign, *, place: Place) -> RehearsalView:
    """Show a rehearsal in figures, hours and reasons."""
    summary = msgspec.json.decode(rehearsal.summary, type=Summary) if rehearsal.status == "done" else None
    error = str(json.loads(rehearsal.summary).get("error", "")) if rehearsal.status == "failed" else ""
    return RehearsalView(
        id=rehearsal.id,
        status=rehearsal.status,
        is_current=rehearsal.content_hash == campaign.content_hash,
        rehearsed=rehearsal.rehearsed,
        error=error,
        done_at=rehearsal.done_at,
        summary=summary,
        parts=[] if summary is None else part_people(summary),
        hours=[] if summary is None else draw_hours(summary.by_hour, place=place),
        reasons=[] if summary is None else bar_reasons(summary),
    )


def show_results(lines: Sequence[ResultLine]) -> ResultsView:
    """Show what became of a campaign's texts."""
    people = sum(line.people for line in lines)
    by_group = {name: sum(line.people for line in lines if line.status in GROUPS[name][2]) for name in GROUPS}
    return ResultsView(
        people=people,
        sent=sum(line.people for line in lines if line.status in LEFT),
        delivered=by_group["delivered"],
        segments=sum(line.segments for line in lines if line.status in LEFT),
        cost_cents=sum((line.cost_cents for line in lines if line.status in PAID), Decimal(0)),
        opted_out=sum(line.opted_out for line in lines),
        answered=sum(line.answered for line in lines),
        slices=_slices(by_group, people),
        reasons=_reasons(lines),
        variants=_variants(lines),
    )


def _slices(by_group: Mapping[str, int], people: int) -> list[Slice]:
    x, slices = 0.0, []
    for name, count in by_group.items():
        words, tone, _ = GROUPS[name]
        width = 1000 * count / people if people else 0.0
        slices.append(Slice(name=name, words=words, tone=tone, people=count, x=round(x, 1), width=round(width, 1)))
        x += width
    return slices


def _reasons(lines: Sequence[ResultLine]) -> list[Reason]:
    found = Counter[tuple[str, str]]()
    for line in lines:
        group = group_of(line.status)
        if line.code and group in ("silent", "waiting", "failed"):
            found[(group, line.code)] += line.people
    return [
        Reason(words=reason_words(code), people=people, tone=GROUPS[group][1], group=group)
        for (group, code), people in found.most_common()
    ]


def _variants(lines: Sequence[ResultLine]) -> list[VariantLine]:
    return [
        VariantLine(
            name=name,
            people=sum(line.people for line in lines if line.variant == name),
            delivered=sum(line.people for line in lines if line.variant == name and line.status == "delivered"),
            answered=sum(line.answered for line in lines if line.variant == name),
            opted_out=sum(line.opted_out for line in lines if line.variant == name),
        )
        for name in sorted({line.variant for line in lines})
    ]


def group_of(status: str) -> str:
    """Name the group that a state of a text belongs to."""
    return next((name for name, (_, _, held) in GROUPS.items() if status in held), "sent")
