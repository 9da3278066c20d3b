"""What a model may say: a closed list of tools, each answer checked against its schema and what is on the table."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from frontdesk.features.assistant.understanding.meaning import (
    AsksQuestion,
    AsksTime,
    ChoosesOffer,
    Confirms,
    Context,
    Declines,
    Grain,
    Meaning,
    TimeWindow,
    Unsure,
    WantsAppointment,
    WantsCancel,
    WantsChange,
    WantsPerson,
)
from frontdesk.ports.models import Tool, ToolCall

FARTHEST = timedelta(days=366)
MOST_ARGUMENTS = 2_000  # characters; more is no answer to a text
DAY_MINUTES = 1440
NOTHING: dict[str, object] = {"type": "object", "properties": {}, "additionalProperties": False}
DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
CLOCK = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"}
WHEN: dict[str, object] = {
    "type": "object",
    "properties": {"date": DATE, "from": CLOCK, "until": CLOCK},
    "required": ["date", "from", "until"],
    "additionalProperties": False,
}


class _Empty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments."""


class _Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the offers by its number."""

    number: int


class _When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """A span of a day on the business's clock."""

    date: str
    start: str
    until: str


def _tool(name: str, description: str, parameters: dict[str, object] | None = None) -> Tool:
    return Tool(name=name, description=description, parameters=parameters or NOTHING)


TOOLS: tuple[Tool, ...] = (
    _tool("wants_appointment", "Wants an appointment and names no day or time."),
    _tool("asks_time", "Wants an appointment within a span of one day.", WHEN),
    _tool(
        "chooses_offer",
        "Takes one of the times on offer, by its number.",
        {
            "type": "object",
            "properties": {"number": {"type": "integer", "minimum": 1, "maximum": 3}},
            "required": ["number"],
            "additionalProperties": False,
        },
    ),
    _tool("confirms", "Says yes."),
    _tool("declines", "Says no, or that nothing offered fits."),
    _tool("wants_change", "Wants another time for the appointment that is there."),
    _tool("wants_cancel", "Wants to call off the appointment that is there."),
    _tool("asks_question", "Asks or tells something that a person must answer."),
    _tool("wants_person", "Wants to talk to a person."),
    _tool("unclear", "None of the others fits plainly."),
)

_PLAIN: dict[str, Meaning] = {
    "wants_appointment": WantsAppointment(),
    # A model never books or calls off by itself: what would is put to the person as a question first.
    "confirms": Unsure((Confirms(),)),
    "declines": Declines(),
    "wants_change": WantsChange(),
    "wants_cancel": Unsure((WantsCancel(),)),
    "asks_question": AsksQuestion(),
    "wants_person": WantsPerson(),
    "unclear": Unsure(),
}


def read_tool_call(call: ToolCall, context: Context) -> Meaning | None:
    """Read what a model chose; None for a tool that is not ours, arguments out of their schema, or an impossible time.

    An offer that is not on the table is not there, whatever the model says.
    """
    if len(call.arguments) > MOST_ARGUMENTS:
        return None
    try:
        if call.name in _PLAIN:
            msgspec.json.decode(call.arguments or "{}", type=_Empty)
            return _PLAIN[call.name]
        if call.name == "chooses_offer":
            number = msgspec.json.decode(call.arguments, type=_Offer).number
            return Unsure((ChoosesOffer(number - 1),)) if 1 <= number <= len(context.offers) else None
        if call.name == "asks_time":
            return _time(msgspec.json.decode(call.arguments, type=_When), context)
    except (msgspec.MsgspecError, ValueError):
        return None
    return None


def _time(when: _When, context: Context) -> AsksTime | None:
    zone = ZoneInfo(context.zone)
    start, end = _instant(when.date, when.start, zone), _instant(when.date, when.until, zone)
    if not start < end or end <= context.now or start > context.now + FARTHEST:
        return None
    return AsksTime((TimeWindow(max(start, context.now.astimezone(UTC)), end, Grain.SPAN),))


def _instant(date: str, clock: str, zone: ZoneInfo) -> datetime:
    day = datetime.strptime(date, "%Y-%m-%d").date()  # noqa: DTZ007 - the zone is put to it below
    hour, minute = (int(part) for part in clock.split(":"))
    minutes = hour * 60 + minute
    if minutes >= DAY_MINUTES:
        day, minutes = day + timedelta(days=1), 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=zone).astimezone(UTC)
