"""A filter means the same to PostgreSQL as to a reader, whatever is in it, and a million people are no obstacle."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import assert_never
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontdesk.features.contacts.filters import (
    EVERYBODY,
    AllOf,
    AnyOf,
    Created,
    Filter,
    FromSource,
    HasField,
    HasTag,
    InCountry,
    InRegion,
    InZone,
    IsKnown,
    Known,
    NameHas,
    Not,
    OnLine,
    PhoneBegins,
    compile_filter,
    read_filter,
    write_filter,
)
from frontdesk.features.contacts.model import Card
from frontdesk.features.contacts.queries import cards as card_queries
from frontdesk.features.contacts.queries import matching as statements
from frontdesk.features.contacts.service import cards, count_matching, facts_for, list_matching, segments
from frontdesk.kernel.errors import Refused
from tests.features.contacts.conftest import Desk
from tests.support.actors import ADA_ACTS, MALLORY_ACTS

PEOPLE = """phone,name,email,country,region,timezone,tags,field.plan,field.since
+12065550123,Carol Smith,carol@example.com,US,WA,,vip;spring,Gold,2020
+12065550124,ÉLODIE,,,,,spring,silver,
+447700900123,Nuria,nuria@example.com,GB,,,vip,,2021
+61491570156,,,AU,VIC,Australia/Perth,,gold,
+14155550123,Ben % _ \\,,US,CA,,old,,
"""
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def condition(kind: type, *values: object) -> st.SearchStrategy[Filter]:
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
    return chosen.map(lambda some: kind(any_of=some))


CONDITIONS: st.SearchStrategy[Filter] = st.one_of(
    condition(HasTag, "vip", "spring", "old", "unused"),
    condition(InCountry, "US", "GB", "AU", "DE"),
    condition(InRegion, "US-WA", "US-CA", "AU-VIC"),
    condition(InZone, "America/Los_Angeles", "Australia/Perth", "Europe/London"),
    condition(FromSource, "import", "api", ""),
    condition(OnLine, "fictitious", "mobile"),
    condition(PhoneBegins, "+1206", "+44", "+1", "+9"),
    st.builds(HasField, key=st.sampled_from(["plan", "since", "none"]), any_of=st.none() | st.just(["GOLD", "2021"])),
    st.builds(NameHas, contains=st.sampled_from(["CAROL", "é", "%", "_", "\\", "n"])),
    st.builds(IsKnown, what=st.sampled_from(Known)),
    st.builds(
        Created,
        since=st.none() | st.just(DAY) | st.just(DAY + timedelta(days=9_000)),
        until=st.none() | st.just(DAY) | st.just(DAY + timedelta(days=9_000)),
    ),
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds(AllOf, of=st.lists(inner, max_size=3)),
        st.builds(AnyOf, of=st.lists(inner, max_size=3)),
        st.builds(Not, of=inner),
    ),
    max_leaves=6,
)


def fits(card: Card, filter_: Filter) -> bool:  # noqa: C901, PLR0911, PLR0912 - one case per kind
    """Say what a filter means, in the words of its own documentation."""
    match filter_:
        case AllOf(of=parts):
            return all(fits(card, part) for part in parts)
        case AnyOf(of=parts):
            return any(fits(card, part) for part in parts)
        case Not(of=part):
            return not fits(card, part)
        case HasTag(any_of=tags):
            return bool(set(tags) & set(card.tags))
        case HasField(key=key, any_of=values):
            return key in card.fields and (
                values is None or card.fields[key].lower() in {one.lower() for one in values}
            )
        case InCountry(any_of=codes):
            return (card.country or card.line_country) in codes
        case InRegion(any_of=codes):
            return card.region in codes
        case InZone(any_of=zones):
            return card.timezone in zones
        case FromSource(any_of=sources):
            return card.source in sources
        case OnLine(any_of=kinds):
            return card.line_kind in kinds
        case PhoneBegins(any_of=starts):
            return card.phone_e164.startswith(tuple(starts))
        case NameHas(contains=words):
            return words.lower() in card.name.lower()
        case IsKnown(what=what):
            known = {
                Known.NAME: card.name,
                Known.EMAIL: card.email,
                Known.ZONE: card.timezone,
                Known.REGION: card.region,
                Known.TAG: card.tags,
            }
            return bool(known[what])
        case Created(since=since, until=until):
            return (since is None or card.created_at >= since) and (until is None or card.created_at < until)
        case _:
            assert_never(filter_)


@pytest.fixture
async def filled(desk: Desk) -> Desk:
    """Fill Ada's business with people of every sort, one of them deleted."""
    await desk.import_(PEOPLE)
    async with desk.app.transaction(desk.ada) as tx:
        gone = await cards.add_person(
            tx, phone="+12065550199", default_country="US", told={}, tags=["vip"], source="api", by=ADA_ACTS
        )
        await cards.delete_person(tx, gone.id, by=ADA_ACTS)
    async with desk.app.transaction(desk.mallory) as tx:
        await cards.add_person(
            tx, phone="+12065550123", default_country="US", told={}, tags=["vip"], source="api", by=MALLORY_ACTS
        )
    return desk


