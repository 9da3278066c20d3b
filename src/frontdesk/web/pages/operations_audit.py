"""The audit log as pages: of a business for its owner, of the installation for whoever looks after it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from frontdesk.features.contacts.sheets.writing import write_row
from frontdesk.kernel.audit import AuditEntry, export_line
from frontdesk.kernel.audit.browsing import NEWEST, AuditQuestion, browse_entries, read_whole_chain
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit, Visit
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.operations.custody import queries as custody
from frontdesk.operations.custody.model import ANCHORS, Verification, name_of
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.web.pages.audit_words import ACTIONS, AREAS, action_words, gist, told, who_words
from frontdesk.web.pages.frame import Frames, Shown
from frontdesk.web.pages.operations_desk import ZONE, OperationsDesk
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.pages.views import read_place
from frontdesk.wiring import Frontdesk

PAGE = 50
MOST_ROWS = 50_000
HEADER = ("at", "who", "what", "about", "number", "fingerprint")
DAMAGE = {
    "missing": "is missing",
    "changed": "was changed",
    "detached": "does not follow the one before it",
    "columns": "says something else than what was signed",
    "anchor": "is not what was noted outside the database",
    "head": "is not the last one any more",
}
Words = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]
Action = Annotated[str, Query(max_length=100, pattern=r"^([a-z_]+(\.[a-z_]+)?)?$")]
Day = Annotated[str, Query(max_length=10, pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Number = Annotated[int, Query(ge=1, le=NEWEST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the form above the log asks for."""

    who: str
    what: str
    since: str
    until: str

    @property
    def query(self) -> str:
        """The same as part of an address."""
        said = {"who": self.who, "what": self.what, "since": self.since, "until": self.until}
        return urlencode({name: value for name, value in said.items() if value})

    def question(self, zone: str) -> AuditQuestion:
        """Ask the log for it, days taken in a zone; refuses a day that is none (`audit.day_invalid`)."""
        return AuditQuestion(
            action=self.what,
            who=self.who,
            since=_begins(self.since, zone),
            until=_begins(self.until, zone, plus=timedelta(days=1)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """An entry as a row of the page."""

    entry: AuditEntry
    who: str
    what: str
    gist: str
    told: Sequence[tuple[str, str]]
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainView:
    """Whether the log is what it was: how far it was verified, when, and what was found."""

    chip: Chip
    words: str
    at: datetime | None
    whole_at: datetime | None
    acknowledged: int


def _asked(who: Words = "", what: Action = "", since: Day = "", until: Day = "") -> Asked:
    return Asked(who=who.strip(), what=what, since=since, until=until)


def audit_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of a business's own log."""
    routes = Routes(prefix="/businesses/{tenant_id}/settings/audit", include_in_schema=False)
    frames = Frames(parts, door, section="settings", tab="audit")
    may_read = door.to_business(Scope.AUDIT_READ)

    @routes.get("")
    async def entries(
        request: Request,
        visit: Annotated[Visit, Depends(may_read)],
        asked: Annotated[Asked, Depends(_asked)],
        before: Number = NEWEST,
    ) -> Response:
        async with visit.transaction() as tx:
            place = await read_place(tx)
            question = asked.question(place.zone)
            found = await browse_entries(tx, question, tenant_id=visit.tenant_id, before_seq=before, limit=PAGE)
        async with parts.system.transaction() as tx:
            chain = show_chain(await custody.find_verification(tx, whose=name_of(visit.tenant_id)))
        address = f"/businesses/{visit.tenant_id}/settings/audit"
        values = {
            **_shown(found, asked, before=before, address=address, chain=chain),
            "zone": place.zone,
            "now": place.now,
        }
        return await frames.page(request, visit, Shown(template="audit.html", values=values))

    @routes.get("/entries.csv")
    async def export(visit: Annotated[Visit, Depends(may_read)], asked: Annotated[Asked, Depends(_asked)]) -> Response:
        async with visit.transaction() as tx:
            zone = (await read_place(tx)).zone
            found = await browse_entries(tx, asked.question(zone), tenant_id=visit.tenant_id, limit=MOST_ROWS)
        return _csv(found)

    @routes.get("/chain.jsonl")
    async def export_chain(visit: Annotated[Visit, Depends(may_read)]) -> Response:
        return _lines(_chain_of(visit, visit.tenant_id))

    return routes


def add_audit(routes: APIRouter, door: FrontDoor, desk: OperationsDesk) -> None:
    """Add the page of the installation's log, and those of all businesses."""
    may_read = door.to_platform(Scope.AUDIT_READ)

    @routes.get("/audit")
    async def entries(
        request: Request,
        visit: Annotated[PlatformVisit, Depends(may_read)],
        asked: Annotated[Asked, Depends(_asked)],
        before: Number = NEWEST,
        whose: UUID | None = None,
    ) -> Response:
        async with visit.transaction() as tx:
            found = await browse_entries(tx, asked.question(ZONE), tenant_id=whose, before_seq=before, limit=PAGE)
            known = {one.whose: one for one in await custody.list_verifications(tx)}
            now = tx.now
        broken = [one for one in known.values() if one.broken is not None and one.whose != ANCHORS]
        values = {
            **_shown(
                found, asked, before=before, address="/operations/audit", chain=show_chain(known.get(name_of(whose)))
            ),
            "whose": whose,
            "others_broken": [one.whose for one in broken if one.whose != name_of(whose)],
            "anchors_broken": known[ANCHORS].broken is not None if ANCHORS in known else False,
            "now": now,
        }
        return await desk.page(request, visit, "operations_audit.html", tab="audit", status=200, **values)

    @routes.get("/audit/entries.csv")
    async def export(
        visit: Annotated[PlatformVisit, Depends(may_read)],
        asked: Annotated[Asked, Depends(_asked)],
        whose: UUID | None = None,
    ) -> Response:
        async with visit.transaction() as tx:
            return _csv(await browse_entries(tx, asked.question(ZONE), tenant_id=whose, limit=MOST_ROWS))

    @routes.get("/audit/chain.jsonl")
    async def export_chain(visit: Annotated[PlatformVisit, Depends(may_read)], whose: UUID | None = None) -> Response:
        return _lines(_chain_of(visit, whose))


def show_chain(seen: Verification | None) -> ChainView:
    """Say how a chain stands, from what its keeper has last seen of it."""
    if seen is None or seen.verified_at is None:
        words = "Nobody has verified it yet: a worker does within a minute."
        return ChainView(chip=Chip("not verified yet", Tone.CALM), words=words, at=None, whole_at=None, acknowledged=0)
    if seen.broken is not None:
        what = DAMAGE.get(seen.broken.damage, seen.broken.damage)
        chip, words = Chip("broken", Tone.BAD), f"Entry {seen.broken.seq} {what}."
        at: datetime | None = seen.broken.at
    else:
        reached = 0 if seen.verified is None else seen.verified.seq
        chip, words, at = Chip("unbroken", Tone.GOOD), f"Verified as far as entry {reached}.", seen.verified_at
    return ChainView(chip=chip, words=words, at=at, whole_at=seen.whole_at, acknowledged=seen.acknowledged_breaks)


def _shown(
    found: Sequence[AuditEntry], asked: Asked, *, before: int, address: str, chain: ChainView
) -> dict[str, object]:
    return {
        "lines": [
            EntryLine(
                entry=one,
                who=who_words(one),
                what=action_words(one.action),
                gist=gist(one),
                told=told(one),
                fingerprint=one.link.hash.hex()[:16],
            )
            for one in found
        ],
        "asked": asked,
        "areas": AREAS,
        "actions": ACTIONS,
        "chain": chain,
        "address": address,
        "next": found[-1].seq if len(found) == PAGE else None,
        "is_first": before == NEWEST,
    }


def _begins(day: str, zone: str, *, plus: timedelta = timedelta(0)) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day) + plus, time(), tzinfo=ZoneInfo(zone))
    except (ValueError, OverflowError):
        raise Refused("audit.day_invalid", "Write a day like 2026-01-31.", status=422) from None


def _csv(found: Sequence[AuditEntry]) -> Response:
    rows = [
        write_row(
            (
                one.at.isoformat(),
                who_words(one),
                action_words(one.action),
                gist(one),
                str(one.seq),
                one.link.hash.hex(),
            )
        )
        for one in found
    ]
    text = "\ufeff" + write_row(HEADER) + "".join(rows)
    headers = {"content-disposition": 'attachment; filename="audit-log.csv"'}
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)


async def _chain_of(visit: Visit | PlatformVisit, whose: UUID | None) -> AsyncIterator[str]:
    async with visit.transaction() as tx:
        async for line in _read(tx, whose):
            yield line


async def _read(tx: Transaction, whose: UUID | None) -> AsyncIterator[str]:
    async for entries in read_whole_chain(tx, tenant_id=whose):
        yield "".join(export_line(one.link) + "\n" for one in entries)


def _lines(parts: AsyncIterator[str]) -> Response:
    headers = {"content-disposition": 'attachment; filename="audit-chain.jsonl"'}
    return StreamingResponse(parts, media_type="application/x-ndjson", headers=headers)
