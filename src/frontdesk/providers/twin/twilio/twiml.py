"""TwiML, read as a carrier reads it: an XML document becomes a list of verbs, or a numbered fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

_PARSE_FAILURE, _SCHEMA_FAULT = 12100, 12200
_SHORTEST_RING, _LONGEST_RING = 5, 600  # source: twilio.com/docs/voice/twiml/dial#timeout
_LONGEST: Final = 64_000


class TwimlFault(Exception):
    """A document the carrier cannot play; `code` 12100 is broken XML, 12200 an unknown verb, noun or value."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Say:
    """Speak `text`."""

    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Say nothing for so many seconds (also stands for a played file)."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring `number` for `timeout` seconds, then fetch `action` if there is one."""

    number: str
    timeout: int
    action: str
    method: str
    answer_on_bridge: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Record the caller; an empty `action` fetches the same document again, as the carrier does."""

    action: str
    method: str
    max_seconds: int
    status_url: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the call before it costs anything."""

    busy: bool


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


Verb = Say | Pause | Dial | Record | Redirect | Reject | Hangup


def _root(document: str) -> ET.Element:
    if len(document) > _LONGEST or "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise TwimlFault(_PARSE_FAILURE, "too long, or with a document type")
    try:
        root = ET.fromstring(document.encode())  # noqa: S314 - no document type, bounded, from our own product
    except ET.ParseError as error:
        raise TwimlFault(_PARSE_FAILURE, str(error)) from error
    if root.tag != "Response":
        raise TwimlFault(_SCHEMA_FAULT, f"the root is <{root.tag}>, not <Response>")
    return root


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not text.isdigit():
        raise TwimlFault(_SCHEMA_FAULT, f'{name}="{text}" is not a whole number')
    return int(text)


def _method(given: Mapping[str, str], name: str = "method") -> str:
    method = given.get(name, "POST").upper()
    if method not in ("GET", "POST"):
        raise TwimlFault(_SCHEMA_FAULT, f'{name}="{method}"')
    return method


def _text(element: ET.Element) -> str:
    return "".join(element.itertext()).strip()


def _dial(element: ET.Element) -> Dial:
    nouns = [child.tag for child in element]
    if any(noun != "Number" for noun in nouns):
        raise TwimlFault(_SCHEMA_FAULT, f"<Dial> holds {nouns}; the twin rings numbers only")
    timeout = _whole(element.attrib, "timeout", 30)
    if not _SHORTEST_RING <= timeout <= _LONGEST_RING:
        raise TwimlFault(_SCHEMA_FAULT, f"timeout={timeout} is outside 5..600")
    return Dial(
        _text(element),
        timeout,
        element.get("action", ""),
        _method(element.attrib),
        element.get("answerOnBridge", "false") == "true",
    )


def _record(element: ET.Element) -> Record:
    return Record(
        element.get("action", ""),
        _method(element.attrib),
        _whole(element.attrib, "maxLength", 3600),
        element.get("recordingStatusCallback", ""),
    )


_VERBS: Final[Mapping[str, Callable[[ET.Element], Verb]]] = {
    "Say": lambda element: Say(_text(element)),
    "Play": lambda _element: Pause(3),
    "Pause": lambda element: Pause(_whole(element.attrib, "length", 1)),
    "Dial": _dial,
    "Record": _record,
    "Redirect": lambda element: Redirect(_text(element), _method(element.attrib)),
    "Reject": lambda element: Reject(element.get("reason", "rejected") == "busy"),
    "Hangup": lambda _element: Hangup(),
}


def read_voice(document: str) -> tuple[Verb, ...]:
    """Read a call's document; raises TwimlFault. An empty one hangs up."""
    verbs: list[Verb] = []
    for element in _root(document):
        read = _VERBS.get(element.tag)
        if read is None:
            raise TwimlFault(_SCHEMA_FAULT, f"<{element.tag}> is not a verb for calls")
        verbs.append(read(element))
    return tuple(verbs)


def read_replies(document: str) -> tuple[str, ...]:
    """Read the texts with which a document answers a text; raises TwimlFault."""
    replies: list[str] = []
    for element in _root(document):
        if element.tag != "Message":
            raise TwimlFault(_SCHEMA_FAULT, f"<{element.tag}> is not a verb for texts")
        body = element.find("Body")
        replies.append(_text(element if body is None else body))
    return tuple(replies)
