"""The client of chat completions: one request, one tool call, two seconds; whatever else comes is a ProviderError."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.models import DEADLINE_SECONDS, ModelQuestion, ToolCall
from frontdesk.providers.http import HttpClient
from frontdesk.providers.http.posting import post_json

MOST_TOKENS = 200  # a tool call with three short arguments takes some 40


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiAccount:
    """An account at OpenAI, or at any service that speaks like it; `api_base_url` ends with the version."""

    api_key: str = field(repr=False)
    api_base_url: str = "https://api.openai.com/v1"
    model: str = "gpt-4o-mini"


class _Function(msgspec.Struct):
    name: str
    arguments: str = "{}"


class _Call(msgspec.Struct):
    function: _Function


class _Message(msgspec.Struct):
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class OpenAiModel:
    """A model that may only choose one of the tools it is given."""

    name = "openai"

    def __init__(self, account: OpenAiAccount, http: HttpClient) -> None:
        self._account = account
        self._http = http

    async def choose(self, question: ModelQuestion) -> ToolCall:
        """Have the model choose one tool, within two seconds; refuses with ProviderError, garbage included."""
        answer = await post_json(
            self._http,
            f"{self._account.api_base_url.rstrip('/')}/chat/completions",
            _document(self._account.model, question),
            provider=self.name,
            headers=[("Authorization", f"Bearer {self._account.api_key}")],
            deadline_seconds=DEADLINE_SECONDS,
        )
        try:
            completion = msgspec.json.decode(answer.body, type=_Completion)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _unusable("the answer is no chat completion") from error
        calls = completion.choices[0].message.tool_calls if completion.choices else None
        if not calls or len(calls) != 1:
            raise _unusable("the model called no tool, or several")
        return ToolCall(calls[0].function.name, calls[0].function.arguments)


def _document(model: str, question: ModelQuestion) -> dict[str, object]:
    return {
        "model": model,
        "temperature": 0,
        "max_tokens": MOST_TOKENS,
        "parallel_tool_calls": False,
        "tool_choice": "required",
        "messages": [
            {"role": "system", "content": question.instructions},
            {"role": "user", "content": question.text},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)},
            }
            for tool in question.tools
        ],
    }


def _unusable(why: str) -> ProviderError:
    return ProviderError(why, provider=OpenAiModel.name, failure=FailureClass.REJECTED, permanent=False)
