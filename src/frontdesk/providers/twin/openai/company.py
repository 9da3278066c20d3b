"""Chat completions: each request gets the next scripted answer, and `unclear` when none is left."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from aiohttp import web

from frontdesk.providers.twin.doorway import Asked, Declined, Doorway, Observer, Told
from frontdesk.providers.twin.world import World

NAME: Final = "openai"
_KINDS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("invalid_request_error", "invalid_request"),
    401: ("invalid_request_error", "invalid_api_key"),
    429: ("tokens", "rate_limit_exceeded"),
}


class Operation(StrEnum):
    """What a request asks for; faults and the journal name it."""

    CHAT = "openai.chat"


class _Function(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct):
    function: _Function


class _Message(msgspec.Struct):
    role: str
    content: str


class Question(msgspec.Struct):
    """What was asked of the model."""

    model: str
    messages: list[_Message]
    tools: list[_Tool] = []


class OpenAi:
    """A model in the twin; `script` says what it answers next, `questions` keeps what it was asked."""

    def __init__(self, world: World, *, on_answer: Observer | None = None) -> None:
        self._world = world
        self._doorway = Doorway(world, _refusal, account=NAME, observer=on_answer)
        self._scripted: deque[Mapping[str, object]] = deque()
        self.questions: list[Question] = []

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [web.post("/v1/chat/completions", self._doorway.serve(Operation.CHAT, self._chat))]

    def script(self, tool: str, arguments: str = "{}") -> None:
        """Have the next answer call a tool, with arguments as they stand."""
        call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments}}
        self.script_message({"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]})

    def script_message(self, message: Mapping[str, object]) -> None:
        """Have the next answer be any message, such as words without a tool."""
        self._scripted.append(message)

    def reset(self) -> None:
        """Forget what was asked and scripted."""
        self._scripted.clear()
        self.questions.clear()

    def _chat(self, asked: Asked) -> Told:
        given = asked.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._world.config.openai_api_key}".encode()):
            raise _refusal(401)
        try:
            question = msgspec.json.decode(asked.body, type=Question)
        except msgspec.MsgspecError:
            raise _refusal(400) from None
        self.questions.append(question)
        if not self._scripted:
            self.script("unclear")
        message = self._scripted.popleft()
        return Told(
            document={
                "id": f"chatcmpl-{len(self.questions)}",
                "object": "chat.completion",
                "created": int(self._world.clock.now().timestamp()),
                "model": question.model,
                "choices": [
                    {
                        "index": 0,
                        "message": message,
                        "logprobs": None,
                        "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
                    }
                ],
                "usage": {"prompt_tokens": 100, "completion_tokens": 12, "total_tokens": 112},
            }
        )


def _refusal(status: int) -> Declined:
    kind, code = _KINDS.get(status, ("server_error", "server_error"))
    error = {"message": f"The twin answers {status}.", "type": kind, "param": None, "code": code}
    return Declined(status, {"error": error})
