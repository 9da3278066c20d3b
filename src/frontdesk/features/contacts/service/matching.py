"""Who fits a filter: in steps of bounded size, so that a million people are no long statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from frontdesk.features.contacts.filters import EVERYBODY, Compiled, Filter, compile_filter
from frontdesk.features.contacts.model import Person
from frontdesk.features.contacts.queries import matching
from frontdesk.kernel.db import Transaction

FIRST_LOOK = 500
WIDEST_LOOK = 10_000
NOBODY = UUID(int=0)
EXACT_UP_TO = 20_000
SAMPLE = 10_000


async def list_matching(tx: Transaction, filter_: Filter, *, after: UUID | None, limit: int) -> list[Person]:
    """List people who fit, by id from after a given one; fewer than `limit` means that these are the last.

    Deleted people never fit. Refuses `contacts.filter_too_complex`.
    """
    compiled, found, place, look = compile_filter(filter_), list[UUID](), after or NOBODY, max(FIRST_LOOK, limit)
    while len(found) < limit:
        candidates = await matching.list_candidates(tx, tag=compiled.tag, after=place, limit=look)
        found += await matching.list_fitting(tx, ids=candidates, filter_=compiled)
        if len(candidates) < look:
            break
        place, look = candidates[-1], min(2 * look, WIDEST_LOOK)
    return await matching.list_persons(tx, ids=found[:limit])


async def count_matching(tx: Transaction, filter_: Filter) -> int:
    """Count the people who fit; a million take some seconds, in many short statements."""
    if filter_ == EVERYBODY:
        return await matching.count_all(tx)
    compiled, place, total = compile_filter(filter_), NOBODY, 0
    while True:
        candidates = await matching.list_candidates(tx, tag=compiled.tag, after=place, limit=WIDEST_LOOK)
        total += len(await fitting(tx, candidates, compiled))
        if len(candidates) < WIDEST_LOOK:
            return total
        place = candidates[-1]


async def estimate_matching(tx: Transaction, filter_: Filter) -> tuple[int, bool]:
    """Count the people who fit, from a sample where there are more than 20,000; tells whether it is exact."""
    everybody = await matching.count_all(tx)
    if everybody <= EXACT_UP_TO or filter_ == EVERYBODY:
        return await count_matching(tx, filter_), True
    ids = await matching.list_sample(tx, percent=min(100.0, 100.0 * SAMPLE / everybody))
    if not ids:
        return await count_matching(tx, filter_), True
    share = len(await fitting(tx, ids, compile_filter(filter_))) / len(ids)
    return round(share * everybody), False


async def fitting(tx: Transaction, ids: Sequence[UUID], filter_: Compiled) -> list[UUID]:
    """List which of some people fit."""
    return await matching.list_fitting(tx, ids=list(ids), filter_=filter_)


async def facts_for(tx: Transaction, ids: Sequence[UUID]) -> Mapping[UUID, Person]:
    """Read what is known of some people now, by id; deleted and unknown ones are left out."""
    return {person.id: person for person in await matching.list_persons(tx, ids=list(ids))}
