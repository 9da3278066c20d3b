"""What happened in a thread, in words: texts with their fate, calls, notes, bookings, and who did what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features.conversations import Happening, HappeningKind
from frontdesk.features.insights import TextState
from frontdesk.kernel.auth.members import Member
from frontdesk.web.pages.rows import MISSED_WORDS, TONES, WORDING_WORDS, Chip, Tone, why_words
from frontdesk.web.pages.views import Place
from frontdesk.web.words import day_words, moment_words, money_words, status_words

WEEK = timedelta(days=7)
CONSENT_WORDS: Mapping[str, str] = {
    "stop": "Stopped by {who}: no texts until they text START",
    "stop_marketing": "Marketing stopped by {who}",
    "start": "{who} opted in again",
    "carrier_stop": "Stopped at the carrier by {who}",
    "opt_in": "{who} opted in",
    "opt_in_requested": "{who} was asked to confirm their sign-up",
    "opt_in_confirmed": "{who} confirmed their sign-up",
    "opt_in_expired": "The sign-up ran out: {who} did not confirm it",
    "opt_in_canceled": "The sign-up was called off",
    "opt_in_revoked": "The consent was taken back",
    "do_not_contact_listed": "Put on the do-not-contact list",
    "do_not_contact_unlisted": "Taken off the do-not-contact list",
    "stop_confirmed": "We confirmed that they stopped",
    "start_confirmed": "We confirmed that they are back",
    "help": "{who} asked for help",
    "help_answered": "We answered HELP",
}
STOPPING = frozenset({"stop", "stop_marketing", "carrier_stop", "opt_in_revoked", "do_not_contact_listed"})
CALLED = {"answered": "Answered call", "ended": "Call ended", "ringing": "Calling now"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a thread's timeline; `day` stands above it where a new day begins."""

    id: str
    kind: str
    at: datetime
    day: str
    body: str
    author: str
    headline: str
    icon: str
    tone: Tone
    chips: tuple[Chip, ...]
    why: str
    voicemail: UUID | None


class Staff:
    """Who works here, by id and by the e-mail address that what they do is signed with."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = sorted(members, key=lambda one: (one.name or one.email).lower())
        self._by_id = {one.user_id: one for one in members}
        self._by_email = {one.email: one for one in members}

    def name_of(self, user_id: UUID | None) -> str:
        """Name a member; who left is somebody."""
        found = self._by_id.get(user_id) if user_id is not None else None
        return (found.name or found.email) if found is not None else "somebody who left" if user_id else ""

    def name_by(self, signature: str) -> str:
        """Name whoever signed so."""
        found = self._by_email.get(signature)
        return (found.name or found.email) if found is not None else signature

    def is_same(self, signature: str, user_id: UUID | None) -> bool:
        """Tell whether a signature is a member's."""
        found = self._by_email.get(signature)
        return found is not None and found.user_id == user_id


