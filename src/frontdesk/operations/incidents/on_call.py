"""Keeping the rota: people, turns, who stands in, and the path that an incident is told along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.operations.incidents.model import TOP_LEVEL
from frontdesk.operations.incidents.queries import rotas
from frontdesk.operations.incidents.rota import Override, Person, Rota, Turn, duty_at

LAST_HOUR = 23
MOST_NAME = 100
MOST_ADDRESSES = 5
LONGEST_OVERRIDE = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """Who is on call at a level now, and until when."""

    level: int
    name: str
    addresses: tuple[str, ...]
    until: datetime
    stands_in: bool


async def who_is_on_call(tx: Transaction, *, moment: datetime | None = None) -> list[OnCall]:
    """Tell who is on call, now or at a later moment, the first level first; a level without anybody is left out."""
    turns, overrides = await rotas.list_rotas(tx), await rotas.list_overrides(tx)
    people = await rotas.list_people_by_id(tx)
    found = []
    for level in range(1, TOP_LEVEL + 1):
        duty = duty_at(turns.get(level), overrides, level=level, moment=moment or tx.now)
        if duty is not None and (person := people.get(duty.person_id)) is not None:
            found.append(
                OnCall(
                    level=level,
                    name=person.name,
                    addresses=person.addresses,
                    until=duty.until,
                    stands_in=duty.stands_in,
                )
            )
    return found


async def put_person(tx: Transaction, *, name: str, addresses: Sequence[str], by: Actor) -> Person:
    """Write down where somebody is reached; refuses no name and no address (`oncall.bad_person`, 422)."""
    kept = [one.strip() for one in addresses if one.strip()]
    if not name.strip() or len(name) > MOST_NAME or not 0 < len(kept) <= MOST_ADDRESSES:
        raise Refused("oncall.bad_person", "Somebody on call has a name and one to five addresses.", status=422)
    if any(len(one) > MOST_NAME * 2 for one in kept):
        raise Refused("oncall.bad_person", "An address has at most 200 characters.", status=422)
    person = await rotas.put_person(tx, name=name.strip(), addresses=kept)
    await audit.write_entry(tx, actor=by, action="oncall.person_put", subject=f"oncall:{person.name}")
    return person


async def set_rota(
    tx: Transaction, *, level: int, names: Sequence[str], zone: str, turn: Turn, handover_hour: int, by: Actor
) -> Rota:
    """Let people take turns at a level, the first one from now; weekly turns change on Mondays.

    Refuses `oncall.person_unknown` (404), and a zone, level or hour that there is not (`oncall.bad_rota`, 422).
    """
    if not 1 <= level <= TOP_LEVEL or not 0 <= handover_hour <= LAST_HOUR or not names:
        raise Refused("oncall.bad_rota", "A rota has a level 1 to 3, somebody, and an hour 0 to 23.", status=422)
    try:
        where = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused("oncall.bad_rota", f"{zone} is no zone; write it like America/Phoenix.", status=422) from None
    known = {one.name: one.id for one in await rotas.list_people(tx)}
    rota = Rota(
        level=level,
        zone=zone,
        turn=turn,
        handover_hour=handover_hour,
        starts_at=_last_handover(tx.now, where, turn, handover_hour),
        people=tuple([_known(known, name) for name in names]),
    )
    await rotas.put_rota(tx, rota)
    details = {"people": list(names), "zone": zone, "turn": turn.value, "hour": handover_hour}
    await audit.write_entry(tx, actor=by, action="oncall.rota_set", subject=f"oncall:L{level}", details=details)
    return rota


async def stand_in(
    tx: Transaction, *, level: int, name: str, starts_at: datetime, lasts_until: datetime, reason: str, by: Actor
) -> Override:
    """Let somebody stand in at a level for a while; of several the one that was written last holds.

    Refuses `oncall.person_unknown` (404), and a span that is over, empty or longer than 60 days
    (`oncall.bad_override`, 422).
    """
    if not 1 <= level <= TOP_LEVEL or len(reason) > MOST_NAME * 5:
        raise Refused("oncall.bad_override", "A level is 1 to 3, a reason has up to 500 characters.", status=422)
    if not max(starts_at, tx.now) < lasts_until <= starts_at + LONGEST_OVERRIDE:
        raise Refused("oncall.bad_override", "It ends after now and after it begins, within 60 days.", status=422)
    known = {one.name: one.id for one in await rotas.list_people(tx)}
    override = Override(
        id=new_id(),
        level=level,
        person_id=_known(known, name),
        starts_at=starts_at,
        lasts_until=lasts_until,
        reason=reason.strip(),
    )
    await rotas.insert_override(tx, override, by=by.shown)
    details = {"person": name, "from": starts_at.isoformat(), "until": lasts_until.isoformat()}
    await audit.write_entry(tx, actor=by, action="oncall.stands_in", subject=f"oncall:L{level}", details=details)
    return override


def _known(known: Mapping[str, UUID], name: str) -> UUID:
    if name not in known:
        raise Refused("oncall.person_unknown", f"Nobody on call is called {name}.", status=404)
    return known[name]


def _last_handover(now: datetime, zone: ZoneInfo, turn: Turn, hour: int) -> datetime:
    local = now.astimezone(zone)
    day = local.date() if local.hour >= hour else local.date() - timedelta(days=1)
    if turn is Turn.WEEKLY:
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)
