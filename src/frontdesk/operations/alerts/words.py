"""A notice in the words of a text: plain letters, two segments at most, and nothing that a log may not hold."""

from __future__ import annotations

from frontdesk.kernel.telemetry.redaction import Redactor
from frontdesk.ports.alerts import Notice

MOST_SEPTETS = 306  # two joined segments of GSM-7 (3GPP TS 23.040), in letters of one septet each
ENDING = " Reply STOP to end these."
LAST = " Last text this hour: see the other channels."
# Letters that take two septets, and such as our own words use beyond ASCII.
PLAIN = str.maketrans(
    {
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "|": "/",
        "~": "-",
        "^": "'",
        "\\": "/",
        "`": "'",
        "\u2026": "...",
        "\u2013": "-",
        "\u2014": "-",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
    }
)


def alert_words(notice: Notice, redactor: Redactor, *, ending: str) -> str:
    """Write what is wrong, for whom, and the page that says what to do; the middle is cut, never the page."""
    first = notice.firing[0].summary if notice.firing else ""
    more = f" (+{len(notice.firing) - 1} more)" if len(notice.firing) > 1 else ""
    head = _plain(redactor.clean_text(f"Frontdesk {notice.severity}: {notice.title.partition('] ')[2]}. "))[:120]
    # The address is our own: the redactor would take an address with a port for a number.
    tail = _plain(f" {notice.runbook_url}")[:130] + ending
    return head + _cut(_plain(redactor.clean_text(first)) + more, MOST_SEPTETS - len(head) - len(tail)) + tail


def _plain(text: str) -> str:
    return text.translate(PLAIN).encode("ascii", "replace").decode("ascii")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 3, 0)].rstrip() + "..."
