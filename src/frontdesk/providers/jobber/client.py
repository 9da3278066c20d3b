"""The client of Jobber's GraphQL API: its users are calendars, their visits are busy times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from frontdesk.ports.calendars import (
    Account,
    Busy,
    BusyQuery,
    Changes,
    Channel,
    ChannelOrder,
    ExternalCalendar,
    Login,
    OutgoingEvent,
    WrittenEvent,
    merge_busy,
)
from frontdesk.ports.errors import ProviderError
from frontdesk.providers.calendar_api import CalendarApi
from frontdesk.providers.http import HttpClient
from frontdesk.providers.jobber.account import GRAPHQL_VERSION, JobberApp
from frontdesk.providers.jobber.consent import JobberConsent
from frontdesk.providers.jobber.errors import Answer, judge, refusal

PAGE = 50  # cost grows with what is asked for, and 10 000 points are all there are
MOST_PAGES = 100
MOST_PEOPLE = 100
VISIT_WITHOUT_END = timedelta(hours=1)

ACCOUNT = "query Account { account { id name } }"
USERS = "query Users($first: Int) { users(first: $first) { nodes { id name { full } } } }"
VISITS = """query Visits($first: Int, $after: String, $filter: VisitFilterAttributes) {
  visits(first: $first, after: $after, filter: $filter) {
    nodes { id startAt endAt allDay visitStatus } pageInfo { hasNextPage endCursor } } }"""


class _Account(msgspec.Struct):
    id: str
    name: str


class _AccountData(msgspec.Struct):
    account: _Account


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool = False
    end_cursor: str | None = None


class _Name(msgspec.Struct):
    full: str


class _User(msgspec.Struct):
    id: str
    name: _Name


class _Users(msgspec.Struct):
    nodes: list[_User]


class _UsersData(msgspec.Struct):
    users: _Users


class _Visit(msgspec.Struct, rename="camel"):
    id: str
    all_day: bool
    visit_status: str
    start_at: str | None = None
    end_at: str | None = None


class _Visits(msgspec.Struct, rename="camel"):
    nodes: list[_Visit]
    page_info: _PageInfo


class _VisitsData(msgspec.Struct):
    visits: _Visits


_T = TypeVar("_T")


class JobberCalendars:
    """Jobber as the port has it: read only, because a visit belongs to a job that people make there."""

    name = "jobber"
    writes = False
    has_channels = False

    def __init__(self, app: JobberApp, http: HttpClient) -> None:
        self._url = f"{app.api_base_url}/api/graphql"
        self._consent = JobberConsent(app, http)
        self._api = CalendarApi(http, self.name, "Jobber")

    async def refresh(self, login: Login, *, now: datetime) -> Login:
        """Renew the access token when less than 5 min of it are left."""
        return await self._consent.renew(login, now=now)

    async def get_account(self, login: Login) -> Account:
        """Tell the account; its webhooks name the same id."""
        own = (await self._ask(login, ACCOUNT, {}, Answer[_AccountData])).account
        return Account(own.id, own.name)

    async def list_calendars(self, login: Login) -> list[ExternalCalendar]:
        """List the people of the account, the first hundred: nobody has seen a cursor of that list yet."""
        page = (await self._ask(login, USERS, {"first": MOST_PEOPLE}, Answer[_UsersData])).users
        return [ExternalCalendar(id=one.id, name=one.name.full) for one in page.nodes]

    async def list_busy(self, login: Login, calendar_id: str, query: BusyQuery) -> list[Busy]:
        """List the visits of one person that touch the window."""
        wanted = {
            "startAt": {"before": _text(query.ends_at)},
            "endAt": {"after": _text(query.starts_at - timedelta(days=1))},  # a whole day ends when it begins
            "assignedTo": [calendar_id],
        }
        found: list[Busy] = []
        after: str | None = None
        for _ in range(MOST_PAGES):
            asked = {"first": PAGE, "after": after, "filter": wanted}
            page = (await self._ask(login, VISITS, asked, Answer[_VisitsData])).visits
            try:
                found += _times(page.nodes, ZoneInfo(query.zone))
            except ValueError as error:
                raise self._api.unavailable("listed a visit whose time cannot be read") from error
            if not page.page_info.has_next_page:
                return merge_busy(found, starts_at=query.starts_at, ends_at=query.ends_at)
            after = page.page_info.end_cursor
        raise self._api.unavailable(f"lists more than {MOST_PAGES} pages of visits")

    async def put_event(self, login: Login, calendar_id: str, event: OutgoingEvent, *, etag: str = "") -> WrittenEvent:  # noqa: ARG002 - the port's signature
        """Refuse: nothing is written to Jobber."""
        raise self._read_only()

    async def delete_event(self, login: Login, calendar_id: str, uid: str) -> None:  # noqa: ARG002 - the same
        """Refuse: nothing is written to Jobber."""
        raise self._read_only()

    async def list_changes(self, login: Login, calendar_id: str, token: str) -> Changes:  # noqa: ARG002 - the same
        """Take it to have changed: Jobber has no sync tokens, and its webhooks say when to look."""
        return Changes(token="", changed=True)

    async def watch(self, login: Login, calendar_id: str, order: ChannelOrder) -> Channel:  # noqa: ARG002 - the same
        """Refuse: its webhooks belong to the app and need no channel."""
        raise self._api.rejected("has no channels")

    async def stop_watching(self, login: Login, channel: Channel) -> None:  # noqa: ARG002 - the same
        """Refuse: its webhooks belong to the app and need no channel."""
        raise self._api.rejected("has no channels")

    def _read_only(self) -> ProviderError:
        return self._api.rejected("is only read", code="read_only")

    async def _ask(self, login: Login, query: str, variables: Mapping[str, object], kind: type[Answer[_T]]) -> _T:
        reply = await self._api.request(
            "POST",
            self._url,
            headers=[
                ("Authorization", f"Bearer {login.access_token}"),
                ("Content-Type", "application/json"),
                ("X-JOBBER-GRAPHQL-VERSION", GRAPHQL_VERSION),
            ],
            body=msgspec.json.encode({"query": query, "variables": variables}),
        )
        judge(self._api, reply)
        answer = self._api.decode(reply, kind)
        if answer.errors or answer.data is None:
            raise refusal(self._api, answer, reply.status)
        return answer.data


def _times(visits: list[_Visit], zone: ZoneInfo) -> Iterator[Busy]:
    for visit in visits:
        if visit.start_at is None:
            continue
        begins = datetime.fromisoformat(visit.start_at).astimezone(UTC)
        ends = datetime.fromisoformat(visit.end_at).astimezone(UTC) if visit.end_at else begins + VISIT_WITHOUT_END
        if visit.all_day:
            last = max(ends - timedelta(microseconds=1), begins).astimezone(zone).date()
            yield Busy(_midnight(begins.astimezone(zone).date(), zone), _midnight(last + timedelta(days=1), zone))
        else:
            yield Busy(begins, ends)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
