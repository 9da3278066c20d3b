"""Asks the API what nobody would: generated, malformed and hostile requests, each answer held against the document."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from uuid import UUID

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.api_document import json_bodies, properties_of
from tests.support.hostility import Attack, Operation, Target, attacks, sweep

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TIMEOUT_SECONDS = 30
NOWHERE = UUID(int=0)
PROBLEM = "application/problem+json"
# Reading leaves the ids of the others alone, deleting does not.
ORDER = {"GET": 0, "POST": 1, "PUT": 1, "PATCH": 1, "DELETE": 2}
Json = dict[str, object]
Asked = schemathesis.Case[Any]
Drawn = TypeVar("Drawn")


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that the document does not foresee, and how to ask for it again."""

    operation: str
    status: int
    why: str
    example: str

    def __str__(self) -> str:
        return f"{self.operation} -> {self.status}: {self.why}\n    {self.example}"


@dataclass
class Fuzzer:
    """Asks operations of one house; `callers` are headers to ask with, the likelier the more often they stand there.

    `ids` fill paths with what exists, `bodies` are accepted ones by path. What is found stands in `findings`, each
    kind of it once per operation; `sent` counts requests and `statuses` their answers.
    """

    url: str
    document: Json
    ids: Mapping[str, str]
    bodies: Mapping[str, Mapping[str, object]]
    callers: Sequence[Mapping[str, str]]
    findings: dict[tuple[str, int, str], Finding] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._schema = schemathesis.openapi.from_dict(without_excess(self.document))
        self._session = requests.Session()
        self._session.trust_env = False

    def operations(self) -> list[Operation]:
        """List every operation of the document, those that take something away last."""
        found = [result.ok() for result in self._schema.get_all_operations() if isinstance(result, Ok)]
        return sorted(found, key=lambda one: (ORDER[one.method.upper()], one.label))

    def fuzz(self, operation: Operation, *, examples: int) -> None:
        """Ask one operation at least `examples` times: by its schema, against its schema, at its edges, with malice."""
        share = max(1, examples // 4)
        known = {one.name: self.ids[one.name] for one in operation.path_parameters if one.name in self.ids}
        for mode, path in ((GenerationMode.POSITIVE, known), (GenerationMode.NEGATIVE, {})):
            if mode is GenerationMode.POSITIVE or _can_be_negated(operation):
                cases = operation.as_strategy(mode, path_parameters=path or None)
                self._each(st.tuples(cases, st.sampled_from(self.callers)), self._ask, examples=share)
        for case in _some(self._edges(operation, known), share):
            self._ask((case, self.callers[0]))
        left = max(share, examples - self.sent[operation.label])
        malice = attacks(self._target(operation))
        self._each(st.tuples(st.just(operation), malice, st.sampled_from(self.callers)), self._attack, examples=left)

    def sweep(self, operation: Operation) -> None:
        """Ask one operation with the worst values in each of its parameters and fields."""
        for attack in sweep(self._target(operation)):
            self._attack((operation, attack, self.callers[0]))

    def _target(self, operation: Operation) -> Target:
        schema = json_bodies(self.document).get((operation.method.upper(), operation.path), {})
        return Target(
            operation=operation,
            path=self._path(operation),
            accepted=self.bodies.get(operation.path, {}),
            declared=sorted(properties_of(schema, self.document)),
        )

    def _path(self, operation: Operation) -> dict[str, str]:
        return {one.name: self.ids.get(one.name, str(NOWHERE)) for one in operation.path_parameters}

    def _each(self, drawn: st.SearchStrategy[Drawn], ask: Callable[[Drawn], None], *, examples: int) -> None:
        """Draw the same examples in every run."""

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(drawn)
        def draw(one: Drawn) -> None:
            ask(one)

        draw()

    def _edges(self, operation: Operation, known: Mapping[str, str]) -> list[Asked]:
        found = list(
            self._schema.iter_coverage_cases(
                operation, generation_modes=list(GenerationMode), generation_config=GenerationConfig()
            )
        )
        for number, case in enumerate(found):
            if number % 2 and case.path_parameters:
                case.path_parameters = {**case.path_parameters, **known}
        return found

    def _ask(self, asked: tuple[Asked, Mapping[str, str]]) -> None:
        case, caller = asked
        answer = case.call(base_url=self.url, session=self._session, headers=dict(caller), timeout=TIMEOUT_SECONDS)
        self._judge(case, answer)

    def _attack(self, asked: tuple[Operation, Attack, Mapping[str, str]]) -> None:
        operation, attack, caller = asked
        answer = self._session.request(
            operation.method.upper(),
            self.url + attack.address,
            headers={**caller, **attack.headers},
            data=attack.body,
            timeout=TIMEOUT_SECONDS,
        )
        self._judge(operation.Case(path_parameters=self._path(operation)), schemathesis.Response.from_any(answer))

    def _judge(self, case: Asked, answer: schemathesis.Response) -> None:
        self.sent[case.operation.label] += 1
        self.statuses[answer.status_code] += 1
        for why in _faults(case, answer):
            key = (case.operation.label, answer.status_code, why[:60])
            self.findings.setdefault(key, Finding(case.operation.label, answer.status_code, why, _example_of(answer)))


def without_excess(document: Json) -> Json:
    """Copy a document and forbid in it what the schemas of answers do not name, so that no field slips out."""
    strict = copy.deepcopy(document)
    components = cast("dict[str, dict[str, Json]]", strict["components"])
    for name, schema in components["schemas"].items():
        if "properties" in schema and name != "Problem":  # a problem may have members of its code's own
            schema.setdefault("additionalProperties", False)
    return strict


def _can_be_negated(operation: Operation) -> bool:
    return any((operation.body, operation.query, operation.headers, operation.path_parameters))


def _some(cases: Sequence[Asked], count: int) -> Iterator[Asked]:
    """Pick so many, evenly from beginning to end."""
    step = max(1, len(cases) // count)
    yield from cases[::step][:count]


def _faults(case: Asked, answer: schemathesis.Response) -> Iterator[str]:
    if answer.status_code == 405:
        return  # methods that no operation has are asked for too
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        yield from (f"{fault.title}: {fault.message}" for fault in group.exceptions)
    kind = (answer.headers.get("content-type") or [""])[0]
    if kind.startswith(PROBLEM) and json.loads(answer.content)["status"] != answer.status_code:
        yield "the problem names another status"
    if "x-correlation-id" not in answer.headers:
        yield "the answer cannot be found in the log"


def _example_of(answer: schemathesis.Response) -> str:
    asked = answer.request
    body = asked.body if isinstance(asked.body, bytes) else str(asked.body or "").encode()
    return f"{asked.method} {asked.url} {body[:300]!r} was answered {answer.content[:300]!r}"
