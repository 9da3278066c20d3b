"""Today at a glance: tiles against the same day a week ago, the promise of 5 s, what is wrong, who comes next."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import delivery, insights
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.db import Transaction
from frontdesk.operations.checking import list_states
from frontdesk.web.pages.operations_views import STALE, CheckLine, show_checks
from frontdesk.web.pages.rows import Tone
from frontdesk.web.pages.views import Place, read_place
from frontdesk.web.words import count_words, milliseconds, money_words
from frontdesk.wiring import Frontdesk

COMING = 6
WARN_AT, FULL = 0.8, 1.0
GOOD_DELIVERY, POOR_DELIVERY = 0.95, 0.85
# Between two counts for one business, however many look; and how long a count lasts when nothing was announced.
BREATH = timedelta(milliseconds=300)
LASTS = timedelta(seconds=5)
HEALTH_LASTS = timedelta(seconds=3)
MAX_WRONG = 4
NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure; `before` is that of a week ago, or what else is under it, `share` fills its bar, `href` leads on."""

    key: str
    words: str
    figure: str
    under: str
    before: str
    tone: Tone = Tone.CALM
    href: str = ""
    share: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GlanceView:
    """The tiles, and the name of today's day."""

    place: Place
    weekday: str
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingView:
    """Who comes next."""

    place: Place
    coming: Sequence[insights.Coming]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """What is wrong with the installation; `looked` is when it was looked at last."""

    wrong: Sequence[CheckLine]
    more: int
    is_stale: bool


@dataclass(slots=True)
class _Counted:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at: datetime | None = None
    glance: insights.Glance | None = None
    budget: delivery.Budget | None = None


class Board:
    """Counts once for all who look at one business, and looks at the installation once for all who may."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts
        self._counted: dict[UUID, _Counted] = {}
        self._health: tuple[datetime, HealthView] | None = None
        self._looking = asyncio.Lock()

    async def read_glance(self, tx: Transaction, visit: Visit, *, news_at: datetime | None = None) -> GlanceView:
        """Read the tiles; `news_at` is when something was last announced, so that older counts do not do."""
        place = await read_place(tx)
        kept = self._counted.setdefault(visit.tenant_id, _Counted())
        async with kept.lock:
            if kept.glance is None or kept.budget is None or _is_old(kept.at, now=tx.now, news_at=news_at):
                kept.glance = await insights.take_glance(tx, zone=place.zone)
                kept.budget = await delivery.get_budget(tx)
                kept.at = tx.now
            glance, budget = kept.glance, kept.budget
        return _show(visit, place, glance, budget)

    async def read_health(self, visit: Visit, *, now: datetime) -> HealthView | None:
        """Read what is wrong with the installation, for whoever may know; None for others."""
        if Scope.OPERATIONS_READ not in visit.principal.scopes_for(None):
            return None
        async with self._looking:
            if self._health is None or now - self._health[0] > HEALTH_LASTS:
                async with self._parts.system.transaction() as tx:
                    states = await list_states(tx)
                    lines = [line for line in show_checks(states, now=tx.now) if not line.is_well]
                    looked_at = max((one.looked_at for one in states), default=None)
                    stale = looked_at is None or tx.now - looked_at > STALE
                view = HealthView(wrong=lines[:MAX_WRONG], more=len(lines[MAX_WRONG:]), is_stale=stale)
                self._health = (now, view)
            return self._health[1]


async def read_coming(tx: Transaction) -> ComingView:
    """Read who comes next."""
    return ComingView(place=await read_place(tx), coming=await insights.list_coming(tx, limit=COMING))


def _is_old(at: datetime | None, *, now: datetime, news_at: datetime | None) -> bool:
    if at is None or now - at > LASTS:
        return True
    return news_at is not None and at < news_at + BREATH and now - at > BREATH


def _show(visit: Visit, place: Place, glance: insights.Glance, budget: delivery.Budget) -> GlanceView:
    tiles = [_calls(glance), _missed(glance), _texted(glance), _replies(glance), _bookings(glance)]
    tiles += [_spent(glance, budget), _delivered(glance), _promise(glance.promise)]
    links = _links(visit)
    return GlanceView(
        place=place,
        weekday=f"{place.now.astimezone(ZoneInfo(place.zone)):%A}",
        tiles=[replace(one, href=links.get(one.key, "")) for one in tiles],
    )


def _links(visit: Visit) -> Mapping[str, str]:
    """List where each tile's detail is, without what the visitor may not open."""
    base = f"/businesses/{visit.tenant_id}"
    report = f"{base}/reports?period=7"
    wanted = {
        "calls": (Scope.DELIVERY_READ, f"{report}#calls"),
        "missed": (Scope.DELIVERY_READ, f"{report}#recovered"),
        "texted": (Scope.DELIVERY_READ, f"{report}#speed"),
        "replies": (Scope.MESSAGES_READ, f"{base}/inbox"),
        "bookings": (Scope.BOOKING_READ, f"{base}/agenda"),
        "spent": (Scope.DELIVERY_READ, f"{base}/settings/budgets"),
        "delivered": (Scope.DELIVERY_READ, f"{report}#texts"),
        "promise": (Scope.DELIVERY_READ, f"{base}/reports?period=30#speed"),
    }
    return {key: href for key, (scope, href) in wanted.items() if visit.may(scope)}


