"""What a pretended company remembers of texts: how far each came, whom it keeps apart, which end is scripted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, Generic, TypeVar

from frontdesk.providers.twin.sound import sample_of
from frontdesk.providers.twin.wire import MediaOrder, StopEntry

INBOUND: Final = "inbound"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that came with a text."""

    id: str
    content_type: str
    content: bytes

    @classmethod
    def ordered(cls, media_id: str, order: MediaOrder) -> MediaFile:
        """Make the file that a customer sends along, a small one where its content is not given."""
        return cls(media_id, order.content_type, order.content or sample_of(order.content_type))

    @classmethod
    def fetched(cls, media_id: str) -> MediaFile:
        """Make the file behind an address of ours; the twin fetches none, a picture stands for all."""
        return cls(media_id, "image/png", sample_of("image/png"))


@dataclass(frozen=True, slots=True)
class FateRule:
    """The scripted end of texts to a number."""

    status: str
    error_code: int


@dataclass(slots=True, kw_only=True, eq=False)
class TextRecord:
    """A text in either direction; `history` holds (state, Unix microseconds) since it was created."""

    direction: str
    sender: str
    to: str
    body: str
    segments: int
    status: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    error_code: int | None = None
    media: tuple[MediaFile, ...] = ()
    history: list[tuple[str, int]] = field(default_factory=list)
    hold_seed: int = 0

    @property
    def is_ours(self) -> bool:
        """Tell whether it left from us."""
        return self.direction != INBOUND

    def ever_reached(self, status: str) -> bool:
        """Tell whether it was in a state at any time; in `accepted` every text was that was taken."""
        return status == "accepted" or any(reached == status for reached, _ in self.history)


_Text = TypeVar("_Text", bound=TextRecord)


class TextMemory(Generic[_Text]):
    """Texts by the company's id; beyond `limit` they are forgotten, oldest first.

    `stops` are the pairs that are kept apart: who keeps the block (a number, a service, a profile), and the customer.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_recipient: dict[str, list[_Text]] = {}
        self._offered = 0
        self.messages: dict[str, _Text] = {}
        self.stops: set[tuple[str, str]] = set()
        self.fates: dict[str, FateRule] = {}
        self.totals: dict[str, int] = {}

    def forget_traffic(self) -> None:
        """Forget texts, stops, fates and totals."""
        for held in (self.messages, self.fates, self.totals, self._by_recipient):
            held.clear()
        self.stops.clear()

    def keep_message(self, key: str, message: _Text) -> None:
        """Keep a text, in place of an earlier one of the same id."""
        if key in self.messages:
            self.remove_message(key)
        elif len(self.messages) >= self._limit:
            self.remove_message(next(iter(self.messages)))
        self.messages[key] = message
        self._by_recipient.setdefault(message.to, []).append(message)

    def remove_message(self, key: str) -> None:
        """Forget a text."""
        message = self.messages.pop(key)
        same = self._by_recipient[message.to]
        same.remove(message)
        if not same:
            del self._by_recipient[message.to]

    def mark(self, message: _Text, status: str, now: datetime) -> None:
        """Write down that a text reached a state."""
        message.status = status
        message.updated_at = now
        message.history.append((status, int(now.timestamp() * 1_000_000)))
        self.totals[status] = self.totals.get(status, 0) + 1
        if len(message.history) == 1 and message.is_ours:
            self.totals["taken"] = self.totals.get("taken", 0) + 1

    def newest_messages(self, *, to: str = "") -> Iterator[_Text]:
        """Go through texts, newest first, of one recipient or all."""
        return reversed(self._by_recipient.get(to, [])) if to else reversed(self.messages.values())

    def recent_messages(self, limit: int) -> Sequence[_Text]:
        """List the last texts in both directions, oldest first."""
        return list(islice(self.newest_messages(), limit))[::-1]

    def texts_to(self, number: str, limit: int = 1000) -> Sequence[_Text]:
        """List texts that left towards `number`, oldest first, at most the last `limit`."""
        ours = (text for text in self.newest_messages(to=number) if text.is_ours)
        return list(islice(ours, limit))[::-1]

    def count_reached(self, *, to: str, status: str, contains: str) -> int:
        """Count texts of ours that ever reached `status` (`accepted`: all that were taken), of one recipient or all."""
        if not to and not contains:
            return self.totals.get("taken" if status == "accepted" else status, 0)
        return sum(
            text.is_ours and contains in text.body and text.ever_reached(status) for text in self.newest_messages(to=to)
        )

    def set_stop(self, pair: tuple[str, str], *, stopped: bool) -> None:
        """Keep a pair apart, or let it talk again."""
        if stopped:
            self.stops.add(pair)
        else:
            self.stops.discard(pair)

    def mind_keyword(
        self,
        word: str,
        pair: tuple[str, str],
        *,
        stop: Collection[str],
        start: Collection[str],
        info: Collection[str],
    ) -> str:
        """Keep or lift a pair's block for a keyword; tell which kind it was: STOP, START, HELP, empty for none."""
        if word in stop:
            self.set_stop(pair, stopped=True)
            return "STOP"
        if word in start:
            self.set_stop(pair, stopped=False)
            return "START"
        return "HELP" if word in info else ""

    def list_stops(self) -> tuple[StopEntry, ...]:
        """List the pairs; `number` is whatever keeps the block."""
        return tuple(StopEntry(number=ours, customer=theirs) for ours, theirs in sorted(self.stops))

    def draw_receipt(self, share: float) -> bool:
        """Tell whether the next text is receipted; the share is spread evenly instead of by lot."""
        before = int(self._offered * share)
        self._offered += 1
        return int(self._offered * share) > before
