"""Checks of the whole program, looked at all the time: what is wrong, since when, how bad, and which runbook."""

from frontdesk.operations.checking.looking import CheckState, Looked, list_states, look_at_all, look_at_each
from frontdesk.operations.checking.registry import all_checks, find_check

__all__ = ["CheckState", "Looked", "all_checks", "find_check", "list_states", "look_at_all", "look_at_each"]
