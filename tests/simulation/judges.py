"""What must hold after every world: the invariants, asked of the database, its trace and the carrier's own log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import asyncpg

from frontdesk.features.consent import Verdict, understand
from frontdesk.ports import ReceiptStatus
from tests.simulation.books import Books, read_books
from tests.simulation.carrier import Post
from tests.simulation.outside import TELNYX_WORDS
from tests.simulation.plan import Call, Theme
from tests.simulation.recorder import Change
from tests.simulation.story import Acknowledged, Story

PAUSE_EFFECTIVE_SECONDS = 1.0
RANK = {
    "queued": 0, "posting": 0, "unknown": 0, "accepted": 1, "sent": 2, "undelivered": 3, "failed": 3, "delivered": 4,
    "blocked": 9, "dropped": 9, "canceled": 9,
}  # fmt: skip
ENDS = frozenset({"delivered", "undelivered", "failed", "blocked", "dropped", "canceled"})
OF_RECEIPT = {
    ReceiptStatus.SENT: "sent",
    ReceiptStatus.DELIVERED: "delivered",
    ReceiptStatus.UNDELIVERED: "undelivered",
    ReceiptStatus.FAILED: "failed",
}
JOBS = """
    select id, tenant_id, intent_key, message_class, template, recipient_e164, sender_e164, status, created_at,
           failure_code, provider_message_id, campaign_id, segments, cost_cents, provider, body, posting_at
    from send_jobs order by id
"""
ANSWERS = """
    select call.provider_call_id, call.tenant_id, call.caller_e164, call.missed_at, answer.outcome, answer.reason,
           answer.decided_at, answer.send_job_id, tenant.textback_cooldown_seconds as cooldown
    from calls as call join tenants as tenant on tenant.id = call.tenant_id
    left join textbacks as answer on answer.call_id = call.id order by call.id
"""
ARCHIVED = "select dedupe_key, count(*) from webhook_events group by dedupe_key"
INBOUND = """
    select provider_message_id, count(*) from conv_messages where direction = 'inbound' group by provider_message_id
"""
LEFT_OVER = """
    select 'an event was never handed on: ' || name from outbox_events where dispatched_at is null
    union all select 'an event was buried: ' || name || ' ' || last_error from outbox_events_errors
    union all select 'a receipt stayed parked: ' || parked.provider_message_id || ' ' || parked.status
      from parked_receipts as parked join send_jobs as job using (provider, provider_message_id)
    union all select 'an outbound text has no job: ' || id::text from conv_messages
      where direction = 'outbound' and send_job_id is null
    union all select 'a job has no text in its thread: ' || job.id::text from send_jobs as job
      where message_class <> 'C3' and (select count(*) from conv_messages where send_job_id = job.id) <> 1
"""
REFUSALS = "select phone_e164 from compliance_events where event_type = 'stop'"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the judges look at."""

    story: Story
    trace: list[Change]
    jobs: dict[UUID, asyncpg.Record]
    answers: list[asyncpg.Record]
    archived: dict[str, int]
    inbound: dict[str, int]
    left_over: list[str]
    refused: list[str]
    journaled: list[str]
    books: Books

    def posts_of(self) -> dict[UUID, list[Post]]:
        """Group the POSTs by the job they were for, in order."""
        grouped: dict[UUID, list[Post]] = defaultdict(list)
        for post in self.story.posts:
            grouped[post.text.reference].append(post)
        return grouped


Judge = Callable[[Evidence], Iterator[str]]


async def gather(connection: asyncpg.Connection, story: Story, trace: list[Change], journaled: list[str]) -> Evidence:
    """Read what a world has left behind."""
    return Evidence(
        story=story,
        trace=trace,
        jobs={row["id"]: row for row in await connection.fetch(JOBS)},
        answers=await connection.fetch(ANSWERS),
        archived={row[0]: row[1] for row in await connection.fetch(ARCHIVED)},
        inbound={row[0]: row[1] for row in await connection.fetch(INBOUND)},
        left_over=[row[0] for row in await connection.fetch(LEFT_OVER)],
        refused=[row[0] for row in await connection.fetch(REFUSALS)],
        journaled=journaled,
        books=await read_books(connection),
    )


