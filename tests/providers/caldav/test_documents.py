"""XML from servers that strangers run: read without entities, and asked for what is understood."""

from __future__ import annotations

import pytest

from frontdesk.providers.caldav.documents import (
    DAV,
    BadDocument,
    answers,
    has_condition,
    read_document,
    sync_collection,
    sync_token,
)

BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>
<d:x xmlns:d="DAV:">&lol2;</d:x>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]><x>&file;</x>"""
STATUS = b"""<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"><d:response><d:href>/a/</d:href><d:propstat><d:prop>
<d:displayname>Work</d:displayname></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop>
<d:getetag>no</d:getetag></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>
<d:response><d:href>/b.ics</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>
<d:sync-token>t1</d:sync-token></d:multistatus>"""


@pytest.mark.parametrize(
    "body",
    [BOMB, OUTSIDE, b"", b"<unclosed>", b"not xml", b"\xff\xfe\x00<", BOMB.decode().encode("utf-16")],
)
def test_whatever_declares_a_document_type_or_is_no_xml_is_refused(body: bytes) -> None:
    with pytest.raises(BadDocument):
        read_document(body)


def test_properties_that_were_found_are_read_and_others_not() -> None:
    root = read_document(STATUS)
    first, second = answers(root)
    assert (first.href, first.text(f"{DAV}displayname"), first.text(f"{DAV}getetag")) == ("/a/", "Work", "")
    assert (second.href, second.status) == ("/b.ics", 404)
    assert sync_token(root) == "t1"


def test_a_token_is_written_as_text() -> None:
    assert b"<d:sync-token>&lt;a&gt;&amp;b</d:sync-token>" in sync_collection("<a>&b")


def test_the_condition_of_an_error_is_read() -> None:
    error = b'<?xml version="1.0"?><d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>'
    assert has_condition(error, "valid-sync-token")
    assert not has_condition(error, "supported-report")
    assert not has_condition(b"oops", "valid-sync-token")
