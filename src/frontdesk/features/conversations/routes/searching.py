"""The JSON API of search: words in texts and notes, texts that mean alike, and people."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features.conversations import service
from frontdesk.features.conversations.model import Alike, Found, FoundPerson
from frontdesk.features.conversations.service import Meanings
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Access, Visit
from frontdesk.kernel.db import Database
from frontdesk.kernel.paging import DEFAULT_LIMIT, Limit, MomentCursor, next_link, read_cursor, write_cursor


class SearchByMeaning(BaseModel):
    """Texts that mean much the same, closest first, one a thread; `similarity` is the cosine.

    `because` says why nothing was looked for by meaning, `reading` that older texts are not read for it yet.
    """

    texts: list[Alike]
    because: str
    reading: bool


class SearchResult(BaseModel):
    """Texts and notes that have all the words, newest first; on the first page also people and what means alike.

    A snippet marks the words between the control characters 2 and 3.
    """

    words: list[Found]
    people: list[FoundPerson]
    meaning: SearchByMeaning


def add_search(routes: APIRouter, access: Access, *, system: Database, meanings: Meanings) -> None:
    """Add the route of search; `system` reads the indexes of words for the business alone."""

    @routes.get("/search", summary="Find texts, notes and people by words, newest first, and texts by meaning")
    async def search(
        request: Request,
        response: Response,
        visit: Annotated[Visit, Depends(access.to_business(Scope.MESSAGES_READ))],
        q: Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")] = "",
        before: MomentCursor | None = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> SearchResult:
        place = None if before is None else read_cursor(before, UUID)
        question = await meanings.read(q if place is None else "")
        async with system.transaction(visit.tenant_id) as tx:
            places = await service.find_words(tx, words=q, before=place, limit=limit)
            people = await service.find_people(tx, words=q) if place is None else ()
        async with visit.transaction() as tx:
            meant = await service.find_alike(tx, question, apart_from=places.words)
            found = SearchResult(
                words=await service.show_words(tx, places, words=q),
                people=await service.show_people(tx, people),
                meaning=SearchByMeaning(texts=list(meant.texts), because=meant.because, reading=meant.reading),
            )
        if places.next is not None:
            last = write_cursor(places.next[0], str(places.next[1]))
            response.headers["link"] = next_link(request.url.path, request.url.query, before=last)
        return found
