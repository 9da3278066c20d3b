"""What the inbox shows, read from the features: the list of threads, one thread, and its person's card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from frontdesk.features import contacts, conversations, delivery, tenants
from frontdesk.features.conversations import CannedReply, Counts, FoundPerson, Line, Meanings, Meant, View
from frontdesk.features.conversations.routes import member_of
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.members import list_members
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.ids import new_id
from frontdesk.kernel.paging import write_cursor
from frontdesk.web.pages.inbox_found import Hit, NearView, to_hit, to_near
from frontdesk.web.pages.inbox_rests import Rest, rests
from frontdesk.web.pages.inbox_words import Item, Staff, initials, last_words, span_words, to_items
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.views import Place, read_place
from frontdesk.web.words import moment_words, phone_words

LINES = 40
ITEMS = 40
MEMBERS = 200
MANY = 100
ANSWERABLE_FOR = timedelta(days=30)
VIEW_WORDS = {
    View.OPEN: "Open",
    View.MINE: "Mine",
    View.UNASSIGNED: "Unassigned",
    View.UNREAD: "Unread",
    View.SNOOZED: "Snoozed",
    View.DONE: "Done",
    View.ALL: "All",
}
EMPTY = {
    View.OPEN: ("All answered", "When somebody calls or writes, their thread shows up here."),
    View.MINE: ("Nothing is yours", "Open a thread and take it with A, or let a colleague give it to you."),
    View.UNASSIGNED: ("Everything has an owner", "Threads that nobody has taken show up here."),
    View.UNREAD: ("All read", "New texts show up here until you open them."),
    View.SNOOZED: ("Nothing rests", "Snooze a thread and it comes back by itself at the time you say."),
    View.DONE: ("Nothing done yet", "Threads you mark as done with E wait here, and open when their person writes."),
    View.ALL: ("No threads yet", "When somebody calls or writes, their thread shows up here."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A view as a link; `count` is empty where it is not counted, 99+ where there are many."""

    view: View
    words: str
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A thread in the list."""

    line: Line
    who: str
    said: str
    at: str
    waits: str
    rests: str
    owner: str
    owner_initials: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """The list of threads, or what was found by words."""

    place: Place
    view: View
    tabs: Sequence[Tab]
    rows: Sequence[Row]
    next: str
    is_first: bool
    words: str = ""
    hits: Sequence[Hit] = ()
    near: NearView = field(default_factory=NearView)
    people: Sequence[FoundPerson] = ()
    opened: UUID | None = None
    may_send: bool = False
    blank: tuple[str, str] = ("", "")

    @property
    def base(self) -> str:
        """Tell where the inbox is."""
        return f"/businesses/{self.place.tenant_id}/inbox"

    def address(self, thread: UUID | None = None, **more: str) -> str:
        """Make the address of a thread, or of the list, in the same view."""
        query = {"view": self.view.value if self.view is not View.OPEN else "", "q": self.words} | more
        asked = urlencode({name: value for name, value in query.items() if value})
        return f"{self.base}{f'/{thread}' if thread else ''}{f'?{asked}' if asked else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer kept ready, filled in for this person."""

    id: UUID
    name: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody was about to do in a thread, and what came in its way; `kept` is an answer they chose."""

    body: str = ""
    note: str = ""
    wrong: str = ""
    meanwhile: str = ""
    compose: str = "reply"
    ask: str = ""
    key: str = ""
    kept: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """One thread: its timeline, what may be done, and its person's card."""

    place: Place
    view: View
    line: Line
    who: str
    phone: str
    items: Sequence[Item]
    older: str
    owner: str
    members: Sequence[tuple[UUID, str]]
    me: UUID | None
    silent_because: str
    caution: str
    rests: Sequence[Rest]
    rests_until: str
    kept: Sequence[Kept]
    latest_by_hand: str
    may_send: bool
    may_see_person: bool
    key: UUID | str
    draft: Draft = field(default_factory=Draft)

    @property
    def base(self) -> str:
        """Tell where this thread is."""
        return f"/businesses/{self.place.tenant_id}/inbox/{self.line.id}"

    @property
    def asked(self) -> str:
        """Write the view as a query."""
        return "" if self.view is View.OPEN else f"?view={self.view.value}"


