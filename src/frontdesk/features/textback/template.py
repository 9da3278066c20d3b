"""The words of a text-back: what its templates may be filled with, and by which name a caller is greeted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum

from frontdesk.features import delivery

OPEN_TEMPLATE = (
    "Hi {{caller_name|there}}, this is {{business}}. Sorry we missed your call! How can we help? Reply STOP to opt out."
)
CLOSED_TEMPLATE = (
    "Hi, this is {{business}}. Sorry we missed your call, we open {{opens_at|soon}}. How can we help?"
    " Reply STOP to opt out."
)


class Tag(StrEnum):
    """What a template may be filled with."""

    BUSINESS = "business"
    CALLER_NAME = "caller_name"
    OPENS_AT = "opens_at"
    BUSINESS_PHONE = "business_phone"
    BOOKING_LINK = "booking_link"


SAMPLE: dict[str, str] = {
    Tag.BUSINESS: "Rainier Plumbing & Heating",
    Tag.CALLER_NAME: "Christopher",
    Tag.OPENS_AT: "tomorrow at 8:30 AM",
    Tag.BUSINESS_PHONE: "(206) 555-0100",
    Tag.BOOKING_LINK: "https://book.example.com/rainier",
}

_TAGS = frozenset(tag.value for tag in Tag)
_NOT_A_NAME = re.compile(
    r"\b(?:wireless|caller|unknown|unavailable|anonymous|private|restricted|toll free|cell phone"
    r"|mobile|out of area|spam"
    r"|scam|telemarketer|llc|inc|corp|company|services?|city|county|state|no name|blocked|v\d{6,})\b",
    re.IGNORECASE,
)
_MOST_NAMES = 3
_NAME_LENGTHS = range(2, 21)
_NAME = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


def render(template: str, fields: Mapping[str, str]) -> str:
    """Fill the merge tags of `template` from `fields`, whose keys are those of `Tag`.

    Refuses a tag that does not exist (`delivery.unknown_tag`); `lint` finds it before.
    """
    return delivery.fill_words(template, fields, is_tag=_TAGS.__contains__)


def lint(
    template: str,
    *,
    message_class: delivery.MessageClass = delivery.MessageClass.REPLY,
    is_opt_out: Callable[[str], bool],
    max_segments: int = 2,
) -> list[delivery.Finding]:
    """List what is wrong with `template` as a text of `message_class`, errors first."""
    return delivery.check_words(
        template,
        message_class=message_class,
        is_tag=_TAGS.__contains__,
        known_tags=", ".join(sorted(_TAGS)),
        sample=SAMPLE,
        is_opt_out=is_opt_out,
        max_segments=max_segments,
    )


def greeting_name(caller_name: str) -> str:
    """Take a first name to greet a caller by from what a carrier says of them, or "" where it is no person's name.

    Carriers send "CARTER CAROL" (surname first, in capitals) as readily as "WIRELESS CALLER", so a name in capitals is
    used only if it is a single word.
    """
    name = delivery.clean_value(caller_name)
    if not name or _NOT_A_NAME.search(name) or delivery.has_link(name) or any(c.isdigit() for c in name):
        return ""
    words = name.split()
    if len(words) > 1 and name.isupper():
        return ""
    first = words[0].rstrip(",.")
    if (
        len(words) > _MOST_NAMES
        or words[0].endswith(",")
        or len(first) not in _NAME_LENGTHS
        or not _NAME.fullmatch(first)
    ):
        return ""
    return first.capitalize() if first.isupper() or first.islower() else first
