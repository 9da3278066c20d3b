"""What a person is told by letter when something about how they get in was changed: what, when, from where."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from frontdesk.ports.mail import Letter

WORDS = """Hello,

{what}
When: {at:%d %B %Y, %H:%M} UTC
From: {where}

If that was you, there is nothing to do.

If it was not you, act now:
1. Choose a new password: {base}/forgot
   That ends every login of yours, also theirs.
2. Look at what lets you in, and remove what you do not know: {base}/account
3. Tell whoever runs Frontdesk where you work. The audit log has what was done.
"""


class Change(StrEnum):
    """What was changed about how a person gets in."""

    PASSWORD = "password"  # noqa: S105 - a word of the vocabulary
    APP_ADDED = "app_added"
    APP_REMOVED = "app_removed"
    CODES_RENEWED = "codes_renewed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    FACTORS_REMOVED = "factors_removed"


SUBJECTS = {
    Change.PASSWORD: "Your password was changed",
    Change.APP_ADDED: "An authenticator app was added",
    Change.APP_REMOVED: "Your authenticator app was removed",
    Change.CODES_RENEWED: "Your recovery codes were replaced",
    Change.PASSKEY_ADDED: "A passkey was added",
    Change.PASSKEY_REMOVED: "A passkey was removed",
    Change.FACTORS_REMOVED: "Your app and your passkeys were removed",
}
SENTENCES = {
    Change.PASSWORD: "the password of your account at Frontdesk ({email}) was changed.",
    Change.APP_ADDED: "an authenticator app and ten recovery codes were added to your account at Frontdesk ({email}).",
    Change.APP_REMOVED: "the authenticator app and the recovery codes of your account at Frontdesk ({email}) were "
    "removed: the password alone lets in now.",
    Change.CODES_RENEWED: "your account at Frontdesk ({email}) has new recovery codes; the old ones are over.",
    Change.PASSKEY_ADDED: "a passkey was added to your account at Frontdesk ({email}).",
    Change.PASSKEY_REMOVED: "a passkey of your account at Frontdesk ({email}) was removed.",
    Change.FACTORS_REMOVED: "the authenticator app and all passkeys of your account at Frontdesk ({email}) were "
    "removed, and every login was ended.",
}


def write_notice(change: Change, *, email: str, at: datetime, where: str, base_url: str) -> Letter:
    """Write the letter about a change; `where` names the place in words, like "Firefox on Linux at 192.0.2.1"."""
    words = WORDS.format(
        what=SENTENCES[change].format(email=email),
        at=at,
        where=" ".join(where.split()) or "an unknown place",
        base=base_url.rstrip("/"),
    )
    return Letter(to=email, subject=f"{SUBJECTS[change]} · Frontdesk", words=words, at=at)
