"""What must hold of campaigns: lawful hours and people, caps, paces, decisions that replay, and nobody forgotten."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from frontdesk.features import delivery
from frontdesk.ports import ReceiptStatus
from tests.simulation.carrier import Post
from tests.simulation.judges import PAUSE_EFFECTIVE_SECONDS, Evidence
from tests.simulation.market import BUSINESS_ZONE, LONG, CampaignPlan, Market, NumberPlan
from tests.simulation.residents import AT_HOME, NIGHT

VERDICT_SECONDS = 0.5  # a verdict may be acted on for so long: POSTs may come so much closer than their verdicts
USUAL_RATE = Decimal(1)  # segments a second of a long code without a rate of its own
QUICK_RATE, MADE_GOOD_SECONDS = 20, 0.1  # of a quick number a pause between two claims is made good
ROUNDING = 1e-3
HELD_AT_LEAST = timedelta(seconds=1)
DAY_SECONDS = 86_400.0
OUT_OF_TIME = frozenset({"campaign.time_limit", "delivery.too_late", "law.cap", "law.quiet_hours", "budget.spent"})
THEIR_OWN_WISH = frozenset({"consent.opted_out", "consent.opted_out_of_marketing"})


def _marketing(evidence: Evidence) -> list[Post]:
    jobs = evidence.jobs
    return [
        post
        for post in evidence.story.posts
        if (job := jobs.get(post.text.reference)) is not None and job["message_class"] == "C3"
    ]


def _at(evidence: Evidence, post: Post) -> datetime:
    return evidence.story.plan.beginning + timedelta(seconds=post.started_at)


def _plan_of(evidence: Evidence, campaign_id: UUID) -> CampaignPlan:
    assert evidence.story.plan.market is not None
    return evidence.story.plan.market.campaigns[evidence.story.campaigns.index(campaign_id)]


def marketing_keeps_the_hours(evidence: Evidence) -> Iterator[str]:
    """I5: marketing starts in its recipient's open hours only, under every clock they may have, and lives no longer."""
    for post in _marketing(evidence):
        campaign = _plan_of(evidence, evidence.jobs[post.text.reference]["campaign_id"])
        resident, at = AT_HOME[post.text.recipient_e164], _at(evidence, post)
        closes = resident.closes_at(at, campaign.quiet or NIGHT)
        if closes is None:
            yield f"I5: POST {post.number} to {resident.phone} left at {at}, outside the hours of {resident.clocks}"
        elif at + timedelta(seconds=post.text.validity_seconds - VERDICT_SECONDS) > closes:
            yield f"I5: POST {post.number} may live {post.text.validity_seconds} s from {at}, beyond {closes}"


def only_who_agreed_is_written_to(evidence: Evidence) -> Iterator[str]:
    """I5: marketing goes to people with provable consent, from registered numbers, and not to whom nobody may write."""
    market = evidence.story.plan.market
    if market is None:
        return
    lawful = {
        (evidence.story.businesses.ids[one.business], one.resident.phone) for one in market.people if market.lawful(one)
    }
    registered = {number.phone for number in market.numbers if number.registered}
    for post in _marketing(evidence):
        job = evidence.jobs[post.text.reference]
        if (job["tenant_id"], post.text.recipient_e164) not in lawful:
            yield f"I5: POST {post.number} left to {post.text.recipient_e164}, who may not be written to"
        if post.text.sender_e164 not in registered:
            yield f"I5: POST {post.number} left from {post.text.sender_e164}, which is not registered"


def nobody_gets_more_than_their_day_allows(evidence: Evidence) -> Iterator[str]:
    """I5: in any 24 hours a person gets no more marketing of a business than it has set; failed texts do not count."""
    market = evidence.story.plan.market
    if market is None:
        return
    got: dict[tuple[UUID, str], list[Post]] = defaultdict(list)
    for post in _marketing(evidence):
        if post.sid is not None and post.status is not ReceiptStatus.FAILED:
            got[evidence.jobs[post.text.reference]["tenant_id"], post.text.recipient_e164].append(post)
    for (_tenant, phone), posts in got.items():
        for first, last in zip(posts, posts[market.daily_cap :], strict=False):
            if last.started_at - first.started_at < DAY_SECONDS - VERDICT_SECONDS:
                yield f"I5: {phone} got POSTs {first.number} and {last.number} in one day, {market.daily_cap} allowed"
        if market.daily_cap == 0:
            yield f"I5: {phone} got marketing though none is allowed"


