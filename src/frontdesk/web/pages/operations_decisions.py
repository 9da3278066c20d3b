"""The decisions explorer: why a text was sent, held or not sent; each gate's word with its source, and decided anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.features.delivery.gates import Decision, GateResult
from frontdesk.features.delivery.queries.explaining import ExplainedLine, find_looked, list_explained
from frontdesk.features.delivery.queries.reports import Attempt, StoredDecision
from frontdesk.features.delivery.service import reports
from frontdesk.features.delivery.service.explaining import Again, decide_as_now, decide_as_then
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import PlatformVisit, Visit
from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor, list_businesses
from frontdesk.web.pages.frame import Frames, Shown, go_to
from frontdesk.web.pages.operations_desk import chosen_business
from frontdesk.web.pages.reasons import reason_words
from frontdesk.web.pages.rows import TONES, Chip, Tone
from frontdesk.web.pages.views import read_place
from frontdesk.web.words import status_words
from frontdesk.wiring import Frontdesk

PAGE = 50
LAST = UUID(int=2**128 - 1)
FEWEST_DIGITS = 3
OUTCOMES = {"": "Any", "sent": "Sent", "held": "Waiting", "not_sent": "Not sent", "failed": "Failed"}
CLASSES = {"C1": "Answer to a call", "C2": "Message", "C3": "Campaign", "C4": "Answer to STOP, START or HELP"}
QUESTIONS: Mapping[str, str] = {
    "wanted_still": "Is it still of use?",
    "basis": "Is there a reason to text?",
    "consent": "Does the person agree?",
    "recipient": "Is it somebody we may text?",
    "destination": "May texts go there?",
    "sender": "May the number text?",
    "kill_switch": "Is sending on?",
    "epoch": "May this database send?",
    "sender_health": "Does the number work?",
    "carriers": "Do the carriers take more today?",
    "order": "Is it its turn?",
    "law": "Does the law allow it now?",
    "budget": "Is there money for it?",
}
VERDICTS: Mapping[str, Chip] = {
    "send": Chip("may go", Tone.GOOD),
    "hold": Chip("wait", Tone.WARN),
    "bar": Chip("never", Tone.BAD),
    "drop": Chip("too late", Tone.BAD),
}
OUTCOME_WORDS = {"accepted": "taken by the carrier", "rejected": "refused by the carrier", "unknown": "nobody knows"}
Words = Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$")]
Outcome = Annotated[str, Query(pattern=r"^(sent|held|not_sent|failed|)$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A text as a row of the list."""

    line: ExplainedLine
    kind: str
    state: Chip
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """One gate's word."""

    question: str
    verdict: Chip
    why: str
    citation: str
    until: datetime | None
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainView:
    """What the rules of today say, and whether that is what was decided then."""

    verdict: Chip
    why: str
    gates: Sequence[GateLine]
    rules_version: str
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """A decision: when, what, why, and what each gate said; `again` is what today's rules say of the same facts."""

    at: datetime
    verdict: Chip
    why: str
    gates: Sequence[GateLine]
    rules_version: str
    again: AgainView


