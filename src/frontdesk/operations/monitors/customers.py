"""What monitors do: a customer who is not answered, and one who writes HELP and STOP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from frontdesk.operations.monitors.model import Failed, Monitor
from frontdesk.providers.twin import TwinControl

WITHIN_SECONDS = 30.0
OK = 200
# 555-0100 to 555-0199 belong to nobody in any area: a person of their own for each minute of a day.
CALLERS = ("205", "209", "213", "217", "303", "309", "315", "319", "402", "406", "414", "419", "503", "507", "515")
WRITERS = ("601", "605", "609", "615", "617", "701", "703", "706", "712", "715", "801", "803", "806", "812", "816")


def person_at(moment: datetime, areas: Sequence[str]) -> str:
    """Name who calls or writes in a minute: nobody comes twice in 25 hours, so no cool-down is in the way."""
    turn = int(moment.timestamp() // 60) % (len(areas) * 100)
    return f"+1{areas[turn // 100]}555{100 + turn % 100:04d}"


async def _misses_call(twin: TwinControl, number: str, now: datetime) -> str:
    caller = person_at(now, CALLERS)
    before = len(await twin.texts_to(caller))
    await twin.place_call(caller=caller, to=number, wait=False)
    report = await twin.wait_for_text(caller, count=before + 1, within=WITHIN_SECONDS)
    if not report.met:
        raise Failed(f"a caller who was not answered got no text within {WITHIN_SECONDS:.0f} s")
    await twin.wait_until_idle()
    texts = len(await twin.texts_to(caller)) - before
    if texts != 1:
        raise Failed(f"a caller who was not answered got {texts} texts")
    return "a caller who was not answered got one text"


async def _writes(twin: TwinControl, number: str, now: datetime) -> str:
    writer = person_at(now, WRITERS)
    before = len(await twin.texts_to(writer))
    await _is_taken(twin, writer, number, "HELP")
    report = await twin.wait_for_text(writer, count=before + 1, within=WITHIN_SECONDS)
    if not report.met:
        raise Failed(f"HELP was not answered within {WITHIN_SECONDS:.0f} s")
    await _is_taken(twin, writer, number, "STOP")
    await twin.wait_until_idle()
    asked = len(await twin.journal(to=writer))
    await twin.place_call(caller=writer, to=number)
    await twin.wait_until_idle()
    if len(await twin.journal(to=writer)) != asked:
        raise Failed("somebody who wrote STOP was texted again after a missed call")
    return "HELP was answered, and STOP was heeded"


async def _is_taken(twin: TwinControl, writer: str, number: str, word: str) -> None:
    report = await twin.send_text(customer=writer, to=number, body=word)
    if report.status != OK:
        raise Failed(f"our webhook answered {word} with {report.status}")


MONITORS: tuple[Monitor, ...] = (
    Monitor(
        name="missed_call",
        sentence="A caller who is not answered gets exactly one text",
        attempt=_misses_call,
    ),
    Monitor(name="stop_and_help", sentence="HELP is answered, and STOP is heeded", attempt=_writes),
)
