"""The telephone network outside: it keeps its own log of every POST, and fails in every way that carriers do."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from frontdesk.ports import (
    Accepted,
    FailureClass,
    OutboundText,
    ProviderError,
    ReceiptStatus,
    SentText,
    SentTextQuery,
)
from tests.simulation.turnstile import Turnstile

PROVIDER = "twilio"
DEADLINE_SECONDS = 10.0  # of a POST, as the port demands
# What reaches the carrier at all has been taken or refused by then: the one promise a carrier must keep, because
# without it no look at its list could ever prove that a text is not there.
LATEST_ARRIVAL_SECONDS = 13.0
LOOKED_AFTER_SECONDS = 40.0
KEY_SECONDS = 86_400.0
ENDED = frozenset({ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED})


class Fate(StrEnum):
    """What becomes of one POST."""

    TAKEN = "taken"
    LOST = "lost"  # on the way there
    REPLY_LOST = "reply lost"  # taken, and the way back lost
    ERROR_AFTER_TAKING = "error after taking"
    ERROR_INSTEAD = "error instead"
    THROTTLED = "throttled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """How likely a POST meets each trouble, and how long things take."""

    unreachable: float = 0.0
    lost: float = 0.0
    reply_lost: float = 0.0
    error_after_taking: float = 0.0
    error_instead: float = 0.0
    throttled: float = 0.0
    refused: float = 0.0
    slow: float = 0.0
    late_start: float = 0.0
    list_fails: float = 0.0
    list_late: float = 0.0
    no_reference: float = 0.0
    receipts_late: float = 0.0
    clock_skew: float = 0.0  # seconds by which the carrier's clock is ahead of ours
    keeps_opt_outs: bool = True


@dataclass(slots=True, kw_only=True)
class Post:
    """One POST from its first byte on; `settled` is the step at which its fate was sealed at the carrier."""

    number: int
    text: OutboundText
    place: str
    tick: int
    started_at: float
    settled: int | None = None
    answer: Accepted | ProviderError | None = None
    sid: str | None = None
    accepted_at: float | None = None
    status: ReceiptStatus = ReceiptStatus.ACCEPTED
    error_code: str = ""
    troubled: bool = False
    repeated: bool = False  # recognised by its key, and not sent again


def _error(
    message: str, failure: FailureClass, *, code: str = "", status: int = 0, retry_after: float | None = None
) -> ProviderError:
    passing = failure in (FailureClass.RATE_LIMITED, FailureClass.UNAVAILABLE, FailureClass.AMBIGUOUS)
    return ProviderError(
        message,
        provider=PROVIDER,
        failure=failure,
        permanent=not passing,
        ambiguous=failure is FailureClass.AMBIGUOUS,
        retry_after=retry_after,
        provider_code=code,
        http_status=status,
    )


class Carrier:
    """The network as a whole; what it does happens at its own time, whoever of us is alive."""

    def __init__(
        self,
        turnstile: Turnstile,
        random: Random,
        troubles: Troubles,
        *,
        beginning: datetime,
        keyed: frozenset[str] = frozenset(),
    ) -> None:
        self.posts: list[Post] = []
        self.opt_outs: set[tuple[str, str]] = set()
        self.troubles = troubles
        self.random = random
        self.accepted: Callable[[Post], None] = lambda _post: None
        self._turnstile = turnstile
        self._beginning = beginning
        self._keyed = keyed  # numbers at a company that knows a POST by its key, and lists a text once it has ended
        self._watchers: list[asyncio.Future[None]] = []
        self._under_way: list[tuple[float, int, Fate]] = []

    async def nth_post(self, number: int) -> Post:
        """Wait until the POST of a number, from 0, has started."""
        while len(self.posts) <= number:
            started = self._turnstile.loop.create_future()
            self._watchers.append(started)
            await started
        return self.posts[number]

    def strikes(self, likelihood: float) -> bool:
        """Draw whether a trouble strikes now."""
        return likelihood > 0 and self.random.random() < likelihood

    def troubled_lately(self) -> bool:
        """Tell whether a POST was not answered well within the last while: then our side looks more often."""
        recent = (post for post in reversed(self.posts) if post.started_at > self._turnstile.now - LOOKED_AFTER_SECONDS)
        return any(post.troubled for post in recent)

    def calm_down(self) -> None:
        """End all troubles but what the carrier is by nature."""
        kept = self.troubles
        self.troubles = Troubles(clock_skew=kept.clock_skew, keeps_opt_outs=kept.keeps_opt_outs)

    def _draw_fate(self) -> Fate:
        trouble, draw = self.troubles, self.random.random()
        for fate, likelihood in (
            (Fate.LOST, trouble.lost),
            (Fate.REPLY_LOST, trouble.reply_lost),
            (Fate.ERROR_AFTER_TAKING, trouble.error_after_taking),
            (Fate.ERROR_INSTEAD, trouble.error_instead),
            (Fate.THROTTLED, trouble.throttled),
            (Fate.REFUSED, trouble.refused),
        ):
            if draw < likelihood:
                return fate
            draw -= likelihood
        return Fate.TAKEN

    def open(self, text: OutboundText, place: str) -> tuple[Post, float, float]:
        """Note that the first byte of a POST left; returns it, when its reply comes and when the connection fails."""
        turnstile, random = self._turnstile, self.random
        post = Post(number=len(self.posts), text=text, place=place, tick=turnstile.steps, started_at=turnstile.now)
        self.posts.append(post)
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        self._watchers.clear()
        fate = self._draw_fate()
        post.troubled = fate is not Fate.TAKEN
        slow = self.strikes(self.troubles.slow)
        travel = random.uniform(0.5, LATEST_ARRIVAL_SECONDS) if slow else random.uniform(0.005, 0.12)
        reply_at = turnstile.now + travel + random.uniform(0.005, 0.1)
        fails_at = turnstile.now + DEADLINE_SECONDS
        if fate in (Fate.LOST, Fate.REPLY_LOST):
            reply_at = float("inf")
            fails_at = turnstile.now + (random.uniform(0.01, 1) if random.random() < 0.5 else DEADLINE_SECONDS)
        if fate is Fate.LOST:
            post.settled = turnstile.steps
        else:
            heapq.heappush(self._under_way, (turnstile.now + travel, post.number, fate))
        turnstile.note(f"POST {post.number} {fate} {text.recipient_e164} {text.reference}")
        return post, reply_at, fails_at

    def time_passed(self) -> None:
        """Take or refuse what has arrived by now, each at its own moment."""
        while self._under_way and self._under_way[0][0] <= self._turnstile.now:
            at, number, fate = heapq.heappop(self._under_way)
            self._arrive(self.posts[number], at, fate)

    def under_way(self) -> bool:
        """Tell whether a POST is still on its way."""
        return bool(self._under_way)

    def _arrive(self, post: Post, at: float, fate: Fate) -> None:
        post.settled = self._turnstile.steps
        text = post.text
        if (text.sender_e164, text.recipient_e164) in self.opt_outs:
            post.answer = _error("opted out", FailureClass.OPTED_OUT, code="21610", status=400)
            return
        if fate is Fate.ERROR_INSTEAD:
            post.answer = _error("internal error", FailureClass.AMBIGUOUS, status=500)
            return
        if fate is Fate.THROTTLED:
            asked = self.random.choice((None, None, 1.0, 1.0, 4.0, 30.0, 30.0, -5.0, 120.0, 1e9))
            post.answer = _error("slow down", FailureClass.RATE_LIMITED, code="20429", status=429, retry_after=asked)
            return
        if fate is Fate.REFUSED:
            post.answer = _error("no such number", FailureClass.INVALID_RECIPIENT, code="21211", status=400)
            return
        if first := self._taken_before(post, at):
            post.answer = Accepted(provider_message_id=first, status=ReceiptStatus.ACCEPTED)
            return
        post.sid = f"SM{post.number:032x}"
        post.accepted_at = at
        post.answer = Accepted(provider_message_id=post.sid, status=ReceiptStatus.ACCEPTED)
        if fate is Fate.ERROR_AFTER_TAKING:
            post.answer = _error("internal error", FailureClass.AMBIGUOUS, status=500)
        self._turnstile.note(f"accepted {post.number}")
        self.accepted(post)

    def _taken_before(self, post: Post, at: float) -> str | None:
        """Know a POST by its key: the same text again gets the first answer again, and nothing leaves."""
        if post.text.sender_e164 not in self._keyed:
            return None
        for earlier in self.posts[: post.number]:
            if (
                earlier.sid is not None
                and earlier.accepted_at is not None
                and earlier.text.reference == post.text.reference
                and earlier.text.sender_e164 == post.text.sender_e164
                and at - earlier.accepted_at < KEY_SECONDS
            ):
                post.repeated = True
                return earlier.sid
        return None

    def created_at(self, post: Post) -> datetime:
        """Tell when a text was taken, by the carrier's clock, to the second."""
        assert post.accepted_at is not None
        at = self._beginning + timedelta(seconds=post.accepted_at + self.troubles.clock_skew)
        return at.replace(microsecond=0)

    def list_texts(self, query: SentTextQuery) -> list[SentText]:
        """List what was taken for a person since a moment, newest first."""
        found = [
            SentText(
                provider_message_id=post.sid,
                sender_e164=post.text.sender_e164,
                recipient_e164=post.text.recipient_e164,
                body=post.text.body,
                status=post.status,
                created_at=self.created_at(post),
                error_code=post.error_code,
            )
            for post in self.posts
            if post.sid is not None
            and post.text.recipient_e164 == query.recipient_e164
            and post.text.sender_e164 == query.sender_e164
            and self.created_at(post) >= query.since.replace(microsecond=0)
            and (query.sender_e164 not in self._keyed or post.status in ENDED)
        ]
        return sorted(found, key=lambda text: text.created_at, reverse=True)