def _calls(glance: insights.Glance) -> Tile:
    now, then = glance.today.counted, glance.week_ago.counted
    answered = now.calls - now.missed
    return Tile(
        key="calls",
        words="Calls",
        figure=count_words(now.calls),
        under=f"{count_words(answered)} not missed" if now.calls else "none yet",
        before=count_words(then.calls),
    )


def _missed(glance: insights.Glance) -> Tile:
    now, then = glance.today.counted, glance.week_ago.counted
    return Tile(
        key="missed",
        words="Missed",
        figure=count_words(now.missed),
        under=f"{_percent(now.missed / now.calls)} of calls" if now.calls else "none yet",
        before=count_words(then.missed),
    )


def _texted(glance: insights.Glance) -> Tile:
    now, then = glance.today, glance.week_ago
    under = "no missed call yet"
    if now.p50_ms is not None and now.p95_ms is not None:
        under = f"half within {milliseconds(now.p50_ms)}, 95 % within {milliseconds(now.p95_ms)}"
    elif now.counted.missed:
        under = "none yet"
    return Tile(
        key="texted",
        words="Texted back",
        figure=count_words(now.counted.texted),
        under=under,
        before=count_words(then.counted.texted),
        tone=Tone.WARN if now.counted.late else Tone.CALM,
    )


def _replies(glance: insights.Glance) -> Tile:
    now, then = glance.today.counted, glance.week_ago.counted
    left = f"{count_words(now.stops)} opted out" if now.stops else "texts from people"
    return Tile(
        key="replies",
        words="Replies",
        figure=count_words(now.replies),
        under=left,
        before=count_words(then.replies),
    )


def _bookings(glance: insights.Glance) -> Tile:
    now, then = glance.today.counted, glance.week_ago.counted
    worth = f"worth {money_words(now.worth_cents)}" if now.worth_cents else "made today"
    return Tile(
        key="bookings",
        words="Bookings",
        figure=count_words(now.bookings),
        under=worth,
        before=count_words(then.bookings),
        tone=Tone.GOOD if now.bookings else Tone.CALM,
    )


def _spent(glance: insights.Glance, budget: delivery.Budget) -> Tile:
    limit = budget.daily_budget_cents
    share = float(budget.daily_spent_cents / limit) if limit else FULL
    tone = Tone.BAD if share >= FULL else Tone.WARN if share >= WARN_AT else Tone.CALM
    return Tile(
        key="spent",
        words="Spent on texts",
        figure=money_words(_cents(budget.daily_spent_cents)),
        under=f"of {money_words(limit)} for today",
        before=money_words(_cents(glance.week_ago.counted.cost_cents)),
        tone=tone,
        share=min(100, round(share * 100)),
    )


def _delivered(glance: insights.Glance) -> Tile:
    now, then = glance.today.counted, glance.week_ago.counted
    rate, before = now.delivery_rate, then.delivery_rate
    tone = Tone.CALM
    if rate is not None:
        tone = Tone.GOOD if rate >= GOOD_DELIVERY else Tone.WARN if rate >= POOR_DELIVERY else Tone.BAD
    return Tile(
        key="delivered",
        words="Delivered",
        figure=NOTHING if rate is None else _percent(rate),
        under=f"{count_words(now.texts)} {'text' if now.texts == 1 else 'texts'} left",
        before=NOTHING if before is None else _percent(before),
        tone=tone,
    )


def _promise(promise: insights.Promise) -> Tile:
    if promise.kept is None:
        return Tile(key="promise", words="Within 5 s", figure=NOTHING, under="texts to missed calls", before="")
    tone = Tone.BAD if promise.spent >= FULL else Tone.WARN if promise.spent >= WARN_AT else Tone.GOOD
    kept = f"{promise.kept * 100:.2f}".rstrip("0").rstrip(".")
    late = "none late" if not promise.late else f"{count_words(promise.late)} late"
    return Tile(
        key="promise",
        words="Within 5 s",
        figure=f"{kept} %",
        under=f"{count_words(promise.texts)} in 30 days, {late}",
        before=f"{min(999, round(promise.spent * 100))} % of the allowance used",
        tone=tone,
        share=min(100, round(promise.spent * 100)),
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _cents(cents: Decimal) -> Decimal:
    """Round to whole cents what is at least one: fractions of a cent tell nobody anything on a tile."""
    return cents if cents < 1 else Decimal(round(cents))
