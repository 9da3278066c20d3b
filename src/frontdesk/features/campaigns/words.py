"""The words of a campaign: fields without logic, filled from what is known of a person, and checked before approval."""

from __future__ import annotations

import re
from collections.abc import Mapping

from frontdesk.features import consent, contacts, delivery

OWN_TAGS = frozenset({"business", "name", "given_name", "family_name"})
CUSTOM_TAG = re.compile(r"[a-z][a-z0-9_]{0,39}")
SAMPLE: Mapping[str, str] = {
    "business": "Rainier Plumbing & Heating",
    "name": "Christopher Montgomery",
    "given_name": "Christopher",
    "family_name": "Montgomery",
}
SAMPLE_VALUE = "Wednesday, 24 March"  # of a field that only the business knows
MAX_SEGMENTS = 3


def is_tag(name: str) -> bool:
    """Tell whether a tag may stand in a wording: one of ours, or a field of the business's own."""
    return CUSTOM_TAG.fullmatch(name) is not None


def fill(wording: str, person: contacts.Person, *, business: str) -> str:
    """Fill a wording for a person; a field of the business's own never hides one of ours."""
    given_name = person.given_name or person.name.partition(" ")[0]
    fields = {
        **person.fields,
        "business": business,
        "name": person.name,
        "given_name": given_name,
        "family_name": person.family_name,
    }
    return delivery.fill_words(wording, fields, is_tag=is_tag)


def check_words(wording: str) -> list[delivery.Finding]:
    """List what is wrong with a wording as marketing, errors first."""
    own = {name: SAMPLE_VALUE for name in delivery.tags_of(wording) if name not in OWN_TAGS}
    return delivery.check_words(
        wording,
        message_class=delivery.MessageClass.MARKETING,
        is_tag=is_tag,
        known_tags=f"{', '.join(sorted(OWN_TAGS))} and the fields of your own",
        sample={**own, **SAMPLE},
        is_opt_out=lambda words: consent.understand(words, None).verdict is consent.Verdict.STOP,
        max_segments=MAX_SEGMENTS,
    )
