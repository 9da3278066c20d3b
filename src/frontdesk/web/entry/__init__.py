"""How people get in: the second step, passkeys, forgotten passwords, and what is asked again before a change."""

from frontdesk.web.entry.desk import EntryDesk
from frontdesk.web.entry.passkeys import passkey_router
from frontdesk.web.entry.proofs import proof_router
from frontdesk.web.entry.resets import reset_router
from frontdesk.web.entry.second_step import second_step_router

__all__ = ["EntryDesk", "passkey_router", "proof_router", "reset_router", "second_step_router"]