def judge(evidence: Evidence, others: Sequence[Judge] = ()) -> list[str]:
    """List every violation, each with the invariant's number; `others` judge after those of this file."""
    found: list[str] = []
    for judge_one in (
        one_post_per_intent,
        one_text_per_cooldown,
        news_is_kept,
        every_missed_call_has_one_answer,
        no_release_after_stop,
        no_post_after_stop,
        one_confirmation,
        pause_holds,
        states_only_grow,
        nothing_is_stuck,
        threads_keep_their_order,
        undisturbed_texts_arrive,
        *others,
    ):
        found.extend(judge_one(evidence))
    found.extend(f"complaint: {complaint}" for complaint in evidence.story.complaints)
    return found


def one_post_per_intent(evidence: Evidence) -> Iterator[str]:
    """I1: the carrier has taken one text per intent at most, and none left while the one before might be taken."""
    for job, posts in evidence.posts_of().items():
        taken = [post for post in posts if post.sid is not None]
        if len(taken) > 1:
            yield f"I1: {job} was taken {len(taken)} times by the carrier"
        for earlier, later in pairwise(posts):
            if earlier.settled is None or earlier.settled > later.tick:
                yield f"I1: {job} was posted again at step {later.tick} while the POST of step {earlier.tick} was open"
            elif earlier.sid is not None and not later.repeated:
                yield f"I1: {job} was posted again at step {later.tick} though it had been taken"
        if job not in evidence.jobs:
            yield f"I13: a POST was made for {job}, which nobody knows"


def one_text_per_cooldown(evidence: Evidence) -> Iterator[str]:
    """I1: two missed calls of one caller are answered by a text only a whole cool-down apart, by their decisions."""
    decided: dict[tuple[UUID, str], list[asyncpg.Record]] = defaultdict(list)
    for row in evidence.answers:
        if row["outcome"] == "texting":
            decided[row["tenant_id"], row["caller_e164"]].append(row)
    for rows in decided.values():
        rows.sort(key=lambda row: row["decided_at"])
        for earlier, later in pairwise(rows):
            if (later["decided_at"] - earlier["decided_at"]).total_seconds() < later["cooldown"]:
                yield f"I1: {later['caller_e164']} was texted twice within one cool-down"
    for job, count in Counter(row["send_job_id"] for row in evidence.answers if row["send_job_id"]).items():
        if count > 1:
            yield f"I1: {job} answers {count} calls"


def _key(news: Acknowledged) -> str:
    fields = news.fields
    if "/telnyx/" in news.path:
        return "receipt:" + ":".join((fields["MessageSid"], *TELNYX_WORDS[fields["MessageStatus"]]))
    match news.path.rpartition("twilio/")[2]:
        case "voice":
            return f"voice:{fields['CallSid']}:{fields['CallStatus']}"
        case "voice/dial-action":
            return f"dial-action:{fields['CallSid']}:{fields['DialCallStatus']}"
        case "voice/status":
            return f"call-status:{fields['CallSid']}:{fields['CallStatus']}:{fields['SequenceNumber']}"
        case "sms":
            return f"text:{fields['MessageSid']}"
        case _:
            return f"receipt:{fields['MessageSid']}:{fields['MessageStatus']}"


def news_is_kept(evidence: Evidence) -> Iterator[str]:
    """I2, I13: what was acknowledged is archived once, and a person's text is in its thread once."""
    for news in evidence.story.acknowledged:
        key = _key(news)
        if evidence.archived.get(key, 0) != 1:
            yield f"I13: {key} was acknowledged and is archived {evidence.archived.get(key, 0)} times"
        if key.startswith("text:") and evidence.inbound.get(news.fields["MessageSid"], 0) != 1:
            yield f"I2: {key} is {evidence.inbound.get(news.fields['MessageSid'], 0)} times in its thread"
    for key, count in evidence.inbound.items():
        if count > 1:
            yield f"I2: {key} is {count} times in its thread"
    missing = Counter(evidence.refused) - Counter(evidence.journaled)
    for phone in missing:
        yield f"I14: a STOP of {phone} is in the ledger and not in the journal"