def _too_soon(timed: Sequence[tuple[Post, float]], *, tolerance: float) -> Iterator[tuple[Post, Post]]:
    """Find POSTs before which the seconds of all earlier ones had not passed: the rate over every span of time."""
    free_at = float("-inf")
    for (post, seconds), (following, _) in pairwise(timed):
        free_at = max(free_at, post.started_at) + seconds
        if following.started_at + tolerance + VERDICT_SECONDS + ROUNDING < free_at:
            yield post, following


def numbers_keep_their_pace(evidence: Evidence) -> Iterator[str]:
    """I17: over any span of time a number sends no more segments than its rate, and in one day not above its limit."""
    market = evidence.story.plan.market
    if market is None:
        return
    for number in market.numbers:
        posts = [post for post in _marketing(evidence) if post.text.sender_e164 == number.phone]
        rate = float(number.rate or USUAL_RATE)
        tolerance = max((number.burst - 1) / rate, MADE_GOOD_SECONDS if rate >= QUICK_RATE else 0.0)
        timed = [(post, _segments(evidence, post) / rate) for post in posts]
        for before, after in _too_soon(timed, tolerance=tolerance):
            yield f"I17: {number.phone} sent POST {after.number} too soon after {before.number} for {rate} a second"
        yield from _daily_limit(evidence, number, posts)


def _segments(evidence: Evidence, post: Post) -> int:
    segments: int = evidence.jobs[post.text.reference]["segments"]
    return segments


def _daily_limit(evidence: Evidence, number: NumberPlan, posts: list[Post]) -> Iterator[str]:
    first_day = evidence.story.plan.beginning.astimezone(ZoneInfo(BUSINESS_ZONE)).date() - timedelta(days=1)
    days: Counter[int] = Counter()
    for post in posts:
        local = _at(evidence, post).astimezone(ZoneInfo(BUSINESS_ZONE))
        if local.hour or local.minute or local.second:  # its verdict may be of the day before
            days[(local.date() - first_day).days] += 1
    for day, texts in days.items():
        allowed = [] if number.daily_limit is None else [number.daily_limit]
        if day < len(number.warmup):
            allowed.append(number.warmup[day])
        if allowed and texts > min(allowed):
            yield f"I17: {number.phone} sent {texts} texts on its day {day}, allowed are {min(allowed)}"


def campaigns_keep_their_throttle(evidence: Evidence) -> Iterator[str]:
    """I17: a campaign sends no more texts a minute than it says, also after it was let go on."""
    for campaign_id in evidence.story.campaigns:
        plan = _plan_of(evidence, campaign_id)
        if plan.per_minute is None:
            continue
        apart = 60 / float(plan.per_minute)
        timed = [
            (post, apart)
            for post in _marketing(evidence)
            if evidence.jobs[post.text.reference]["campaign_id"] == campaign_id
        ]
        for before, after in _too_soon(timed, tolerance=0.0):
            yield f"I17: POST {after.number} followed {before.number} too soon for {plan.per_minute} a minute"


def a_canceled_campaign_is_over(evidence: Evidence) -> Iterator[str]:
    """I4: nothing of a campaign starts later than 1 s after it was canceled or has ended."""
    for change in evidence.trace:
        if change.kind != "closed":
            continue
        for post in _marketing(evidence):
            mine = evidence.jobs[post.text.reference]["campaign_id"] == change.job_id
            if mine and post.tick > change.tick and post.started_at > change.at + PAUSE_EFFECTIVE_SECONDS:
                yield f"I4: POST {post.number} left {post.started_at - change.at:.2f} s after its campaign was over"