def decision_pages(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the routes of a business's texts and of the decisions on them."""
    routes = Routes(prefix="/businesses/{tenant_id}/decisions", include_in_schema=False)
    frames = Frames(parts, door, section="reports")
    may_read = door.to_business(Scope.DELIVERY_READ)

    @routes.get("")
    async def texts(
        request: Request,
        visit: Annotated[Visit, Depends(may_read)],
        q: Words = "",
        outcome: Outcome = "",
        before: UUID = LAST,
    ) -> Response:
        if (job_id := _as_id(q.strip())) is not None:
            return go_to(f"/businesses/{visit.tenant_id}/decisions/{job_id}")
        values = await _read_list(visit, words=q.strip(), outcome=outcome, before=before)
        return await frames.page(request, visit, Shown(template="decisions.html", values=values))

    @routes.get("/{job_id}")
    async def one_text(request: Request, job_id: UUID, visit: Annotated[Visit, Depends(may_read)]) -> Response:
        async with visit.transaction() as tx:
            report = await reports.report_job(tx, job_id=job_id)
            now = await decide_as_now(tx, job_id=job_id, paused_by_setting=parts.courier.paused_by_setting)
            place = await read_place(tx)
        values: dict[str, object] = {
            "job": report.job,
            "kind": CLASSES[report.job.message_class],
            "state": Chip(status_words(report.job.status), TONES[report.job.status]),
            "decisions": [show_decision(one) for one in reversed(report.decisions)],
            "now_view": _again(now, was=None),
            "attempts": [_attempt(one) for one in report.attempts],
            "place": place,
        }
        return await frames.page(request, visit, Shown(template="decision.html", values=values))

    return routes


def add_decisions(routes: APIRouter, parts: Frontdesk, door: FrontDoor) -> None:
    """Lead from operations to the decisions of the business that was looked at last, else of the first."""

    @routes.get("/decisions")
    async def lead(
        request: Request, visit: Annotated[PlatformVisit, Depends(door.to_platform(Scope.DELIVERY_READ))]
    ) -> Response:
        known = [one.id for one in await list_businesses(parts.system, Caller(principal=visit.principal))]
        chosen = chosen_business(request)
        target = chosen if chosen in known else next(iter(known), None)
        return go_to("/operations" if target is None else f"/businesses/{target}/decisions")


def show_decision(one: StoredDecision) -> DecisionView:
    """Say a stored decision in words, and what today's rules make of the same facts."""
    gates = [_gate(gate) for gate in msgspec.json.decode(one.gates_json, type=list[GateResult])]
    then = decide_as_then(one.facts_json)
    return DecisionView(
        at=one.decided_at,
        verdict=VERDICTS[one.verdict],
        why=_why(one.verdict, one.code),
        gates=gates,
        rules_version=one.rules_version,
        again=_again(then, was=(one.verdict, one.code)),
    )


async def _read_list(visit: Visit, *, words: str, outcome: str, before: UUID) -> dict[str, object]:
    digits = "".join(filter(str.isdigit, words))
    async with visit.transaction() as tx:
        found = await list_explained(
            tx,
            words=words.lower(),
            digits=digits if len(digits) >= FEWEST_DIGITS else "",
            outcome=outcome,
            before=before,
            limit=PAGE,
        )
        looked = await find_looked(tx, before=before) if len(found) < PAGE else None
        place = await read_place(tx)
    onward = found[-1].id if len(found) == PAGE else looked
    said = {"q": words, "outcome": outcome}
    query = urlencode({name: value for name, value in said.items() if value})
    return {
        "lines": [_line(one) for one in found],
        "words": words,
        "outcome": outcome,
        "outcomes": OUTCOMES,
        "query": query,
        "next": onward,
        "looked_on": onward is not None and len(found) < PAGE,
        "is_first": before == LAST,
        "place": place,
    }


def _line(one: ExplainedLine) -> TextLine:
    return TextLine(
        line=one,
        kind=CLASSES[one.message_class],
        state=Chip(status_words(one.status), TONES[one.status]),
        why="" if one.verdict == "send" and one.code in {"ok", ""} else reason_words(one.code),
    )


def _why(verdict: str, code: str) -> str:
    return "Nothing stood in the way." if verdict == "send" else reason_words(code) + "."


def _gate(one: GateResult) -> GateLine:
    passed = one.verdict.value == "send"
    return GateLine(
        question=QUESTIONS.get(one.gate, one.gate.replace("_", " ")),
        verdict=VERDICTS[one.verdict.value],
        why="" if passed else reason_words(one.code),
        citation=one.citation,
        until=one.until,
        passed=passed,
    )


def _again(one: Again, *, was: tuple[str, str] | None) -> AgainView:
    decision: Decision = one.decision
    told = (decision.verdict.value, decision.code)
    return AgainView(
        verdict=VERDICTS[told[0]],
        why=_why(*told),
        gates=[_gate(gate) for gate in decision.gates],
        rules_version=one.rules_version,
        is_same=was is None or was == told,
    )


def _attempt(one: Attempt) -> tuple[Attempt, str]:
    return one, OUTCOME_WORDS.get(one.outcome or "", "under way" if one.outcome is None else one.outcome)


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