def every_missed_call_has_one_answer(evidence: Evidence) -> Iterator[str]:
    """I2: an acknowledged missed call is missed and has its one answer with a reason; an answered one has none."""
    known = {row["provider_call_id"]: row for row in evidence.answers}
    told = {
        news.fields["CallSid"]
        for news in evidence.story.acknowledged
        if news.fields.get("DialCallStatus") in ("no-answer", "busy", "failed")
        or news.fields.get("CallStatus") in ("no-answer", "busy", "failed", "canceled")
    }
    for sid in told:
        row = known.get(sid)
        if row is None or row["missed_at"] is None:
            yield f"I2: {sid} was missed and is not known as missed"
        elif row["outcome"] is None or not row["reason"]:
            yield f"I2: {sid} was missed and has no answer"
    for event in evidence.story.plan.events:
        if isinstance(event, Call) and not event.missed and event.sid in known and known[event.sid]["outcome"]:
            yield f"I2: {event.sid} was answered by a person and by a text"


def _refusals(
    evidence: Evidence, *, scopes: tuple[str, ...] = ("all",)
) -> dict[tuple[UUID, str], list[tuple[int, int]]]:
    """List from which commit to which commit each person refused a business's texts of a kind."""
    spans: dict[tuple[UUID, str], list[tuple[int, int]]] = defaultdict(list)
    since: dict[tuple[UUID, str], int] = {}
    for change in evidence.trace:
        if change.kind != "refusal" or change.tenant_id is None or change.phone is None:
            continue
        person = (change.tenant_id, change.phone)
        if change.became in scopes:
            since.setdefault(person, change.tick)
        elif person in since:
            spans[person].append((since.pop(person), change.tick))
    for person, tick in since.items():
        spans[person].append((tick, 1 << 60))
    return spans


def no_release_after_stop(evidence: Evidence) -> Iterator[str]:
    """I3: after a STOP commits no job is released to be posted, but the answers to STOP, START and HELP (C4)."""
    of_all, of_marketing = _refusals(evidence), _refusals(evidence, scopes=("all", "marketing"))
    for change in evidence.trace:
        if change.kind != "job" or change.became != "posting" or change.message_class == "C4":
            continue
        assert change.tenant_id is not None
        assert change.phone is not None
        refusals = of_marketing if change.message_class == "C3" else of_all
        for since, until in refusals.get((change.tenant_id, change.phone), ()):
            if since < change.tick < until:
                yield f"I3: {change.job_id} was released at step {change.tick}, after the STOP of step {since}"


def no_post_after_stop(evidence: Evidence) -> Iterator[str]:
    """I3: after a STOP is acknowledged no POST starts until the person's START; C4 may."""
    businesses = evidence.story.businesses
    tenant_of = dict(zip(businesses.numbers, businesses.ids, strict=True))
    heard: dict[tuple[UUID, str], list[int]] = defaultdict(list)
    for news in evidence.story.acknowledged:
        if not news.path.endswith("twilio/sms"):
            continue
        if understand(news.fields["Body"], news.fields.get("OptOutType")).verdict is Verdict.STOP:
            heard[tenant_of[news.fields["To"]], news.fields["From"]].append(news.tick)
    of_all, of_marketing = _refusals(evidence), _refusals(evidence, scopes=("all", "marketing"))
    for post in evidence.story.posts:
        job = evidence.jobs.get(post.text.reference)
        if job is None or job["message_class"] == "C4":
            continue
        person = (job["tenant_id"], post.text.recipient_e164)
        refusals = of_marketing if job["message_class"] == "C3" else of_all
        spans = refusals.get(person, ())
        for tick in heard.get(person, ()):
            if tick < post.tick and any(since <= tick and post.tick < until for since, until in spans):
                yield f"I3: POST {post.number} left at step {post.tick}, after the STOP acknowledged at {tick}"


def one_confirmation(evidence: Evidence) -> Iterator[str]:
    """I3: a STOP is confirmed once at most, within the day that a world lasts."""
    confirmed = Counter(
        (job["tenant_id"], job["recipient_e164"])
        for reference, posts in evidence.posts_of().items()
        if (job := evidence.jobs.get(reference)) is not None and job["template"] == "stop_confirmation"
        for post in posts
        if post.sid is not None
    )
    for (_tenant, phone), count in confirmed.items():
        if count > 1:
            yield f"I3: {phone} got {count} confirmations of a STOP"