class Line:
    """A process's line to the carrier: what the product calls."""

    def __init__(
        self,
        carrier: Carrier,
        turnstile: Turnstile,
        place: str,
        *,
        name: str = PROVIDER,
        repost_safe: timedelta | None = None,
    ) -> None:
        self._carrier = carrier
        self._turnstile = turnstile
        self._place = place
        self._name = name
        self._repost_safe = repost_safe

    @property
    def name(self) -> str:
        """The provider's key."""
        return self._name

    async def send_text(self, text: OutboundText, *, starting: Callable[[], None]) -> Accepted:
        """Hand one text over, with one POST."""
        carrier, turnstile = self._carrier, self._turnstile
        late = carrier.strikes(carrier.troubles.late_start)
        await turnstile.sleep("connect", carrier.random.uniform(0.2, 2) if late else carrier.random.uniform(0, 0.02))
        if carrier.strikes(carrier.troubles.unreachable):
            raise _error("cannot connect", FailureClass.UNAVAILABLE)
        starting()
        post, reply_at, fails_at = carrier.open(text, self._place)
        await turnstile.step("reply", due=min(reply_at, fails_at))
        if reply_at > fails_at or post.answer is None:
            raise _error("no reply", FailureClass.AMBIGUOUS)
        if isinstance(post.answer, ProviderError):
            raise post.answer
        return post.answer

    @property
    def repost_safe(self) -> timedelta | None:
        """Know keys as Telnyx for a day, or none as Twilio."""
        return self._repost_safe

    async def list_sent_texts(self, query: SentTextQuery) -> list[SentText]:
        """List what the carrier has taken; the answer may be old when it arrives."""
        carrier, turnstile = self._carrier, self._turnstile
        await turnstile.sleep("ask for the list", carrier.random.uniform(0, 0.05))
        if carrier.strikes(carrier.troubles.list_fails):
            raise _error("no list now", FailureClass.UNAVAILABLE, status=503)
        listed = carrier.list_texts(query)
        late = carrier.strikes(carrier.troubles.list_late)
        await turnstile.sleep(
            "the list arrives", carrier.random.uniform(0.5, 9.5) if late else carrier.random.uniform(0, 0.1)
        )
        return listed
