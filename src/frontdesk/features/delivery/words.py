"""The words of texts: merge tags without logic, and a check of wordings against law and carriers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from frontdesk.features.delivery.model import MessageClass
from frontdesk.features.delivery.segments import count
from frontdesk.kernel.errors import Refused

MAX_TEMPLATE_CHARACTERS = 1_600
MAX_VALUE_CHARACTERS = 80
BUSINESS_TAG = "business"


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


def fill_words(template: str, fields: Mapping[str, str], *, is_tag: Callable[[str], bool]) -> str:
    """Fill the merge tags of `template` from `fields`.

    `{{tag|words}}` falls back to its words where the field is missing or blank, `{{tag}}` to nothing. Values are data:
    braces in them are not read again, line ends and invisible characters go, and at most 80 characters stay.
    Refuses a tag that does not exist (`delivery.unknown_tag`); `check_words` finds it before.
    """

    def filled(match: re.Match[str]) -> str:
        name, fallback = match.group(1).strip(), (match.group(2) or "").strip()
        if not is_tag(name):
            raise Refused("delivery.unknown_tag", f"the wording has an unknown tag “{name}”", status=422)
        return clean_value(fields.get(name, "")) or fallback

    text = _TAG.sub(filled, template[:MAX_TEMPLATE_CHARACTERS])
    return _SPACE_BEFORE_MARK.sub("", _SPACES.sub(" ", text)).strip()


def clean_value(value: str) -> str:
    """Bring a value to one line of at most 80 visible characters."""
    visible = "".join(character if character.isprintable() else " " for character in value[: 4 * MAX_VALUE_CHARACTERS])
    return " ".join(visible.split())[:MAX_VALUE_CHARACTERS].strip()


def has_link(text: str) -> bool:
    """Tell whether something in a text leads to a web page."""
    return _LINK.search(text) is not None


def part_at_opt_out(text: str) -> tuple[str, str, str]:
    """Part a text at the words that offer to stop: what is before, the sentence from them on, nothing where none do."""
    found = _OPT_OUT_OFFER.search(text)
    if found is None:
        return text, "", ""
    end = next((at + 1 for at in range(found.end(), len(text)) if text[at] in ".!\n"), len(text))
    return text[: found.start()], text[found.start() : end], text[end:]


def tags_of(template: str) -> list[str]:
    """List the names of the tags in `template`, in order, known or not."""
    return [match.group(1).strip() for match in _TAG.finditer(template)]


def check_words(
    template: str,
    *,
    message_class: MessageClass,
    is_tag: Callable[[str], bool],
    known_tags: str,
    sample: Mapping[str, str],
    is_opt_out: Callable[[str], bool],
    max_segments: int = 2,
) -> list[Finding]:
    """List what is wrong with `template` as a text of `message_class`, errors first.

    `known_tags` names the tags to people, `sample` has typical values for them, `is_opt_out` tells whether a reply
    stops all texts. Rules: the sender is named (CTIA Principles, 2023); no word that stops texts may be asked for as
    the answer to something else; no promotion in an answer to a call (R8); STOP is offered.
    """
    if not template.strip():
        return [Finding("empty", Severity.ERROR, "the wording is empty")]
    findings = [*_tag_findings(template, is_tag, known_tags)]
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        findings.append(Finding("too_long", Severity.ERROR, f"longer than {MAX_TEMPLATE_CHARACTERS} characters"))
    text = template[:MAX_TEMPLATE_CHARACTERS]
    if not any(name == BUSINESS_TAG for name in tags_of(text)):
        findings.append(Finding("sender_missing", Severity.ERROR, "say who writes: put {{business}} into the text"))
    findings.extend(_trap_findings(text, is_opt_out))
    findings.extend(_content_findings(text, message_class))
    if not any(finding.code in ("unknown_tag", "broken_tag") for finding in findings):
        segments = count(fill_words(text, sample, is_tag=is_tag)).count
        if segments > max_segments:
            message = f"costs {segments} segments with typical values; at most {max_segments} are wanted"
            findings.append(Finding("too_many_segments", Severity.WARNING, message))
    return sorted(findings, key=lambda finding: finding.severity is not Severity.ERROR)


def _tag_findings(template: str, is_tag: Callable[[str], bool], known_tags: str) -> Iterator[Finding]:
    for name in tags_of(template):
        if not is_tag(name):
            yield Finding("unknown_tag", Severity.ERROR, f"there is no such tag; the tags are {known_tags}", name)
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
    if message_class is MessageClass.REPLY:
        for match in _PROMOTION.finditer(text):
            message = "an answer to a call must not advertise; without consent this makes it marketing (R8)"
            yield Finding("promotion", Severity.ERROR, message, match.group())
    if short_link := _SHORT_LINK.search(text):
        message = "carriers block shared link shorteners; use an address of your own"
        yield Finding("short_link", Severity.ERROR, message, short_link.group())
    elif link := _LINK.search(text):
        yield Finding("link", Severity.WARNING, "links in a first text are often filtered", link.group())
    if message_class is not MessageClass.COMPLIANCE and not _OPT_OUT_OFFER.search(text):
        severity = Severity.ERROR if message_class is MessageClass.MARKETING else Severity.WARNING
        yield Finding("opt_out_missing", severity, "say how to stop: “Reply STOP to opt out.”")
