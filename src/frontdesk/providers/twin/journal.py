"""What the twin remembers of every request it received and every webhook it posted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import msgspec

from frontdesk.providers.twin.wire import JournalView

if TYPE_CHECKING:
    from frontdesk.providers.twin.wire import WebhookReport


def read_form(text: str) -> list[tuple[str, str]]:
    """Read a form or query, blank values too; in half the time of the library's, which every request pays twice."""
    pairs = (piece.partition("=") for piece in text.split("&") if piece)
    return [(_plain(name), _plain(value)) for name, _, value in pairs]


def _plain(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _members(text: str) -> dict[str, str]:
    """Read the members of a JSON object as text; of one that is broken, none."""
    try:
        members = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}
    return {name: value if isinstance(value, str) else str(value) for name, value in members.items()}


@dataclass(slots=True)
class JournalEntry:
    """One API request; `status` 0 means that no reply was sent, `effect` is the sid it created."""

    seq: int
    monotonic_us: int
    wall_us: int
    method: str
    path: str
    query: str
    body: str
    operation: str
    account_sid: str
    status: int = 0
    effect: str = ""
    fault: str = ""

    def fields(self) -> dict[str, str]:
        """Read query and body as one form, or the members of a JSON body; the last value of a repeated name wins."""
        if self.body.startswith("{"):
            return dict(read_form(self.query)) | _members(self.body)
        return dict(read_form(self.query) + read_form(self.body))

    def concerns(self, number: str) -> bool:
        """Tell whether the request names a number as its recipient."""
        fields = self.fields()
        return number in (fields.get("To"), fields.get("to"))

    def view(self) -> JournalView:
        """Show it to the control API."""
        return JournalView(
            seq=self.seq,
            monotonic_us=self.monotonic_us,
            wall_us=self.wall_us,
            method=self.method,
            path=self.path,
            operation=self.operation,
            account_sid=self.account_sid,
            fields=self.fields(),
            status=self.status,
            effect=self.effect,
            fault=self.fault,
        )


class Journal:
    """Two rings of bounded size, newest last; the count goes on when old entries are dropped."""

    def __init__(self, size: int) -> None:
        self._requests: deque[JournalEntry] = deque(maxlen=size)
        self._webhooks: deque[WebhookReport] = deque(maxlen=max(1, size // 4))
        self.requests_seen = 0
        self.webhooks_seen = 0

    def open(self, *, monotonic_us: int, wall_us: int, method: str, path: str, query: str) -> JournalEntry:
        """Write down a request on arrival; body, operation and outcome are filled in as they become known."""
        self.requests_seen += 1
        entry = JournalEntry(self.requests_seen, monotonic_us, wall_us, method, path, query, "", "", "")
        self._requests.append(entry)
        return entry

    def posted(self, report: WebhookReport) -> None:
        """Write down a webhook."""
        self.webhooks_seen += 1
        self._webhooks.append(report)

    def requests(
        self, *, after: int = 0, limit: int = 1000, keep: Callable[[JournalEntry], bool] | None = None
    ) -> list[JournalEntry]:
        """List requests numbered above `after` that `keep` accepts, oldest first, at most `limit`."""
        first = self.requests_seen - len(self._requests) + 1
        entries: Iterator[JournalEntry] = islice(self._requests, max(0, after + 1 - first), None)
        if keep is not None:
            entries = filter(keep, entries)
        return list(islice(entries, limit))

    def webhooks(self, *, kind: str = "", limit: int = 1000) -> list[WebhookReport]:
        """List the last `limit` webhooks of a kind, oldest first."""
        found = [report for report in reversed(self._webhooks) if not kind or report.kind == kind]
        return found[:limit][::-1]

    def clear(self) -> None:
        """Forget everything, counts too."""
        self._requests.clear()
        self._webhooks.clear()
        self.requests_seen = 0
        self.webhooks_seen = 0
