"""The cast as actors: who did it, where a test does something in somebody's name."""

from __future__ import annotations

from uuid import UUID

from frontdesk.kernel.actor import person, system

ADA_ACTS = person(UUID(int=0xADA), "ada@example.com")
MALLORY_ACTS = person(UUID(int=0xBAD), "mallory@example.com")
TEST_ACTS = system("test")
