"""Filters over people: a typed tree, checked when it is read, laid out flat for one fixed statement.

JSON: {"where": "all"|"any", "of": […]}, {"where": "not", "of": {…}} over conditions such as
{"where": "tag", "any_of": ["vip"]}. No part of a filter ever becomes part of a statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import product
from typing import Annotated, TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec import Meta

from frontdesk.features.contacts.model import clean_tag
from frontdesk.kernel.errors import Refused

MAX_DEPTH = 8
MAX_CONDITIONS = 100
MAX_WAYS = 200
MAX_LAID_OUT = 2_000

Word = Annotated[str, Meta(min_length=1, max_length=120)]
Words = Annotated[list[Word], Meta(min_length=1, max_length=200)]
Moment = Annotated[datetime, Meta(tz=True)]


class Known(StrEnum):
    """What may or may not be known of a person."""

    NAME = "name"
    EMAIL = "email"
    ZONE = "zone"
    REGION = "region"
    TAG = "tag"


class _Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="where"):
    """A part of a filter."""


class AllOf(_Node, frozen=True, tag="all"):
    """Every part fits; nothing in it fits everybody."""

    of: Annotated[list[Filter], Meta(max_length=MAX_CONDITIONS)]


class AnyOf(_Node, frozen=True, tag="any"):
    """At least one part fits; nothing in it fits nobody."""

    of: Annotated[list[Filter], Meta(max_length=MAX_CONDITIONS)]


class Not(_Node, frozen=True, tag="not"):
    """The part does not fit."""

    of: Filter


class HasTag(_Node, frozen=True, tag="tag"):
    """The person has one of these tags."""

    any_of: Words


class HasField(_Node, frozen=True, tag="field"):
    """A custom field has one of these values, whatever their case; without values: it has any."""

    key: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    any_of: Words | None = None


class InCountry(_Node, frozen=True, tag="country"):
    """The person's country (ISO 3166), else that of their number, is one of these."""

    any_of: Words


class InRegion(_Node, frozen=True, tag="region"):
    """The person's region (ISO 3166-2, like US-FL) is one of these."""

    any_of: Words


class InZone(_Node, frozen=True, tag="timezone"):
    """The person's time zone is one of these."""

    any_of: Words


class FromSource(_Node, frozen=True, tag="source"):
    """The person came to us by one of these: import, api, console, cli, or the empty word for a call or text."""

    any_of: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(min_length=1, max_length=50)]


class OnLine(_Node, frozen=True, tag="line"):
    """The number is of one of these kinds: mobile, fixed_line, fixed_or_mobile, toll_free, internet and so on."""

    any_of: Words


class PhoneBegins(_Node, frozen=True, tag="phone"):
    """The number begins with one of these, like +1206."""

    any_of: Annotated[list[Annotated[str, Meta(pattern=r"^\+[0-9]{1,14}$")]], Meta(min_length=1, max_length=200)]


class NameHas(_Node, frozen=True, tag="name"):
    """The name contains this, whatever its case."""

    contains: Word


class IsKnown(_Node, frozen=True, tag="known"):
    """We know this of the person."""

    what: Known


class Created(_Node, frozen=True, tag="created"):
    """The person was added at or after `since` and before `until`."""

    since: Moment | None = None
    until: Moment | None = None


