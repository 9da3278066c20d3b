"""Threads with people, and what needs a person's eye."""

from frontdesk.features.conversations.jobs import handlers
from frontdesk.features.conversations.model import Task, Thread, ThreadMessage
from frontdesk.features.conversations.service import (
    Business,
    Words,
    finish_task,
    forget_old_messages,
    get_thread,
    list_messages,
    list_tasks,
    mark_read,
    receive_text,
    say,
    write_to,
)

__all__ = [
    "Business",
    "Task",
    "Thread",
    "ThreadMessage",
    "Words",
    "finish_task",
    "forget_old_messages",
    "get_thread",
    "handlers",
    "list_messages",
    "list_tasks",
    "mark_read",
    "receive_text",
    "say",
    "write_to",
]
