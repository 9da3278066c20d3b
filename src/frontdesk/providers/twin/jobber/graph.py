"""Jobber's GraphQL: questions are run against the schema, counted in points, and throttled as Jobber does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files

import msgspec
from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync, parse, visit
from graphql.language import FieldNode, Visitor

from frontdesk.providers.twin.doorway import Asked, Declined, Told
from frontdesk.providers.twin.jobber.state import JobberState, Visit
from frontdesk.providers.twin.world import World

DOCUMENTATION = "https://developer.getjobber.com/docs/using_jobbers_api/api_rate_limits"
VERSION_HEADER = "X-JOBBER-GRAPHQL-VERSION"
USUAL_PAGE = 20


class _Question(msgspec.Struct):
    query: str
    variables: dict[str, object] | None = None


class _Counting(Visitor):
    """Counts the fields of a question."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = 0

    def enter_field(self, _node: FieldNode, *_rest: object) -> None:
        """Count one."""
        self.fields += 1


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """Build the schema from its text, once."""
    return build_schema(files("frontdesk.providers.twin.jobber").joinpath("schema.graphql").read_text())


class GraphDesk:
    """Answers questions."""

    def __init__(self, world: World, state: JobberState) -> None:
        self._world = world
        self._state = state

    def answer(self, asked: Asked) -> Told:
        """Run a question, unless it costs more points than are left."""
        if not asked.headers.get(VERSION_HEADER):
            raise Declined(400, {"message": f"{VERSION_HEADER} is missing"})
        try:
            question = msgspec.json.decode(asked.body, type=_Question)
            counting = _Counting()
            visit(parse(question.query), counting)
        except (msgspec.MsgspecError, GraphQLError) as error:
            raise Declined(400, {"message": str(error)}) from None
        variables = question.variables or {}
        size = variables.get("first")
        cost = 1.0 + counting.fields * (size if isinstance(size, int) else USUAL_PAGE)
        points = self._state.points
        if cost > points.look(self._world.clock.monotonic()):
            return Told(document=self._throttled(cost))
        points.left -= cost
        result = graphql_sync(schema(), question.query, root_value=_Root(self._state), variable_values=variables)
        document: dict[str, object] = {"data": result.data, "extensions": self._costs(cost, cost)}
        if result.errors:
            document["errors"] = [
                {"message": error.message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
                for error in result.errors
            ]
        return Told(document=document)

    def _throttled(self, cost: float) -> dict[str, object]:
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": DOCUMENTATION}}
        return {"errors": [error], "extensions": self._costs(cost, None)}

    def _costs(self, requested: float, actual: float | None) -> dict[str, object]:
        points = self._state.points
        return {
            "cost": {
                "requestedQueryCost": int(requested),
                "actualQueryCost": None if actual is None else int(actual),
                "throttleStatus": {
                    "maximumAvailable": int(points.most),
                    "currentlyAvailable": int(points.look(self._world.clock.monotonic())),
                    "restoreRate": int(points.restored_per_second),
                },
            },
            "versioning": {"version": "2025-04-16"},
        }


class _Root:
    """The fields of the schema's root, as far as they are kept."""

    def __init__(self, state: JobberState) -> None:
        self._state = state

    def account(self, _info: object) -> dict[str, object]:
        """Tell the account."""
        return {"id": self._state.account_id, "name": self._state.account_name}

    def users(self, _info: object, first: int = USUAL_PAGE, after: str | None = None) -> dict[str, object]:
        """List people."""
        people = [self._person(one) for one in self._state.people]
        return _page(people, first, after)

    def visit(self, _info: object, id: str) -> dict[str, object] | None:  # noqa: A002 - the schema's own name
        """Show a visit."""
        found = self._state.visits.get(id)
        return None if found is None else self._visit(found)

    def visits(
        self,
        _info: object,
        first: int = USUAL_PAGE,
        after: str | None = None,
        filter: Mapping[str, object] | None = None,  # noqa: A002 - the schema's own name
    ) -> dict[str, object]:
        """List visits."""
        wanted = filter or {}
        starts, ends, people = wanted.get("startAt"), wanted.get("endAt"), wanted.get("assignedTo")
        found = self._state.visits_of(
            after=_moment(starts, "after"),
            before=_moment(starts, "before"),
            ends_after=_moment(ends, "after"),
            assigned={str(one) for one in people} if isinstance(people, list) else set(),
        )
        return _page([self._visit(one) for one in found], first, after)

    def _visit(self, visit: Visit) -> dict[str, object]:
        people = [self._person(one) for one in visit.assigned]
        return {
            "id": visit.id,
            "title": visit.title,
            "startAt": visit.starts_at.astimezone(UTC).isoformat(),
            "endAt": None if visit.ends_at is None else visit.ends_at.astimezone(UTC).isoformat(),
            "allDay": visit.all_day,
            "visitStatus": visit.status,
            "assignedUsers": lambda _info, **_asked: _page(people, len(people) or 1, None),
        }

    def _person(self, person_id: str) -> dict[str, object]:
        return {"id": person_id, "name": {"full": self._state.people.get(person_id, "?")}}


def _page(items: list[dict[str, object]], first: int, after: str | None) -> dict[str, object]:
    at = int(after) if after and after.isdigit() else 0
    return {
        "nodes": items[at : at + first],
        "totalCount": len(items),
        "pageInfo": {"hasNextPage": at + first < len(items), "endCursor": str(at + first)},
    }


def _moment(window: object, name: str) -> datetime | None:
    text = window.get(name) if isinstance(window, Mapping) else None
    if not isinstance(text, str):
        return None
    read = datetime.fromisoformat(text)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
