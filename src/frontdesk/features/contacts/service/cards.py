"""People by hand: found, added, changed, tagged, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from frontdesk.features.contacts.filters import Filter, compile_filter
from frontdesk.features.contacts.model import Card, Details, clean_tag, clean_tags
from frontdesk.features.contacts.phones import parse_phone
from frontdesk.features.contacts.queries import cards as queries
from frontdesk.features.contacts.queries.cards import TagCount
from frontdesk.features.contacts.service.details import changed, checked
from frontdesk.features.contacts.service.matching import fitting
from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id

LOOK = 2_000
LAST = UUID(int=2**128 - 1)
_LEAST_DIGITS = 3
_TYPED_NUMBER = re.compile(r"\+?[0-9 ().\-]+")


async def find_named(system: Transaction, *, words: str, before: UUID | None, limit: int) -> list[UUID] | None:
    """List people, newest first, whose name, e-mail or number has some words; None for fewer than three letters.

    The transaction is one of the system role that speaks for the business. An index finds them among a million;
    of more than 5,000 who fit, some 5,000 are listed.
    """
    wanted = words.strip().lower()
    if len(wanted) < _LEAST_DIGITS:
        return None
    digits = "".join(letter for letter in wanted if letter in "0123456789")
    is_number = _TYPED_NUMBER.fullmatch(wanted) is not None and len(digits) >= _LEAST_DIGITS
    plain = re.sub(r"([\\%_])", r"\\\1", wanted)
    return await queries.list_named(
        system,
        pattern=f"%{plain}%",
        digits=f"%{digits}%" if is_number else f"%{plain}%",
        before=before or LAST,
        limit=limit,
    )


async def list_people(tx: Transaction, ids: list[UUID]) -> list[Card]:
    """List everything kept of some people, newest first; deleted ones are left out."""
    return await queries.list_cards(tx, ids=ids)


async def find_people(
    tx: Transaction, *, words: str = "", tag: str = "", filter_: Filter | None = None, before: UUID | None, limit: int
) -> list[Card]:
    """List people, newest first, with all of: words in name, e-mail or number, a tag, a filter that they fit."""
    words, digits = words.strip().lower(), "".join(letter for letter in words if letter in "0123456789")
    wanted = clean_tag(tag) if tag else ""
    compiled = None if filter_ is None else compile_filter(filter_)
    found: list[UUID] = []
    place, look = before or LAST, limit if compiled is None else LOOK
    while len(found) < limit:
        ids = await queries.list_found(
            tx,
            before=place,
            tag=wanted,
            words=words,
            digits=digits if len(digits) >= _LEAST_DIGITS else "",
            limit=look,
        )
        found += ids if compiled is None else reversed(await fitting(tx, ids, compiled))
        if len(ids) < look:
            break
        place = ids[-1]
    return await queries.list_cards(tx, ids=found[:limit])


async def get_card(tx: Transaction, contact_id: UUID) -> Card:
    """Get everything kept of a person; refuses one the business does not have (`contacts.not_found`)."""
    found = await queries.list_cards(tx, ids=[contact_id])
    if not found:
        raise _unknown()
    return found[0]


async def find_card_by_phone(tx: Transaction, phone_e164: str) -> Card | None:
    """Find everything kept of a person, by number."""
    found = await queries.find_id_by_phone(tx, phone_e164=phone_e164)
    return None if found is None else await get_card(tx, found)


async def add_person(
    tx: Transaction,
    *,
    phone: str,
    default_country: str,
    told: Mapping[str, object],
    tags: Iterable[str] = (),
    source: str,
    by: Actor,
) -> Card:
    """Add a person, or bring a deleted one back; `told` holds details by name.

    Refuses a number that is none (`contacts.phone_…`) or known (`contacts.exists`), and details that cannot be kept.
    """
    number = parse_phone(phone, default_country)
    blank = Details(phone_e164=number.e164, fields={}, line_kind=number.kind.value, line_country=number.country)
    details = replace(checked(changed(blank, told)), tags=clean_tags(tags))
    contact_id = await queries.insert_card(tx, details, contact_id=new_id(), source=source)
    if contact_id is None:
        known = await queries.find_id_by_phone(tx, phone_e164=number.e164)
        raise Refused(
            "contacts.exists", "This number is somebody you know.", status=409, details={"contact_id": str(known)}
        )
    await audit.write_entry(tx, actor=by, action="contacts.added", subject=f"contact:{contact_id}")
    return await get_card(tx, contact_id)


async def change_person(tx: Transaction, contact_id: UUID, *, told: Mapping[str, object], by: Actor) -> Card:
    """Change a person's details; what is not told stays, an empty word or null is forgotten.

    Refuses an unknown person and details that cannot be kept (`contacts.…`).
    """
    before = await _held(tx, contact_id)
    after = checked(changed(_details(before), told))
    if after != _details(before):
        await queries.update_card(tx, after, contact_id=contact_id)
        details = {"changed": sorted(told)}
        await audit.write_entry(
            tx, actor=by, action="contacts.changed", subject=f"contact:{contact_id}", details=details
        )
    return await get_card(tx, contact_id)


async def tag_person(
    tx: Transaction, contact_id: UUID, *, add: Iterable[str] = (), remove: Iterable[str] = (), by: Actor
) -> Card:
    """Add tags to a person and take others off; refuses more than 50 in all."""
    before = await _held(tx, contact_id)
    added, removed = set(clean_tags(add)), set(clean_tags(remove))
    wanted = clean_tags((set(before.tags) | added) - removed)
    if wanted != before.tags:
        await queries.delete_tags(tx, contact_id=contact_id, tags=tuple(sorted(removed)))
        await queries.put_tags(tx, contact_id=contact_id, tags=wanted)
        details = {"added": sorted(added), "removed": sorted(removed)}
        await audit.write_entry(
            tx, actor=by, action="contacts.tagged", subject=f"contact:{contact_id}", details=details
        )
    return await get_card(tx, contact_id)


async def delete_person(tx: Transaction, contact_id: UUID, *, by: Actor) -> None:
    """Hide a person from lists, filters and exports; number, threads and all evidence of consent stay."""
    if not await queries.delete_contact(tx, contact_id=contact_id):
        raise _unknown()
    await audit.write_entry(tx, actor=by, action="contacts.deleted", subject=f"contact:{contact_id}")


async def list_tags(tx: Transaction) -> list[TagCount]:
    """List the tags in use, with how many people have each."""
    return await queries.list_tags(tx)


async def list_tag_names(tx: Transaction, *, limit: int = 500) -> list[str]:
    """List the tags in use by name; quick also where a million people have them."""
    return await queries.list_tag_names(tx, limit=limit)


async def _held(tx: Transaction, contact_id: UUID) -> Card:
    if not await queries.lock_contact(tx, contact_id=contact_id):
        raise _unknown()
    return await get_card(tx, contact_id)


def _details(card: Card) -> Details:
    return Details(
        phone_e164=card.phone_e164,
        name=card.name,
        given_name=card.given_name,
        family_name=card.family_name,
        email=card.email,
        timezone=card.timezone,
        timezone_source=card.timezone_source,
        country=card.country,
        region=card.region,
        postal_code=card.postal_code,
        city=card.city,
        fields=card.fields,
        line_kind=card.line_kind,
        line_country=card.line_country,
    )


def _unknown() -> Refused:
    return Refused("contacts.not_found", "no such contact", status=404)
