"""WebDAV's XML: the requests that we write and the multi-status answers that we read, without entities or DTDs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'


class BadDocument(ValueError):
    """An answer that is not the XML it should be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One resource in a multi-status answer; `status` is its own, 200 where it names none."""

    href: str
    status: int
    properties: ET.Element

    def text(self, name: str) -> str:
        """Give a property's text, empty without it."""
        found = self.properties.find(name)
        return "" if found is None or found.text is None else found.text.strip()

    def href_in(self, name: str) -> str:
        """Give the address inside a property, empty without it."""
        return (self.properties.findtext(f"{name}/{DAV}href") or "").strip()


class _NoDoctype(ET.TreeBuilder):
    """Builds a tree, and none from a document with a DTD: that is where entities come from."""

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Refuse."""
        raise BadDocument("the answer has a document type definition")


def read_document(body: bytes) -> ET.Element:
    """Parse XML from a stranger; refuses with BadDocument, also whatever declares a document type."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadDocument("the answer has a document type definition")
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - no DTD, so no entities
    try:
        parser.feed(body)
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        raise BadDocument("the answer is not XML") from error
    if not isinstance(root, ET.Element):
        raise BadDocument("the answer is empty")
    return root


def answers(root: ET.Element) -> Iterator[Answer]:
    """List the resources of a multi-status answer with the properties that were found."""
    for response in root.iter(f"{DAV}response"):
        href = (response.findtext(f"{DAV}href") or "").strip()
        properties = ET.Element("properties")
        for propstat in response.findall(f"{DAV}propstat"):
            if _status(propstat) == 200:  # noqa: PLR2004 - HTTP's OK
                for prop in propstat.findall(f"{DAV}prop"):
                    properties.extend(list(prop))
        yield Answer(href, _status(response), properties)


def sync_token(root: ET.Element) -> str:
    """Read the token that stands beside the resources of a sync-collection answer."""
    return (root.findtext(f"{DAV}sync-token") or "").strip()


def has_condition(body: bytes, name: str) -> bool:
    """Tell whether an error names a precondition of DAV (RFC 4918, 16)."""
    try:
        return next(read_document(body).iter(f"{DAV}{name}"), None) is not None
    except BadDocument:
        return False


def propfind(names: Sequence[str]) -> bytes:
    """Ask for properties, each written with its prefix: `d:` or `c:`."""
    asked = "".join(f"<{name}/>" for name in names)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><d:propfind {NAMESPACES}><d:prop>{asked}</d:prop></d:propfind>'.encode()
    )


def events_query(starts_at: datetime, ends_at: datetime) -> bytes:
    """Ask for the events that touch a window, recurring ones too (RFC 4791, 7.8)."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><c:calendar-query {NAMESPACES}>'
        "<d:prop><d:getetag/><c:calendar-data/></d:prop>"
        '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
        f'<c:time-range start="{stamp(starts_at)}" end="{stamp(ends_at)}"/>'
        "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
    ).encode()


def sync_collection(token: str) -> bytes:
    """Ask what changed since a token (RFC 6578); an empty one begins anew."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><d:sync-collection {NAMESPACES}><d:sync-token>{escape(token)}'
        "</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
    ).encode()


def stamp(moment: datetime) -> str:
    """Write an instant as iCalendar does, in UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _status(element: ET.Element) -> int:
    words = (element.findtext(f"{DAV}status") or "HTTP/1.1 200 OK").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 200
