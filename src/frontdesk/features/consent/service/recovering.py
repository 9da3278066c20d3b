"""Refusals that a restored database has forgotten, brought back from the journal that stands outside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from frontdesk.features.consent.events import ConsentChanged
from frontdesk.features.consent.model import LedgerEvent, RefusalScope, RefusalSource
from frontdesk.features.consent.queries import ledger, opt_ins, refusals
from frontdesk.kernel.db import Transaction

ALL, MARKETING = RefusalScope.ALL.value, RefusalScope.MARKETING.value
REASON = "journal"


class JournaledEntry(Protocol):
    """A line of the journal of opt-outs."""

    @property
    def at(self) -> datetime:
        """When it was written."""
        ...

    @property
    def entry(self) -> Mapping[str, object]:
        """What was written."""
        ...


class _LastWord:
    """What holds for a person after all that the journal says of them: their own refusal, the list's, and numbers'."""

    def __init__(self) -> None:
        self.own = ""
        self.listed = ""
        self.senders: set[str] = set()
        self.last_at: datetime | None = None

    def take(self, event: str, scope: str, sender_e164: str) -> None:
        """Follow one line."""
        match event:
            case LedgerEvent.STOP:
                self.own = ALL
                self.senders |= {sender_e164} - {""}
            case LedgerEvent.STOP_MARKETING:
                self.own = self.own or MARKETING
            case LedgerEvent.LISTED:
                self.listed = ALL if ALL in (self.listed, scope) else MARKETING
            case LedgerEvent.START:
                self.own = ""
                self.senders.discard(sender_e164)
            case LedgerEvent.UNLISTED:
                # It names one of the two; where both hold, the one that is left still refuses.
                self.own, self.listed = ("", self.listed) if self.own else ("", "")
            case _:
                return


def read_tenants(entries: Iterable[JournaledEntry]) -> set[UUID | None]:
    """List the tenants that a journal speaks of; None is the platform."""
    return {None if (tenant := one.entry.get("tenant_id")) is None else UUID(str(tenant)) for one in entries}


async def bring_back_refusals(tx: Transaction, entries: Sequence[JournaledEntry], *, since: datetime | None) -> int:
    """Refuse again, for the transaction's tenant (none: the platform), whoever refuses by the journal's last word.

    Only people of whom it says something from `since` on are looked at. Nobody is let back in: a START that the
    database has forgotten has to be given again. Returns how many were brought back; done again, it brings back none.
    """
    mine = str(tx.tenant_id) if tx.tenant_id is not None else None
    words: dict[str, _LastWord] = {}
    for one in entries:
        fields = {name: str(value) for name, value in one.entry.items() if value is not None}
        if fields.get("tenant_id") != mine or not fields.get("phone_e164"):
            continue
        word = words.setdefault(fields["phone_e164"], _LastWord())
        word.take(fields.get("event_type", ""), fields.get("scope", ""), fields.get("sender_e164", ""))
        word.last_at = one.at
    back = 0
    for phone_e164, word in sorted(words.items()):
        if since is None or (word.last_at is not None and word.last_at >= since):
            back += await (_bring_back(tx, phone_e164, word) if mine else _bring_back_everywhere(tx, phone_e164, word))
    return back


async def _bring_back(tx: Transaction, phone_e164: str, word: _LastWord) -> bool:
    """Bring one person's refusals back; False if all of them are there."""
    if not (word.own or word.listed or word.senders):
        return False
    await ledger.lock_person_alone(tx, phone_e164=phone_e164)
    entries: list[ledger.Entry] = []
    about = {"rule": REASON, "source": "restore"}
    known = {one.sender_e164 for one in await refusals.list_sender_refusals(tx, phone_e164=phone_e164)}
    for sender_e164 in sorted(word.senders - known):
        await refusals.refuse_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164, reason=REASON)
    if word.own and await _refuse(tx, phone_e164, word.own):
        event = LedgerEvent.STOP if word.own == ALL else LedgerEvent.STOP_MARKETING
        entries.append(ledger.Entry(event=event, phone_e164=phone_e164, scope=word.own, metadata=about))
    if word.own == ALL and await opt_ins.revoke_of_person(tx, phone_e164=phone_e164, because="stop: journal"):
        entries.append(ledger.Entry(event=LedgerEvent.OPT_IN_REVOKED, phone_e164=phone_e164, scope=ALL, metadata=about))
    if word.listed and await refusals.put_on_list(
        tx, [phone_e164], scope=RefusalScope(word.listed), reason=REASON, by="system:restore", import_id=None
    ):
        entries.append(ledger.Entry(event=LedgerEvent.LISTED, phone_e164=phone_e164, scope=word.listed, metadata=about))
    for one in entries:
        tx.announce(ConsentChanged(phone_e164=phone_e164, event_type=one.event.value, scope=one.scope))
    if entries:
        await ledger.add_many_to_ledger(tx, entries)
    return bool(entries or word.senders - known)


async def _refuse(tx: Transaction, phone_e164: str, scope: str) -> bool:
    """Write a refusal unless one that reaches as far is there."""
    found = await refusals.find_refusal(tx, phone_e164=phone_e164)
    own = (RefusalSource.PERSON.value, RefusalSource.CARRIER.value)
    if found is not None and found.scope in (ALL, scope) and (scope == MARKETING or found.source in own):
        return False
    source = RefusalSource.PERSON if scope == ALL else RefusalSource.UNSURE
    return await refusals.refuse(tx, phone_e164=phone_e164, scope=scope, reason=REASON, source=source)


async def _bring_back_everywhere(tx: Transaction, phone_e164: str, word: _LastWord) -> bool:
    """Bring back what holds for all businesses: the platform's list, and a STOP to a number that nobody had."""
    back = False
    if word.listed:
        await ledger.lock_person_alone(tx, phone_e164=phone_e164)
        back = bool(
            await refusals.put_on_global_list(
                tx, [phone_e164], scope=RefusalScope(word.listed), reason=REASON, by="system:restore", import_id=None
            )
        )
    for sender_e164 in sorted(word.senders):
        await ledger.lock_person_alone(tx, phone_e164=phone_e164)
        await refusals.refuse_sender(tx, sender_e164=sender_e164, phone_e164=phone_e164, reason=REASON)
    return back
