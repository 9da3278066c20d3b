"""Going anywhere: sections, businesses, people, threads, runbooks and actions by a few letters, as far as one may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from frontdesk.features import tenants
from frontdesk.features.conversations import View
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.ids import new_id
from frontdesk.operations import runbooks
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor, list_businesses, unknown_business
from frontdesk.web.navigation import address_in, places_for, settings_for
from frontdesk.web.pages.frame import FRAGMENT
from frontdesk.web.pages.inbox_views import read_found, read_list, read_staff
from frontdesk.web.rendering import render
from frontdesk.web.words import phone_words
from frontdesk.wiring import Frontdesk

MOST = 6  # of each kind
Words = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one can go; `marked` are pieces of what was found, of which some are what was looked for."""

    words: str
    address: str
    icon: str
    hint: str = ""
    marked: Sequence[tuple[bool, str]] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Targets of one kind."""

    words: str
    targets: Sequence[Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something to do: its words, others that people use for it, where it begins and what one must hold."""

    words: str
    also: str
    icon: str
    address: str
    scope: Scope


# Each leads to the page that asks; nothing is done by going there.
ACTS = (
    Act(
        words="Pause sending here",
        also="stop halt kill switch",
        icon="pause",
        address="/?business={id}&ask=pause",
        scope=Scope.DELIVERY_PAUSE,
    ),
    Act(
        words="New appointment",
        also="book add",
        icon="calendar",
        address="/businesses/{id}/agenda?new=1",
        scope=Scope.BOOKING_WRITE,
    ),
    Act(
        words="New campaign",
        also="write send many bulk add",
        icon="campaign",
        address="/businesses/{id}/campaigns/new",
        scope=Scope.CAMPAIGNS_WRITE,
    ),
    Act(
        words="Import people",
        also="upload csv spreadsheet contacts add",
        icon="upload",
        address="/businesses/{id}/people?ask=import",
        scope=Scope.CONTACTS_WRITE,
    ),
    Act(
        words="New segment",
        also="group audience filter add",
        icon="people",
        address="/businesses/{id}/people/segments/new",
        scope=Scope.CONTACTS_WRITE,
    ),
    Act(
        words="Answers kept ready",
        also="canned replies templates",
        icon="note",
        address="/businesses/{id}/inbox/replies",
        scope=Scope.MESSAGES_READ,
    ),
    Act(
        words="Do not contact",
        also="opt out stop refusals dnc",
        icon="shield",
        address="/businesses/{id}/people/do-not-contact",
        scope=Scope.CONSENT_READ,
    ),
    Act(
        words="Why was it not sent? Decisions",
        also="explain held barred",
        icon="search",
        address="/businesses/{id}/decisions",
        scope=Scope.DELIVERY_READ,
    ),
)
PLATFORM_ACTS = (
    Act(
        words="Pause all sending",
        also="stop everything halt kill switch emergency",
        icon="pause",
        address="/operations/switches?ask=pull&scope=global&key=all",
        scope=Scope.DELIVERY_PAUSE,
    ),
)
OPERATIONS = (
    ("Kill switches", "switches", "pause"),
    ("Runbooks", "runbooks", "note"),
    ("Runs of runbooks", "runs", "play"),
    ("Alerts", "alerts", "bell"),
    ("Incidents", "incidents", "pulse"),
    ("On call", "on-call", "people"),
    ("Backups", "backups", "download"),
    ("Drills", "drills", "spark"),
    ("Audit log of the platform", "audit", "shield"),
)
EVERYBODYS = (("Your account", "/account", "key"), ("Guide", "/guide", "note"), ("API", "/docs", "note"))


