"""What carriers let a brand send a day: told to the gates text by text, and counted with each text that goes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from frontdesk.features import senders
from frontdesk.features.delivery.gates import BrandDay
from frontdesk.features.delivery.model import BrandLimit, ClaimedJob, MessageClass, TextIntent
from frontdesk.features.delivery.prices import country_of
from frontdesk.features.delivery.queries import carriers
from frontdesk.kernel.db import Overtaken, Transaction

COUNTED_COUNTRIES = frozenset({"US", ""})  # whose carriers limit brands; a number that nobody can place counts too


def brand_day_of(
    text: ClaimedJob | TextIntent, brand: BrandLimit | None, *, segments: int, now: datetime, more: int = 0
) -> BrandDay | None:
    """Say how the day of a text's brand stands; None where nothing limits it.

    `more` segments have been let through in this transaction and are not counted yet. Which carrier serves the person
    is not known, so the limit is that of all texts, of which the brand's share goes to the carrier's people.
    """
    if brand is None or country_of(text.recipient_e164) not in COUNTED_COUNTRIES:
        return None
    limit = senders.segments_a_day(
        brand.daily_segments, brand.daily_share, advertising=text.message_class is MessageClass.MARKETING
    )
    return BrandDay(
        segments=segments, used=brand.used + more, limit=limit or 0, resets_at=senders.next_carrier_day(now)
    )


class BrandTally:
    """The segments of each brand that one transaction lets through, written at its end."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._taken: dict[tuple[UUID, str], int] = {}
        self._bound: set[tuple[UUID, str]] = set()

    def day_of(self, job: ClaimedJob, brand: BrandLimit | None) -> BrandDay | None:
        """Say how the day of a text's brand stands, with what this transaction has let through already."""
        more = 0 if brand is None else self._taken.get((job.tenant_id, brand.brand_id), 0)
        return brand_day_of(job, brand, segments=job.segments, now=self._now, more=more)

    def take(self, job: ClaimedJob, brand: BrandLimit | None, day: BrandDay | None) -> None:
        """Count a text that goes; answers to STOP go whatever is left."""
        if brand is None or day is None:
            return
        key = (job.tenant_id, brand.brand_id)
        self._taken[key] = self._taken.get(key, 0) + day.segments
        if job.message_class is not MessageClass.COMPLIANCE:
            self._bound.add(key)

    async def write(self, tx: Transaction, *, even_if_full: bool = False) -> None:
        """Write what was counted; whoever was overtaken by another process starts anew.

        `even_if_full` is for who holds a lock that keeps others of its kind from counting in between.
        """
        for bound in (True, False):
            counts = [
                carriers.BrandCount(*key, segments)
                for key, segments in sorted(self._taken.items())
                if (key in self._bound) is bound
            ]
            if counts:
                await _count(tx, counts, even_if_full=even_if_full or not bound)


async def count_one(tx: Transaction, intent: TextIntent, brand: BrandLimit, *, segments: int) -> None:
    """Count one text that is about to leave; whoever was overtaken starts anew."""
    counts = [carriers.BrandCount(tx.tenant, brand.brand_id, segments)]
    await _count(tx, counts, even_if_full=intent.message_class is MessageClass.COMPLIANCE)


async def _count(tx: Transaction, counts: list[carriers.BrandCount], *, even_if_full: bool) -> None:
    day = senders.carrier_day(tx.now)
    if not await carriers.record_segments(tx, counts, day=day, even_if_full=even_if_full):
        raise Overtaken