def decisions_replay(evidence: Evidence) -> Iterator[str]:
    """Every stored decision, made again from its stored facts, comes out the same."""
    for word in evidence.books.decisions:
        if not delivery.replays(word.facts, verdict=word.verdict, code=word.code):
            yield f"replay: {word.job_id} was decided {word.verdict} {word.code}, and is not now"


def held_texts_wait(evidence: Evidence) -> Iterator[str]:
    """I20: what is held waits a while before it is looked at again: each look writes a decision."""
    for earlier, later in pairwise(evidence.books.decisions):
        if earlier.job_id == later.job_id and earlier.verdict == later.verdict == "hold":
            wait = later.decided_at - earlier.decided_at
            if wait < HELD_AT_LEAST and later.message_class == "C3":
                yield f"I20: {later.job_id} was held for {later.code} again after {wait.total_seconds()} s"


def opt_outs_at_the_carrier_are_mirrored(evidence: Evidence) -> Iterator[str]:
    """I3: whose STOP only the carrier knew is in the ledger once a text to them was refused for it."""
    for post in _marketing(evidence):
        job = evidence.jobs[post.text.reference]
        phone, refused = post.text.recipient_e164, (job["status"], job["failure_code"]) == ("failed", "21610")
        known = (job["tenant_id"], phone) in evidence.books.opted_out
        if refused and not known and not _said_start(evidence, phone):
            yield f"I3: {phone} was refused as opted out, and the ledger does not know"


def _said_start(evidence: Evidence, phone: str) -> bool:
    return any(
        news.fields.get("From") == phone and news.fields.get("Body") in ("START", "UNSTOP")
        for news in evidence.story.acknowledged
    )


def campaigns_come_to_their_end(evidence: Evidence) -> Iterator[str]:
    """I11: a campaign that was started ends, with everybody of its list in it; none is left behind for lack of time.

    Where money, numbers and hours allow all texts within the campaign's nine days, all of them leave.
    """
    market = evidence.story.plan.market
    if market is None:
        return
    for plan, campaign_id in zip(market.campaigns, evidence.story.campaigns, strict=True):
        status = evidence.books.campaigns[campaign_id]
        if status in ("expanding", "running"):
            yield f"I11: campaign {campaign_id} is {status} for ever"
        if status != "completed":
            continue
        for one in market.people:
            key = (campaign_id, one.resident.phone)
            if one.business == plan.business and key not in evidence.books.recipients and plan.lasts == LONG:
                yield f"I11: {one.resident.phone} is of the list and not in campaign {campaign_id}"
        yield from _left_behind(evidence, market, plan, campaign_id)


def _left_behind(evidence: Evidence, market: Market, plan: CampaignPlan, campaign_id: UUID) -> Iterator[str]:
    lawful = {one.resident.phone for one in market.people if one.business == plan.business and market.lawful(one)}
    for job_id, job in evidence.jobs.items():
        if job["campaign_id"] != campaign_id or job["recipient_e164"] not in lawful:
            continue
        # One whose answer was lost may be sent again only as long as the carrier knows its key: a day, not nine.
        was_posted = job["posting_at"] is not None
        if plan.lasts == LONG and market.is_roomy and job["failure_code"] in OUT_OF_TIME and not was_posted:
            yield f"I11: {job_id} was left behind as {job['failure_code']} though there was room for nine days"
        if job["status"] == "blocked" and job["failure_code"] not in THEIR_OWN_WISH and market.is_roomy:
            yield f"I11: {job_id} was blocked as {job['failure_code']} though its recipient agreed"


JUDGES_OF_MARKETING = (
    marketing_keeps_the_hours,
    only_who_agreed_is_written_to,
    nobody_gets_more_than_their_day_allows,
    numbers_keep_their_pace,
    campaigns_keep_their_throttle,
    a_canceled_campaign_is_over,
    decisions_replay,
    held_texts_wait,
    opt_outs_at_the_carrier_are_mirrored,
    campaigns_come_to_their_end,
)
