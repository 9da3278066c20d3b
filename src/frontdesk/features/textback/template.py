"""The words of a text-back: merge tags without logic, and a check of templates against law and carriers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from frontdesk.kernel.errors import Refused

MAX_TEMPLATE_CHARACTERS = 1_600
MAX_VALUE_CHARACTERS = 80

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


class MessageClass(StrEnum):
    """Why a text is sent, which decides what it may say."""

    C1 = "c1"  # an answer to the person's own call or text
    C2 = "c2"  # a booking, a reminder, a receipt
    C3 = "c3"  # marketing
    C4 = "c4"  # a confirmation of STOP, HELP or START


class Severity(StrEnum):
    """Whether a finding keeps a template from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a template: a stable code, what to do about it, and the words concerned."""

    code: str
    severity: Severity
    message: str
    words: str = ""


SAMPLE: dict[str, str] = {
    Tag.BUSINESS: "Rainier Plumbing & Heating",
    Tag.CALLER_NAME: "Christopher",
    Tag.OPENS_AT: "tomorrow at 8:30 AM",
    Tag.BUSINESS_PHONE: "(206) 555-0100",
    Tag.BOOKING_LINK: "https://book.example.com/rainier",
}

_TAG = re.compile(r"\{\{([^{}|]{0,64})(?:\|([^{}]{0,80}))?\}\}")
_BRACES = re.compile(r"\{\{|\}\}")
_SPACES = re.compile(r"[ \t]{2,}")
_SPACE_BEFORE_MARK = re.compile(r" (?=[,.!?;:])")
_LINK = re.compile(
    r"https?://|www\.|\b[a-z0-9-]{1,63}\.(?:com|net|org|io|co|biz|info|link|page|app|shop|site|us|ly|me)\b",
    re.IGNORECASE,
)
_SHORT_LINK = re.compile(
    r"\b(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|buff\.ly|rb\.gy|cutt\.ly|tiny\.cc)\b",
    re.IGNORECASE,
)
_OPT_OUT_OFFER = re.compile(
    r"\b(?:reply|text|txt|send|respond)(?: with)? [\"'\u201c]?(?:stop|unsubscribe)\b"
    r"|\bstop (?:=|to|2) ?(?:opt|end|quit|stop|unsub)",
    re.IGNORECASE,
)
_REPLY_WORD = re.compile(
    r"\b(?:reply|text|txt|send|respond|answer|type|say)(?: back)?(?: with)?(?: the word)?"
    r" [\"'\u201c\u2018]?([a-z]+)[\"'\u201d\u2019]?"
    r"(?: (?:to|for|if you(?:'d| would)? (?:like|want|wish|need) to|and we(?:'ll| will)?) ([a-z]+(?: [a-z]+)?))?",
    re.IGNORECASE,
)
_STOPPING = frozenset(("opt", "stop", "end", "unsubscribe", "quit", "cancel texts", "cancel messages", "cancel alerts"))
_RESUBSCRIBING = frozenset(("yes", "start", "unstop"))  # words at which some carriers lift their own block
_PROMOTION = re.compile(
    r"\b(?:sale|sales|% off|percent off|off your|discounts?|coupons?|promos?|promo code|promotions?"
    r"|special offers?|specials?|deals?|limited time|act now|free gift|giveaway|win a|buy one|bogo|exclusive"
    r"|save \$?\d+"
    r"|lowest prices?|best prices?"
    r"|don'?t miss|hurry|cash ?back|refer a friend|gift cards?|black friday|only \$\d+|special pricing)\b"
    r"|\d+ ?% off|\$\d+ off",
    re.IGNORECASE,
)
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

    `{{tag|words}}` falls back to its words where the field is missing or blank, `{{tag}}` to nothing. Values are data:
    braces in them are not read again, line ends and invisible characters go, and at most 80 characters stay.
    Refuses a tag that does not exist (`textback.unknown_tag`); `lint` finds it before.
    """

    def filled(match: re.Match[str]) -> str:
        name, fallback = match.group(1).strip(), (match.group(2) or "").strip()
        if name not in _TAGS:
            raise Refused("textback.unknown_tag", f"the template has an unknown tag “{name}”", status=422)
        return clean_value(fields.get(name, "")) or fallback

    text = _TAG.sub(filled, template[:MAX_TEMPLATE_CHARACTERS])
    return _SPACE_BEFORE_MARK.sub("", _SPACES.sub(" ", text)).strip()


def clean_value(value: str) -> str:
    """Bring a value to one line of at most 80 visible characters."""
    visible = "".join(character if character.isprintable() else " " for character in value[: 4 * MAX_VALUE_CHARACTERS])
    return " ".join(visible.split())[:MAX_VALUE_CHARACTERS].strip()


