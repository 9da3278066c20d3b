"""What each role may do, in words."""

from __future__ import annotations

from frontdesk.kernel.auth import Role

ROLE_NAMES = {Role.OWNER: "Owner", Role.MANAGER: "Manager", Role.AGENT: "Agent", Role.AUDITOR: "Auditor"}
ROLE_WORDS = {
    Role.OWNER: "may do everything here, money and settings too",
    Role.MANAGER: "may do everything but change the settings of the business and issue keys for programs",
    Role.AGENT: "answers customers, books, prepares campaigns, and may pull the brake; settings stay as they are",
    Role.AUDITOR: "can read everything, changes nothing",
}


def role_words(role: Role) -> str:
    """Say a role with what it may do."""
    return f"{ROLE_NAMES[role]}: {ROLE_WORDS[role]}"