async def test_postgresql_finds_exactly_whom_the_filter_means(filled: Desk) -> None:
    async with filled.app.transaction(filled.ada) as tx:
        everybody = await cards.find_people(tx, before=None, limit=100)
        assert len(everybody) == 5
        tried: list[Filter] = []

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(FILTERS)
        def collect(filter_: Filter) -> None:
            tried.append(read_filter(write_filter(filter_)))

        collect()
        some = 0
        for filter_ in tried:
            meant = sorted(card.id for card in everybody if fits(card, filter_))
            found = await list_matching(tx, filter_, after=None, limit=100)
            assert [one.id for one in found] == meant, write_filter(filter_)
            assert await count_matching(tx, filter_) == len(meant)
            some += 0 < len(meant) < len(everybody)
        assert some > 30, "the filters that were tried tell nobody from anybody"


async def test_people_come_page_by_page_with_what_a_text_needs(filled: Desk) -> None:
    async with filled.app.transaction(filled.ada) as tx:
        first = await list_matching(tx, EVERYBODY, after=None, limit=3)
        rest = await list_matching(tx, EVERYBODY, after=first[-1].id, limit=3)
        facts = await facts_for(tx, [first[0].id, UUID(int=5)])
        vips = await list_matching(tx, HasTag(any_of=["vip"]), after=None, limit=1)
    assert (len(first), len(rest)) == (3, 2)
    assert len({one.id for one in (*first, *rest)}) == 5
    carol = next(one for one in (*first, *rest) if one.phone_e164 == "+12065550123")
    assert (carol.name, carol.region, carol.country) == ("Carol Smith", "US-WA", "US")
    assert (carol.timezone, carol.tags) == ("America/Los_Angeles", ("spring", "vip"))
    assert carol.fields == {"plan": "Gold", "since": "2020"}
    assert len(vips) == 1
    assert facts == {first[0].id: first[0]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"where": "nowhere"},
        {"where": "tag", "any_of": []},
        {"where": "tag", "any_of": ["a;b"]},
        {"where": "tag", "any_of": ["x"], "or": 1},
        {"where": "region", "any_of": ["x"] * 201},
        {"where": "field", "key": "Bad Key"},
        {"where": "name", "contains": "a\x00b"},
        {"where": "created", "since": "2026-01-01T00:00:00"},
        {"where": "phone", "begins": "+1"},
        {"where": "all", "of": [{"where": "known", "what": "name"}] * 101},
        {"where": "all", "of": [{"where": "all", "of": [{"where": "known", "what": "name"}] * 60}] * 2},
        "no json",
        "[" * 5_000,
    ],
)
def test_what_is_no_filter_is_refused_with_its_place(document: object) -> None:
    with pytest.raises(Refused) as refused:
        read_filter(document)
    assert refused.value.code in {"contacts.filter_invalid", "contacts.tag_invalid"}
    assert refused.value.status == 422