def greeting_name(caller_name: str) -> str:
    """Take a first name to greet a caller by from what a carrier says of them, or "" where it is no person's name.

    Carriers send "CARTER CAROL" (surname first, in capitals) as readily as "WIRELESS CALLER", so a name in capitals is
    used only if it is a single word.
    """
    name = clean_value(caller_name)
    if not name or _NOT_A_NAME.search(name) or _LINK.search(name) or any(c.isdigit() for c in name):
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


def lint(
    template: str,
    *,
    message_class: MessageClass,
    count_segments: Callable[[str], int],
    is_opt_out: Callable[[str], bool],
    max_segments: int = 2,
) -> list[Finding]:
    """List what is wrong with `template` as a text of `message_class`, errors first.

    `count_segments` counts a rendered text, `is_opt_out` tells whether a reply stops all texts: both come from the
    features that own them. Rules: the sender is named (CTIA Principles, 2023); no word that stops texts may be asked
    for as the answer to something else; no promotion in an answer to a call (R8); STOP is offered.
    """
    findings = [*_tag_findings(template)]
    if not template.strip():
        return [Finding("empty", Severity.ERROR, "the template is empty")]
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        findings.append(Finding("too_long", Severity.ERROR, f"longer than {MAX_TEMPLATE_CHARACTERS} characters"))
    text = template[:MAX_TEMPLATE_CHARACTERS]
    if not any(name == Tag.BUSINESS for name in tags_of(text)):
        findings.append(Finding("sender_missing", Severity.ERROR, "say who writes: put {{business}} into the text"))
    findings.extend(_trap_findings(text, is_opt_out))
    findings.extend(_content_findings(text, message_class))
    if not any(finding.code in ("unknown_tag", "broken_tag") for finding in findings):
        segments = count_segments(render(text, SAMPLE))
        if segments > max_segments:
            message = f"costs {segments} segments with typical values; at most {max_segments} are wanted"
            findings.append(Finding("too_many_segments", Severity.WARNING, message))
    return sorted(findings, key=lambda finding: finding.severity is not Severity.ERROR)


def tags_of(template: str) -> list[str]:
    """List the names of the tags in `template`, in order, known or not."""
    return [match.group(1).strip() for match in _TAG.finditer(template)]


_TAGS = frozenset(tag.value for tag in Tag)


def _tag_findings(template: str) -> Iterator[Finding]:
    for name in tags_of(template):
        if name not in _TAGS:
            known = ", ".join(sorted(_TAGS))
            yield Finding("unknown_tag", Severity.ERROR, f"there is no such tag; the tags are {known}", name)
    if _BRACES.search(_TAG.sub("", template)):
        yield Finding("broken_tag", Severity.ERROR, "a tag is {{name}} or {{name|words}}, without braces inside")


def _trap_findings(text: str, is_opt_out: Callable[[str], bool]) -> Iterator[Finding]:
    for match in _REPLY_WORD.finditer(text):
        word, purpose = match.group(1), (match.group(2) or "").lower()
        stopping = purpose.split(" ")[0] in _STOPPING or purpose in _STOPPING
        if is_opt_out(word) and purpose and not (stopping and not purpose.startswith("cancel ap")):
            message = (
                f"“{word.upper()}” stops all texts at law and at the carrier; ask for another word, such as a digit"
            )
            yield Finding("opt_out_word", Severity.ERROR, message, match.group())
        elif word.lower() in _RESUBSCRIBING and purpose not in ("resubscribe", "opt in", "get texts"):
            message = f"some carriers take “{word.upper()}” for opting in again; ask for another word, such as C or 1"
            yield Finding("opt_in_word", Severity.WARNING, message, match.group())


def _content_findings(text: str, message_class: MessageClass) -> Iterator[Finding]:
    if message_class is MessageClass.C1:
        for match in _PROMOTION.finditer(text):
            message = "an answer to a call must not advertise; without consent this makes it marketing (R8)"
            yield Finding("promotion", Severity.ERROR, message, match.group())
    if short_link := _SHORT_LINK.search(text):
        message = "carriers block shared link shorteners; use an address of your own"
        yield Finding("short_link", Severity.ERROR, message, short_link.group())
    elif link := _LINK.search(text):
        yield Finding("link", Severity.WARNING, "links in a first text are often filtered", link.group())
    if message_class is not MessageClass.C4 and not _OPT_OUT_OFFER.search(text):
        severity = Severity.ERROR if message_class is MessageClass.C3 else Severity.WARNING
        yield Finding("opt_out_missing", severity, "say how to stop: “Reply STOP to opt out.”")