def initials(name: str) -> str:
    """Shorten a name to two letters."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word]
    letters = words[0][:1] + (words[1][:1] if len(words) > 1 else words[0][1:2]) if words else "?"
    return letters.upper()


def to_items(happenings: Iterable[Happening], *, who: str, staff: Staff, place: Place) -> list[Item]:
    """Make the lines of a timeline, oldest first, with a mark where a day begins."""
    items: list[Item] = []
    last = ""
    for one in sorted(happenings, key=_order):
        day = day_words(one.at, place.zone, place.now)
        items.append(_item(one, day="" if day == last else day, who=who, staff=staff, place=place))
        last = day
    return items


def _order(one: Happening) -> tuple[datetime, int, UUID]:
    """Order what happened in one moment as people tell it: their words, what followed for consent, our answer."""
    rank = 0 if one.direction == "inbound" else 1 if one.kind is HappeningKind.CONSENT else 2
    return one.at, rank, one.id


def _item(one: Happening, *, day: str, who: str, staff: Staff, place: Place) -> Item:
    body, icon, tone, voicemail = "", "", Tone.CALM, None
    headline, why, kind = "", "", one.kind.value
    chips: tuple[Chip, ...] = ()
    match one.kind:
        case HappeningKind.TEXT:
            kind = "us" if one.direction == "outbound" else "them"
            body, chips, why = one.words, _text_chips(one), _text_why(one, who, place)
        case HappeningKind.NOTE:
            body, icon = one.words, "note"
        case HappeningKind.CALL:
            icon, tone, headline = _call(one)
        case HappeningKind.VOICEMAIL:
            icon, headline, voicemail = "call", f"Voicemail · {length_words(one.number or 0)}", one.id
        case HappeningKind.BOOKED:
            icon, tone, headline = "calendar", Tone.GOOD, f"Booked: {one.words}, {_when(one.moment, place)}"
        case HappeningKind.CALLED_OFF:
            icon, tone, headline = "calendar", Tone.WARN, f"Called off: {one.words}, {_when(one.moment, place)}"
        case HappeningKind.CHANGE:
            headline = _change(one, staff=staff, place=place)
        case HappeningKind.CONSENT:
            icon, tone = "shield", Tone.WARN if one.words in STOPPING else Tone.GOOD
            headline = consent_words(one.words, scope=one.state, who=who)
        case HappeningKind.PAYMENT:
            icon, tone, headline = "payment", Tone.GOOD, f"Paid {money_words(Decimal(one.number or 0))}: {one.words}"
        case _:
            assert_never(one.kind)
    author = staff.name_by(one.author) if one.author else ""
    return Item(
        id=f"{one.kind.value}-{one.id}",
        kind=kind,
        at=one.at,
        day=day,
        body=body,
        author=author,
        headline=headline,
        icon=icon,
        tone=tone,
        chips=chips,
        why=why,
        voicemail=voicemail,
    )


def _text_chips(one: Happening) -> tuple[Chip, ...]:
    came = (
        (Chip(f"{one.number} {'attachment' if one.number == 1 else 'attachments'}", Tone.CALM),) if one.number else ()
    )
    return (*came, *_fate(one))


def _fate(one: Happening) -> tuple[Chip, ...]:
    if one.direction == "outbound":
        return (Chip(status_words(one.state), TONES.get(one.state, Tone.CALM)),) if one.state else ()
    wording = WORDING_WORDS.get(one.wording, "")
    return (Chip(wording, Tone.WARN),) if wording else ()


def _text_why(one: Happening, who: str, place: Place) -> str:
    if one.other_id is None or not one.state:
        return ""
    state = TextState(
        job_id=one.other_id,
        body=one.words,
        status=one.state,
        code=one.code,
        citation=one.citation,
        handed_over_at=None,
        held_until=one.moment,
    )
    words = why_words(state, who=who)
    if one.state == "queued" and one.code and one.moment is not None and one.moment > place.now:
        return f"{words.removesuffix('.')}; tried again {_when(one.moment, place)}."
    return words


def _call(one: Happening) -> tuple[str, Tone, str]:
    if one.state == "missed":
        because = MISSED_WORDS.get(one.words, "")
        return "missed", Tone.BAD, f"Missed call{f' · {because}' if because else ''}"
    tone = Tone.GOOD if one.state == "answered" else Tone.BUSY if one.state == "ringing" else Tone.CALM
    lasted = f" · {length_words(one.number)}" if one.number else ""
    return "call", tone, f"{CALLED.get(one.state, 'Call')}{lasted}"


def _change(one: Happening, *, staff: Staff, place: Place) -> str:
    by = staff.name_by(one.author) or "Somebody"
    match one.words:
        case "given":
            if staff.is_same(one.author, one.other_id):
                return f"{by} took this"
            return f"{by} gave this to {staff.name_of(one.other_id) or 'somebody who left'}"
        case "taken_back":
            return f"{by} put this back: nobody has it"
        case "snoozed":
            return f"{by} snoozed this until {_when(one.moment, place)}"
        case "done":
            return f"{by} marked this as done"
        case _:
            return f"{by} reopened this"


def consent_words(event: str, *, scope: str, who: str) -> str:
    """Say a step of somebody's consent in words."""
    words = CONSENT_WORDS.get(event, "Consent changed").format(who=who)
    about = {"marketing": " to marketing", "transactional": " to texts about their appointments"}
    return words + about.get(scope, "") if event in {"opt_in", "opt_in_confirmed"} else words


def _when(moment: datetime | None, place: Place) -> str:
    return "some time" if moment is None else moment_words(moment, place.zone, place.now)


def length_words(seconds: int) -> str:
    """Write how long something lasted: 48 s, 3 min 5 s."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def span_words(span: timedelta) -> str:
    """Write a span as people say it at a glance: 12 min, 3 h, 5 d."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def last_words(at: datetime, place: Place) -> str:
    """Write when something was, as short as a list needs it: 14:03, Yesterday, Tue, 14 Nov."""
    local, now = (moment.astimezone(ZoneInfo(place.zone)) for moment in (at, place.now))
    if local.date() == now.date():
        return f"{local:%H:%M}"
    if now - local < WEEK:
        return "Yesterday" if local.date() == now.date() - timedelta(days=1) else f"{local:%a}"
    return f"{local.day} {local:%b}" + (f" {local.year}" if local.year != now.year else "")