async def read_staff(system: Database, visit: Visit) -> Staff:
    """Read who works for the business."""
    async with system.transaction(visit.tenant_id) as tx:
        return Staff(await list_members(tx, before=None, limit=MEMBERS))


async def read_list(
    tx: Transaction,
    visit: Visit,
    staff: Staff,
    *,
    view: View,
    before: tuple[datetime, UUID] | None,
    opened: UUID | None = None,
) -> ListView:
    """Read a page of a view's threads and how many wait in each view."""
    reader, place = member_of(visit), await read_place(tx)
    lines = await conversations.list_lines(tx, view, reader=reader, before=before, limit=LINES)
    last = lines[-1] if len(lines) == LINES else None
    return ListView(
        place=place,
        view=view,
        tabs=_tabs(await conversations.count_views(tx, reader=reader)),
        rows=[to_row(line, staff, place) for line in lines],
        next="" if last is None else write_cursor(last.last_message_at, str(last.id)),
        is_first=before is None,
        opened=opened,
        may_send=visit.may(Scope.MESSAGES_SEND),
        blank=EMPTY[view],
    )


async def read_found(
    system: Database,
    visit: Visit,
    *,
    words: str,
    before: tuple[datetime, UUID] | None,
    meanings: Meanings | None = None,
    opened: UUID | None = None,
) -> ListView:
    """Read what is found: texts and notes by words, newest first; people and what means alike on the first page.

    Without `meanings` words alone are looked up, as somebody types.
    """
    question = await meanings.read(words) if meanings is not None and before is None else None
    async with system.transaction(visit.tenant_id) as tx:
        places = await conversations.find_words(tx, words=words, before=before)
        ids = await conversations.find_people(tx, words=words) if before is None else ()
    async with visit.transaction() as tx:
        place = await read_place(tx)
        found = await conversations.show_words(tx, places, words=words)
        meant = await conversations.find_alike(tx, question, apart_from=places.words) if question else Meant()
        people = await conversations.show_people(tx, ids) if visit.may(Scope.CONTACTS_READ) else []
        counts = await conversations.count_views(tx, reader=member_of(visit))
    return ListView(
        place=place,
        view=View.OPEN,
        tabs=_tabs(counts),
        rows=(),
        next="" if places.next is None else write_cursor(places.next[0], str(places.next[1])),
        is_first=before is None,
        words=words,
        hits=[to_hit(one, place) for one in found],
        near=to_near(meant, place),
        people=people,
        opened=opened,
        blank=("Nothing found", "Texts and notes are searched by whole words in English and Spanish, people by parts."),
    )


async def read_desk(
    tx: Transaction,
    visit: Visit,
    staff: Staff,
    conversation_id: UUID,
    *,
    view: View,
    before: tuple[datetime, UUID] | None = None,
    draft: Draft | None = None,
) -> DeskView:
    """Read a thread with its timeline; refuses one that the business does not have."""
    thread = await conversations.get_thread(tx, conversation_id=conversation_id)
    (line,) = await conversations.describe_lines(tx, [conversation_id], reader=member_of(visit))
    place = await read_place(tx)
    who = thread.name or phone_words(thread.phone_e164)
    found = await conversations.list_happenings(
        tx,
        contact_id=thread.contact_id,
        conversation_id=conversation_id,
        phone_e164=thread.phone_e164,
        before=before,
        limit=ITEMS,
    )
    reach = await conversations.reach_of(tx, thread)
    latest = await conversations.find_latest_by_hand(tx, conversation_id=conversation_id)
    kept = await _kept(tx, line) if visit.may(Scope.MESSAGES_SEND) else []
    said = draft or Draft()
    if said.kept is not None:
        said = replace(said, body=next((one.body for one in kept if one.id == said.kept), ""))
    said = replace(said, meanwhile=staff.name_by(said.meanwhile))
    return DeskView(
        place=place,
        view=view,
        line=line,
        who=who,
        phone=phone_words(thread.phone_e164) if thread.name else "",
        items=to_items(found, who=who, staff=staff, place=place),
        older=write_cursor(found[-1].at, str(found[-1].id)) if len(found) == ITEMS else "",
        owner=staff.name_of(line.assigned_to),
        members=[(one.user_id, one.name or one.email) for one in staff.members],
        me=member_of(visit),
        silent_because=_silence(visit, line, reach, who=who, now=tx.now),
        caution=_caution(reach, who=who, place=place),
        rests=rests(place),
        rests_until="" if line.snoozed_until is None else moment_words(line.snoozed_until, place.zone, place.now),
        kept=kept,
        latest_by_hand="" if latest is None else str(latest[0]),
        may_send=visit.may(Scope.MESSAGES_SEND),
        may_see_person=visit.may(Scope.CONTACTS_READ),
        key=said.key or new_id(),
        draft=said,
    )


