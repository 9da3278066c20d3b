"""I6: what is reserved is what texts cost, in the books at every commit, never above the budget, and given back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.simulation.judges import Evidence
from tests.simulation.market import BUSINESS_ZONE, SECOND_NUMBER, TELNYX_NUMBER
from tests.simulation.recorder import Change
from tests.simulation.residents import price_of

NOTHING = Decimal(0)
NEVER_TAKEN = frozenset({"failed", "blocked", "dropped"})


class _Ledger:
    """A second set of books, kept from the jobs alone: what each has reserved, on which day."""

    def __init__(self) -> None:
        self.of_day: dict[tuple[UUID, date], Decimal] = defaultdict(Decimal)
        self.of_month: dict[tuple[UUID, date], Decimal] = defaultdict(Decimal)
        self._of_job: dict[UUID, list[tuple[date, Decimal]]] = defaultdict(list)

    def note(self, change: Change) -> None:
        """Take in that a job has reserved more, on the day of its decision, or less, of the days it had reserved on."""
        assert change.job_id is not None
        assert change.tenant_id is not None
        assert change.template is not None
        more = Decimal(change.became or 0) - Decimal(change.was or 0)
        if more > 0:
            day = datetime.fromisoformat(change.template).astimezone(ZoneInfo(BUSINESS_ZONE)).date()
            self._of_job[change.job_id].append((day, more))
            self._add(change.tenant_id, day, more)
        while more < 0:
            day, cents = self._of_job[change.job_id].pop()
            back = min(cents, -more)
            if back < cents:
                self._of_job[change.job_id].append((day, cents - back))
            self._add(change.tenant_id, day, -back)
            more += back

    def _add(self, tenant_id: UUID, day: date, cents: Decimal) -> None:
        self.of_day[tenant_id, day] += cents
        self.of_month[tenant_id, day.replace(day=1)] += cents


def money_is_kept(evidence: Evidence) -> Iterator[str]:
    """I6: at every commit the budget says what the jobs have reserved, and neither is above the limit."""
    ledger = _Ledger()
    money = [change for change in evidence.trace if change.kind in ("cost", "budget")]
    position = 0
    while position < len(money):
        tick = money[position].tick
        commit = []
        while position < len(money) and money[position].tick == tick:
            commit.append(money[position])
            position += 1
        for change in commit:
            if change.kind == "cost":
                ledger.note(change)
        yield from _compare(evidence, ledger, commit)


def _compare(evidence: Evidence, ledger: _Ledger, commit: list[Change]) -> Iterator[str]:
    said = {change.tenant_id: change for change in commit if change.kind == "budget"}
    for change in commit:
        if change.kind == "cost" and change.tenant_id not in said:
            yield f"I6: {change.job_id} changed what it reserves at step {change.tick}, and no budget did"
    for tenant_id, change in said.items():
        assert tenant_id is not None
        assert change.phone is not None
        assert change.sender is not None
        day, month = date.fromisoformat(change.phone), date.fromisoformat(change.sender)
        daily, monthly = Decimal(change.was or 0), Decimal(change.became or 0)
        most_a_day, most_a_month = evidence.books.limits[tenant_id]
        if daily != ledger.of_day[tenant_id, day]:
            yield f"I6: at step {change.tick} {daily} is booked for {day}, {ledger.of_day[tenant_id, day]} reserved"
        if monthly != ledger.of_month[tenant_id, month]:
            in_month = ledger.of_month[tenant_id, month]
            yield f"I6: at step {change.tick} {monthly} is booked in {month}, {in_month} reserved"
        for what, cents, most in (
            ("day", ledger.of_day[tenant_id, day], most_a_day),
            ("month", ledger.of_month[tenant_id, month], most_a_month),
        ):
            if cents > most:
                yield f"I6: at step {change.tick} {cents} cents of the {what}'s {most} are reserved"


def texts_cost_what_they_cost(evidence: Evidence) -> Iterator[str]:
    """I6: what the carrier took costs its segments at its price; what it never took has been given back to the cent."""
    posts = evidence.posts_of()
    for job_id, job in evidence.jobs.items():
        taken = [post for post in posts.get(job_id, ()) if post.sid is not None]
        cost = job["cost_cents"]
        if job["message_class"] == "C4":
            due = NOTHING
        elif taken:
            due = price_of(provider_of(taken[0].text.sender_e164), job["recipient_e164"], taken[0].text.body)
        elif job["status"] in NEVER_TAKEN:
            due = NOTHING
        else:
            continue
        if cost != due:
            yield f"I6: {job_id} ({job['status']}) holds {cost} cents, and costs {due}"


def provider_of(number: str) -> str:
    """Tell whose a number of ours is."""
    return {TELNYX_NUMBER: "telnyx", SECOND_NUMBER: "twilio"}.get(number, "twilio")


JUDGES_OF_MONEY = (money_is_kept, texts_cost_what_they_cost)
