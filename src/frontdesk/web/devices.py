"""What browsers say of themselves, in words that people know."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNKNOWN = "A program or an unknown browser"
# The first that fits: browsers name those they descend from, too.
BROWSERS = (
    ("Edg/|EdgA/|EdgiOS/", "Edge"), ("OPR/|Opera", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/|Firefox/", "Firefox"), ("CriOS/|Chrome/|HeadlessChrome/", "Chrome"), ("Safari/", "Safari"),
    ("curl/|python|httpx|Go-http", "A program"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "Chromebook"), ("Windows", "Windows"),
    ("Macintosh|Mac OS X", "Mac"), ("Linux|X11", "Linux"),
)  # fmt: skip


def device_words(user_agent: str) -> str:
    """Name browser and device in words, from what a browser says of itself."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or UNKNOWN


def _first(names: Sequence[tuple[str, str]], text: str) -> str:
    return next((words for pattern, words in names if re.search(pattern, text)), "")
