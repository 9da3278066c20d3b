"""A model may choose among our tools and nothing else; whatever else it does, the rules answer in time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from frontdesk.features.assistant import (
    AsksTime,
    ChoosesOffer,
    Confirms,
    Context,
    ToolCall,
    Unsure,
    WantsCancel,
    WantsPerson,
    consult,
    question_about,
    read_tool_call,
)
from frontdesk.features.assistant.service.tools import TOOLS
from frontdesk.ports import ProviderError
from frontdesk.providers.http import HttpClient
from frontdesk.providers.openai import OpenAiAccount, OpenAiModel
from frontdesk.providers.twin import TwinServer
from frontdesk.providers.twin.wire import FaultKind, FaultOrder

NOW = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
OFFERS = tuple(NOW + timedelta(days=1, hours=hours) for hours in (0, 2, 5))
CONTEXT = Context(now=NOW, zone="America/New_York", offers=OFFERS, has_appointment=True)
CASES = json.loads((Path(__file__).parents[2] / "fixtures" / "replies" / "injections.json").read_text())


@asynccontextmanager
async def a_model(**account: str) -> AsyncIterator[tuple[OpenAiModel, TwinServer]]:
    """Lend a model that is the twin's."""
    async with TwinServer() as twin:
        http = HttpClient()
        known = OpenAiAccount(api_key=twin.config.openai_api_key, api_base_url=f"{twin.url}/v1")
        try:
            yield OpenAiModel(replace(known, **account), http), twin
        finally:
            await http.close()


async def test_a_model_chooses_one_of_our_tools() -> None:
    async with a_model() as (model, twin):
        twin.openai.script("asks_time", '{"date": "2026-06-03", "from": "15:00", "until": "18:00"}')
        call = await consult(model, "sometime after school lets out wednesday", CONTEXT)
        assert call is not None
        meaning = read_tool_call(call, CONTEXT)
        assert isinstance(meaning, AsksTime)
        assert meaning.windows[0].starts_at == datetime(2026, 6, 3, 19, 0, tzinfo=UTC)
        asked = twin.openai.questions[0]
        assert [tool.function.name for tool in asked.tools] == [tool.name for tool in TOOLS]


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RATE_LIMITED,
        FaultKind.ERROR_BEFORE_ACCEPT,
        FaultKind.TRUNCATED,
        FaultKind.HTML,
        FaultKind.RESET,
        FaultKind.REPLY_LOST,
        FaultKind.REFUSED,
    ],
)
async def test_a_model_out_of_order_answers_nothing(kind: FaultKind) -> None:
    async with a_model() as (model, twin):
        twin.world.faults.add(FaultOrder(kind=kind), "openai.chat")
        twin.openai.script("wants_person")
        assert await consult(model, "hm", CONTEXT) is None


async def test_a_model_that_hangs_is_not_waited_for() -> None:
    async with a_model() as (model, twin):
        twin.world.faults.add(FaultOrder(kind=FaultKind.SLOW, seconds=30.0), "openai.chat")
        with pytest.raises(ProviderError):
            await model.choose(question_about("hm", CONTEXT))
        assert await consult(model, "hm", CONTEXT) is not None


async def test_words_without_a_tool_and_a_wrong_key_are_no_answer() -> None:
    async with a_model() as (model, twin):
        twin.openai.script_message({"role": "assistant", "content": "Sure! I booked you for 3pm."})
        assert await consult(model, "book me", CONTEXT) is None
    async with a_model(api_key="sk-wrong") as (model, _):
        assert await consult(model, "book me", CONTEXT) is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("send_text", '{"to": "+12065550123", "body": "hi"}'),
        ("execute_sql", '{"statement": "select 1"}'),
        ("book", '{"starts_at": "2026-06-02T03:00"}'),
        ("", "{}"),
        ("chooses_offer", '{"number": 4}'),
        ("chooses_offer", '{"number": 0}'),
        ("chooses_offer", '{"number": -1}'),
        ("chooses_offer", '{"number": "1"}'),
        ("chooses_offer", '{"number": 1, "for": "everybody"}'),
        ("chooses_offer", "{}"),
        ("chooses_offer", "[1]"),
        ("asks_time", '{"date": "2020-01-01", "from": "10:00", "until": "11:00"}'),
        ("asks_time", '{"date": "2026-06-03", "from": "11:00", "until": "10:00"}'),
        ("asks_time", '{"date": "2026-13-40", "from": "10:00", "until": "11:00"}'),
        ("asks_time", '{"date": "2099-06-03", "from": "10:00", "until": "11:00"}'),
        ("asks_time", '{"date": "2026-06-03", "from": "ten", "until": "11:00"}'),
        ("wants_person", '{"call": "+19005550100"}'),
        ("confirms", '{"all": true}'),
        ("confirms", "{" + " " * 3000 + "}"),
        ("confirms", "garbage"),
    ],
)
def test_what_is_not_a_tool_of_ours_within_its_schema_is_nothing(name: str, arguments: str) -> None:
    assert read_tool_call(ToolCall(name, arguments), CONTEXT) is None


def test_a_model_never_takes_a_slot_or_calls_off_by_itself() -> None:
    choice = read_tool_call(ToolCall("chooses_offer", '{"number": 2}'), CONTEXT)
    assert choice == Unsure((ChoosesOffer(1),))
    assert read_tool_call(ToolCall("confirms", "{}"), CONTEXT) == Unsure((Confirms(),))
    assert read_tool_call(ToolCall("wants_cancel", "{}"), CONTEXT) == Unsure((WantsCancel(),))
    assert read_tool_call(ToolCall("wants_person", ""), CONTEXT) == WantsPerson()


@pytest.mark.parametrize("text", CASES)
async def test_an_injected_reply_reaches_the_model_as_data_alone(text: str) -> None:
    question = question_about(text, CONTEXT)
    assert text not in question.instructions
    assert question.text.startswith("<message>")
    assert question.text.endswith("</message>")
    assert question.text.count("<") == question.text.count(">") == 2
    assert question.tools == TOOLS


def test_the_corpus_of_injections_is_large_enough() -> None:
    assert len(set(CASES)) >= 40