def test_a_deep_filter_is_refused() -> None:
    document: dict[str, object] = {"where": "known", "what": "name"}
    for _ in range(9):
        document = {"where": "not", "of": document}
    with pytest.raises(Refused, match="8 deep"):
        read_filter(document)
    for _ in range(5_000):
        document = {"where": "not", "of": document}
    with pytest.raises(Refused, match="8 deep"):
        read_filter(document)


def test_many_alternatives_are_turned_round_and_too_many_refused() -> None:
    pair: Filter = AnyOf(of=[HasTag(any_of=["a"]), InRegion(any_of=["US-WA"])])
    wide = compile_filter(AllOf(of=[pair] * 12))
    assert wide.inverted
    assert len(wide.laid) == 24
    both: Filter = AllOf(of=[AnyOf(of=[AllOf(of=[pair] * 10)] * 2)] * 2)
    with pytest.raises(Refused) as refused:
        compile_filter(AllOf(of=[both, AnyOf(of=[AllOf(of=[pair, pair])] * 10)]))
    assert refused.value.code == "contacts.filter_too_complex"


FILL = """
    with person as (
      insert into contacts (id, tenant_id, phone_e164, name, region, created_at)
      select gen_random_uuid(), $1, '+1207' || lpad(n::text, 7, '0'), 'Person ' || n, 'US-ME', now()
      from generate_series(1, 20000) as n returning id
    )
    insert into contact_tags (tenant_id, contact_id, tag, added_at)
    select $1, id, case when random() < 0.01 then 'rare' else 'usual' end, now() from person
"""


async def test_pages_of_a_long_list_come_from_indexes(desk: Desk) -> None:
    await desk.value(FILL, desk.ada)
    await desk.value(FILL.replace("+1207", "+1208"), desk.mallory)
    await desk.value("analyze contacts, contact_tags")
    middle = "80000000-0000-0000-0000-000000000000"

    async def plan(statement: str, *arguments: object) -> str:
        async with desk.app.transaction(desk.ada) as tx:
            await tx.execute("set local plan_cache_mode = force_generic_plan")
            return json.dumps(json.loads(str(await tx.fetchval("explain (format json) " + statement, *arguments))))

    walks: list[tuple[str, Callable[[str], bool]]] = [
        (await plan(statements.LIST_CANDIDATES, desk.ada, middle, 500), lambda text: "contacts_of_tenant" in text),
        (await plan(statements.LIST_TAGGED, desk.ada, middle, 500, "rare"), lambda text: "contact_tags_by_tag" in text),
        (
            await plan(card_queries.LIST_FOUND, desk.ada, middle, "", "", "", 50),
            lambda text: "contacts_of_tenant" in text,
        ),
    ]
    for text, uses_index in walks:
        assert uses_index(text), text
        assert "Seq Scan" not in text, text
        assert '"Sort"' not in text, text


async def test_segments_are_saved_renamed_and_deleted_by_their_own_business_only(filled: Desk) -> None:
    vip: Filter = HasTag(any_of=["vip"])
    async with filled.app.transaction(filled.ada) as tx:
        saved = await segments.save_segment(tx, name=" Very  important ", filter_=vip, by=ADA_ACTS)
        assert (saved.name, saved.filter) == ("Very important", vip)
        with pytest.raises(Refused, match="exists already"):
            await segments.save_segment(tx, name="Very important", filter_=EVERYBODY, by=ADA_ACTS)
        changed = await segments.change_segment(tx, saved.id, name="All", filter_=EVERYBODY, by=ADA_ACTS)
        assert (changed.name, await count_matching(tx, changed.filter)) == ("All", 5)
    async with filled.app.transaction(filled.mallory) as tx:
        with pytest.raises(Refused, match="no such segment"):
            await segments.get_segment(tx, saved.id)
        with pytest.raises(Refused, match="no such segment"):
            await segments.delete_segment(tx, saved.id, by=MALLORY_ACTS)
    async with filled.app.transaction(filled.ada) as tx:
        await segments.delete_segment(tx, saved.id, by=ADA_ACTS)
        assert await segments.list_segments(tx, before=None, limit=10) == []
