"""What must be true of sending, looked at while it runs."""

from __future__ import annotations

from frontdesk.features.delivery.checks import arriving, moving, promises
from frontdesk.kernel.upkeep import Check

CHECKS: tuple[Check, ...] = (*moving.CHECKS, *arriving.CHECKS, *promises.CHECKS)

__all__ = ["CHECKS"]