def palette_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the route: a part for the dialog, and a page of its own for a browser without scripts."""
    routes = Routes(include_in_schema=False)

    @routes.get("/palette")
    async def palette(
        request: Request,
        caller: Annotated[Caller, Depends(door.anybody_known)],
        business: UUID | None = None,
        q: Words = "",
    ) -> Response:
        businesses = await list_businesses(parts.system, caller)
        current = next((one for one in businesses if one.id == business), None)
        if business is not None and current is None:
            raise unknown_business()
        words = " ".join(q.split())
        groups = [
            *_list_known(caller, businesses, current, words),
            *(await _list_found(parts, caller, current, words) if current else ()),
        ]
        values = {"groups": [one for one in groups if one.targets], "words": words}
        if FRAGMENT in request.headers:
            return HTMLResponse(render("_palette_found.html", **values, listed=True))
        frame = {"caller": caller, "businesses": businesses, "business": current, "section": "palette"}
        return HTMLResponse(
            render("palette.html", **values, **frame, listed=False, csrf=door.entrance.csrf_for(request))
        )

    return routes


def _list_known(
    caller: Caller, businesses: Sequence[tenants.Tenant], current: tenants.Tenant | None, words: str
) -> Sequence[Group]:
    """List what needs no looking up: sections, actions, other businesses and runbooks."""
    here = None if current is None else current.id
    everywhere = caller.principal.scopes_for(None)
    operates = Scope.OPERATIONS_READ in everywhere
    places = [Target(words=one.words, address=one.address, icon=one.icon) for one in places_for(caller.principal, here)]
    if words:
        if current is not None:
            tabs = settings_for(caller.principal, current.id)
            places += [Target(words=one.words, address=one.address, icon=one.icon, hint="settings") for one in tabs]
        if operates:
            places += [Target(words=a, address=f"/operations/{b}", icon=c, hint="operations") for a, b, c in OPERATIONS]
        places += [Target(words=one, address=address, icon=icon) for one, address, icon in EVERYBODYS]
    acts = [one for one in PLATFORM_ACTS if one.scope in everywhere and operates]
    if current is not None:
        acts += [one for one in ACTS if one.scope in caller.principal.scopes_for(current.id)]
    fitting = [one for one in acts if _fits(words, f"{one.words} {one.also}")]
    pages = [one.runbook for one in runbooks.find_runbooks(words, limit=MOST)] if words and operates else []
    return [
        Group("Sections", [one for one in places if _fits(words, one.words)][: MOST * 2]),
        Group(
            "Actions",
            [Target(words=one.words, address=_filled(one, current), icon=one.icon) for one in fitting][:MOST],
        ),
        Group(
            "Businesses",
            [
                Target(words=one.name, address=address_in("home", one.id), icon="home")
                for one in businesses
                if words and one.id != here and _fits(words, one.name)
            ][:MOST],
        ),
        Group(
            "Runbooks",
            [Target(words=one.title, address=f"/operations/runbooks/{one.slug}", icon="note") for one in pages],
        ),
    ]


async def _list_found(parts: Frontdesk, caller: Caller, current: tenants.Tenant, words: str) -> Sequence[Group]:
    """Look up people and texts by words; without any, the threads with the newest news."""
    visit = Visit(principal=caller.principal, tenant_id=current.id, correlation_id=new_id(), database=parts.app)
    if not visit.may(Scope.MESSAGES_READ):
        return ()
    inbox = f"/businesses/{current.id}/inbox"
    if not words:
        staff = await read_staff(parts.system, visit)
        async with visit.transaction() as tx:
            rows = (await read_list(tx, visit, staff, view=View.OPEN, before=None, opened=None)).rows
        threads = [
            Target(words=row.who, address=f"{inbox}/{row.line.id}", icon="inbox", hint=row.at) for row in rows[:MOST]
        ]
        return [Group("Threads", threads)]
    found = await read_found(parts.system, visit, words=words, before=None)
    people = [
        Target(
            words=one.name or phone_words(one.phone_e164),
            address=f"{inbox}/{one.conversation_id}"
            if one.conversation_id
            else f"/businesses/{current.id}/people/{one.id}",
            icon="people",
            hint=phone_words(one.phone_e164) if one.name else "",
        )
        for one in found.people[:MOST]
    ]
    texts = [
        Target(
            words="",
            marked=list(hit.pieces),
            address=f"{inbox}/{hit.found.conversation_id}",
            icon="in",
            hint=hit.who,
        )
        for hit in found.hits[:MOST]
    ]
    return [Group("People", people), Group("In texts and notes", texts)]


def _filled(act: Act, current: tenants.Tenant | None) -> str:
    return act.address.format(id="" if current is None else current.id)


def _fits(asked: str, words: str) -> bool:
    """Tell whether every word asked for begins a word, in any order."""
    known = words.casefold().split()
    return all(any(one.startswith(part) for one in known) for part in asked.casefold().split())
