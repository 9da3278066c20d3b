"""What text-back does when a call is missed, when its person writes, and when a person at the business takes over."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from frontdesk.features import assistant, conversations, delivery
from frontdesk.features.calls.events import CallMissed
from frontdesk.features.conversations.events import TaskFinished, TextReceived, ThreadChanged
from frontdesk.features.textback import dialogue
from frontdesk.features.textback.events import AnswerWanted
from frontdesk.features.textback.model import TextbackLimits
from frontdesk.features.textback.service import answer_missed_call
from frontdesk.kernel.db import Database, Transaction
from frontdesk.kernel.jobs import RunContext, Workflows
from frontdesk.kernel.outbox import Handler, NewsOf, on


def handlers(lane: delivery.InlineLane, limits: TextbackLimits, means: dialogue.Means | None = None) -> list[Handler]:
    """List what text-back listens to: a missed call, at once, because its caller waits; then what is written."""
    by = means or dialogue.Means(lane=lane)

    async def answer(tx: Transaction, news: NewsOf[CallMissed]) -> None:
        await answer_missed_call(tx, news.event, limits=limits, lane=lane)

    async def answer_text(tx: Transaction, news: NewsOf[TextReceived]) -> None:
        await dialogue.answer_text(tx, news.event, means=by)

    async def answer_after_all(tx: Transaction, news: NewsOf[AnswerWanted]) -> None:
        # By the rules: whatever kept the first answer away may have been the model.
        await dialogue.answer_message(tx, message_id=news.event.message_id, means=replace(by, has_model=False))

    async def task_finished(tx: Transaction, news: NewsOf[TaskFinished]) -> None:
        event = news.event
        if event.kind == dialogue.HANDED_OVER and event.conversation_id is not None:
            await dialogue.give_back(tx, conversation_id=event.conversation_id)

    async def thread_settled(tx: Transaction, news: NewsOf[ThreadChanged]) -> None:
        if news.event.status == conversations.ThreadStatus.DONE:
            await dialogue.give_back(tx, conversation_id=news.event.conversation_id)

    return [
        on(CallMissed, "textback.answer_missed_call", answer, inline=True),
        on(TextReceived, "textback.answer_text", answer_text),
        on(AnswerWanted, "textback.answer_after_all", answer_after_all),
        on(TaskFinished, "textback.task_finished", task_finished),
        on(ThreadChanged, "textback.thread_settled", thread_settled),
    ]


def add_dialogue_workflow(
    workflows: Workflows, *, app: Database, model: assistant.LanguageModel | None, means: dialogue.Means
) -> None:
    """Register the reading of a reply by a model: asked with no transaction open, then answered once."""

    @workflows.workflow(dialogue.ASK_MODEL)
    async def ask_model(run: RunContext) -> None:
        message_id = UUID(str(run.args["message_id"]))

        async def read() -> list[str]:
            async with app.transaction(run.tenant_id) as tx:
                question = await dialogue.question_for_model(tx, message_id=message_id)
            if question is None or model is None:
                return []
            chosen = await assistant.consult(model, *question)
            return [] if chosen is None else [chosen.name, chosen.arguments]

        chosen = await run.call("read", read)

        async def answer(tx: Transaction) -> None:
            call = assistant.ToolCall(chosen[0], chosen[1]) if chosen else None
            await dialogue.answer_with_model(tx, message_id=message_id, chosen=call, means=means)

        await run.step("answer", answer)