Condition: TypeAlias = (
    HasTag | HasField | InCountry | InRegion | InZone | FromSource | OnLine | PhoneBegins | NameHas | IsKnown | Created
)
Filter: TypeAlias = AllOf | AnyOf | Not | Condition
EVERYBODY: Filter = AllOf(of=[])
_decoder = msgspec.json.Decoder(Filter)
# A way in which a filter can fit: conditions by number, each with whether it must not hold.
_Way = frozenset[tuple[int, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A filter with a name."""

    id: UUID
    name: str
    filter: Filter
    created_by: str
    created_at: datetime
    updated_at: datetime


class Laid(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of one way, as the statement reads it."""

    way: int
    negated: bool
    kind: str
    key: str
    words: list[str]
    since: datetime | None
    until: datetime | None


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """A filter laid out: who fits one of the ways, or, `inverted`, who fits none; all have `tag` if it is not empty."""

    laid: list[Laid]
    inverted: bool
    tag: str


def read_filter(document: object) -> Filter:
    """Read a filter from JSON (text or parsed); refuses `contacts.filter_invalid`, naming the place."""
    try:
        if isinstance(document, str | bytes):
            found = _decoder.decode(document)
        else:
            found = msgspec.convert(document, type=Filter)
        if _depth(found) > MAX_DEPTH or _count(found) > MAX_CONDITIONS:
            raise _invalid(f"at most {MAX_CONDITIONS} conditions, {MAX_DEPTH} deep")
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise _invalid(str(error)) from error
    except RecursionError:
        raise _invalid(f"at most {MAX_DEPTH} deep") from None
    return _normal(found)


def write_filter(filter_: Filter) -> str:
    """Write a filter as JSON."""
    return msgspec.json.encode(filter_).decode()


def compile_filter(filter_: Filter) -> Compiled:
    """Lay a filter out flat; refuses `contacts.filter_too_complex` for one that fits in more than 200 ways."""
    conditions: list[Condition] = []
    ways = _ways(filter_, conditions, negated=False)
    inverted = ways is None
    if ways is None:
        conditions.clear()
        ways = _ways(filter_, conditions, negated=True)
    if ways is None or sum(map(len, ways)) > MAX_LAID_OUT:
        raise Refused(
            "contacts.filter_too_complex",
            "The filter nests too many alternatives; list values in one any_of, or split it into two segments.",
            status=422,
        )
    laid = [
        _laid(number, conditions[at], negated=negated) for number, way in enumerate(ways) for at, negated in sorted(way)
    ] + [_everybody(number) for number, way in enumerate(ways) if not way]
    return Compiled(laid=laid, inverted=inverted, tag=_required_tag(filter_))


def _ways(filter_: Filter, conditions: list[Condition], *, negated: bool) -> list[_Way] | None:
    """List the ways in which a filter fits (its disjunctive form); None if there are too many."""
    match filter_:
        case Not(of=inner):
            return _ways(inner, conditions, negated=not negated)
        case AllOf(of=parts) | AnyOf(of=parts):
            each = [_ways(part, conditions, negated=negated) for part in parts]
            known = [one for one in each if one is not None]
            if len(known) < len(each):
                return None
            together = isinstance(filter_, AllOf) is not negated
            return _all_together(known) if together else _either(known)
        case _:
            conditions.append(filter_)
            return [frozenset({(len(conditions) - 1, negated)})]


def _either(each: list[list[_Way]]) -> list[_Way] | None:
    ways = [way for one in each for way in one]
    return ways if len(ways) <= MAX_WAYS else None


def _all_together(each: list[list[_Way]]) -> list[_Way] | None:
    ways: list[_Way] = [frozenset()]
    for one in each:
        if len(ways) * len(one) > MAX_WAYS:
            return None
        ways = [left | right for left, right in product(ways, one)]
    return ways


def _required_tag(filter_: Filter) -> str:
    """Name a tag that everybody who fits has, if the filter says so at its top; then few need to be looked at."""
    match filter_:
        case HasTag(any_of=[tag]):
            return tag
        case AllOf(of=parts):
            return next((tag for part in parts if (tag := _required_tag(part))), "")
        case _:
            return ""


def _laid(way: int, condition: Condition, *, negated: bool) -> Laid:
    kind = str(condition.__struct_config__.tag)
    key, words, since, until = "", [""], None, None
    match condition:
        case HasField():
            key, words = condition.key, [word.lower() for word in condition.any_of or ()]
            kind = "field" if words else "has_field"
        case NameHas():
            words = [condition.contains.lower()]
        case IsKnown():
            key = condition.what.value
        case Created():
            since, until = condition.since, condition.until
        case HasTag() | InCountry() | InRegion() | InZone() | FromSource() | OnLine() | PhoneBegins():
            words = list(condition.any_of)
        case _:
            assert_never(condition)
    return Laid(way=way, negated=negated, kind=kind, key=key, words=words, since=since, until=until)


def _everybody(way: int) -> Laid:
    return Laid(way=way, negated=False, kind="everybody", key="", words=[], since=None, until=None)


def _normal(filter_: Filter) -> Filter:
    """Bring words into the form in which they are kept."""
    match filter_:
        case AllOf(of=parts):
            return AllOf(of=[_normal(part) for part in parts])
        case AnyOf(of=parts):
            return AnyOf(of=[_normal(part) for part in parts])
        case Not(of=part):
            return Not(of=_normal(part))
        case _:
            return _normal_condition(filter_)


def _normal_condition(condition: Condition) -> Condition:
    # The one character that PostgreSQL cannot keep.
    if rb"\u0000" in msgspec.json.encode(condition):
        raise _invalid("a value holds a NUL character")
    match condition:
        case HasTag(any_of=tags):
            return HasTag(any_of=sorted({clean_tag(tag) for tag in tags}))
        case InCountry(any_of=codes):
            return InCountry(any_of=sorted({code.strip().upper() for code in codes}))
        case InRegion(any_of=codes):
            return InRegion(any_of=sorted({code.strip().upper() for code in codes}))
        case _:
            return condition


def _depth(filter_: Filter) -> int:
    match filter_:
        case AllOf(of=parts) | AnyOf(of=parts):
            return 1 + max(map(_depth, parts), default=0)
        case Not(of=part):
            return 1 + _depth(part)
        case _:
            return 1


def _count(filter_: Filter) -> int:
    match filter_:
        case AllOf(of=parts) | AnyOf(of=parts):
            return sum(map(_count, parts))
        case Not(of=part):
            return _count(part)
        case _:
            return 1


def _invalid(why: str) -> Refused:
    return Refused("contacts.filter_invalid", f"The filter cannot be read: {why}.", status=422)