def pause_holds(evidence: Evidence) -> Iterator[str]:
    """I4: no POST starts later than 1 s after a kill switch is pulled, until it is released."""
    switches = [change for change in evidence.trace if change.kind == "switch"]
    for number, pulled in enumerate(switches):
        if pulled.became != "paused":
            continue
        released = next(
            (
                later.tick
                for later in switches[number + 1 :]
                if (later.phone, later.sender) == (pulled.phone, pulled.sender) and later.became == "on"
            ),
            1 << 60,
        )
        for post in evidence.story.posts:
            job = evidence.jobs.get(post.text.reference)
            if job is None or not _is_meant(job, pulled):
                continue
            if post.started_at > pulled.at + PAUSE_EFFECTIVE_SECONDS and pulled.tick < post.tick < released:
                yield f"I4: POST {post.number} left {post.started_at - pulled.at:.2f} s after the pause"


def _is_meant(job: asyncpg.Record, pulled: Change) -> bool:
    """Tell whether a kill switch is over a job."""
    if pulled.phone == "tenant":
        return str(job["tenant_id"]) == pulled.sender
    return pulled.phone != "campaign" or str(job["campaign_id"]) == pulled.sender


def states_only_grow(evidence: Evidence) -> Iterator[str]:
    """I8: a job's state never sinks in rank, and never leaves an end that is final."""
    for change in evidence.trace:
        if change.kind != "job" or change.was is None or change.became is None:
            continue
        is_final = RANK[change.was] == RANK["blocked"] or change.was == "delivered"
        if RANK[change.became] < RANK[change.was] or (is_final and change.became != change.was):
            yield f"I8: {change.job_id} went from {change.was} to {change.became}"


def nothing_is_stuck(evidence: Evidence) -> Iterator[str]:
    """I2, I11: in the calm everything comes to its end, and a job to the carrier's last word on its text."""
    if not evidence.story.settled:
        yield "I11: the world never came to rest"
    for text in evidence.left_over:
        yield f"I11: {text}"
    posts = evidence.posts_of()
    for job_id, job in evidence.jobs.items():
        taken = [post for post in posts.get(job_id, ()) if post.sid is not None]
        if taken:
            expected = OF_RECEIPT.get(taken[0].status, "accepted")
            if job["status"] != expected or job["provider_message_id"] != taken[0].sid:
                yield f"I2: {job_id} is {job['status']}, but the carrier's last word is {expected}"
        elif job["status"] not in ENDS or job["status"] == "delivered":
            yield f"I11: {job_id} ends as {job['status']} without a text at the carrier"
        elif not job["failure_code"]:
            yield f"I2: {job_id} ends as {job['status']} without a reason"


def threads_keep_their_order(evidence: Evidence) -> Iterator[str]:
    """I12: of two texts of a thread, the one that was committed before the other was begun leaves first."""
    made = [
        change for change in evidence.trace
        if change.kind == "job" and change.was is None and change.message_class in ("C1", "C2")
    ]  # fmt: skip
    posts = evidence.posts_of()
    for number, earlier in enumerate(made):
        for later in made[number + 1 :]:
            if (earlier.tenant_id, earlier.phone) != (later.tenant_id, later.phone) or earlier.tick >= later.began:
                continue
            assert earlier.job_id is not None
            assert later.job_id is not None
            before, after = posts.get(earlier.job_id), posts.get(later.job_id)
            if before and after and after[0].tick < before[-1].tick:
                yield f"I12: {later.job_id} left at step {after[0].tick}, {earlier.job_id} at {before[-1].tick}"


def undisturbed_texts_arrive(evidence: Evidence) -> Iterator[str]:
    """In a world without mishaps, every text that was decided upon is taken by the carrier at the first try."""
    if evidence.story.plan.theme is not Theme.UNDISTURBED:
        return
    posts = evidence.posts_of()
    for job_id, job in evidence.jobs.items():
        if job["status"] not in ("blocked", "dropped") and len(posts.get(job_id, ())) != 1:
            yield f"liveness: {job_id} was posted {len(posts.get(job_id, ()))} times in an undisturbed world"