def to_row(line: Line, staff: Staff, place: Place) -> Row:
    """Make a line of the list."""
    owner = staff.name_of(line.assigned_to)
    waits = line.waits_since
    is_long = waits is not None and line.status == "open" and place.now - waits >= timedelta(minutes=1)
    return Row(
        line=line,
        who=line.name or phone_words(line.phone_e164),
        said=(("You: " if line.last_direction == "outbound" else "") + " ".join(line.last_body.split()))[:180],
        at=last_words(line.last_message_at, place),
        waits=span_words(place.now - waits) if is_long and waits is not None else "",
        rests="" if line.snoozed_until is None else moment_words(line.snoozed_until, place.zone, place.now),
        owner=owner,
        owner_initials=initials(owner) if owner else "",
    )


def _tabs(counts: Counts) -> list[Tab]:
    known = {
        View.OPEN: counts.open,
        View.MINE: counts.mine,
        View.UNASSIGNED: counts.unassigned,
        View.UNREAD: counts.unread,
        View.SNOOZED: counts.snoozed,
    }
    shown = {view: "99+" if count >= MANY else str(count) for view, count in known.items() if count}
    return [Tab(view=view, words=words, count=shown.get(view, "")) for view, words in VIEW_WORDS.items()]


def _silence(visit: Visit, line: Line, reach: conversations.Reachability, *, who: str, now: datetime) -> str:
    """Say why nothing can be written here; empty if it can."""
    if not visit.may(Scope.MESSAGES_SEND):
        return "You may read here, not write."
    if line.opted_out_scope == "all":
        return f"{who} has opted out. Nothing is sent until they text START."
    if reach.transactional:
        return f"Nothing can be sent: {reason_words(reach.transactional)}."
    if line.last_inbound_at is None or now - line.last_inbound_at > ANSWERABLE_FOR:
        return f"{who} has not written in the last 30 days. Call back, or wait for their text."
    return ""


def _caution(reach: conversations.Reachability, *, who: str, place: Place) -> str:
    """Say what to mind before writing; empty if nothing."""
    if reach.quiet_until is not None:
        return f"It is late for {who}: quiet hours until {moment_words(reach.quiet_until, place.zone, place.now)}."
    return ""


async def _kept(tx: Transaction, line: Line) -> list[Kept]:
    """Fill the answers kept ready for one person; a field that nobody knows stays as it was written."""
    replies = await conversations.list_canned(tx, limit=100)
    if not replies:
        return []
    business = await tenants.get_tenant(tx)
    person = (await contacts.facts_for(tx, [line.contact_id])).get(line.contact_id)
    given = "" if person is None else person.given_name or person.name.partition(" ")[0]
    known = {"given_name": given, "name": line.name, "business": business.name}
    return [Kept(id=one.id, name=one.name, body=_filled(one, known)) for one in sorted(replies, key=_by_name)]


def _filled(reply: CannedReply, known: dict[str, str]) -> str:
    lines = (delivery.fill_words(part, known, is_tag=lambda _tag: True) for part in reply.body.split("\n"))
    return "\n".join(lines)


def _by_name(reply: CannedReply) -> str:
    return reply.name.lower()
