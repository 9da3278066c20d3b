"""What ties log lines, events and provider calls of one cause together, carried by the running task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from frontdesk.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Correlation:
    """The chain that the running task belongs to, the fact that caused it, and for whom it works."""

    correlation_id: UUID
    causation_id: UUID | None = None
    tenant_id: UUID | None = None


_current: ContextVar[Correlation | None] = ContextVar("frontdesk_correlation", default=None)


def current_correlation() -> Correlation | None:
    """Tell which chain the running task belongs to."""
    return _current.get()


@contextmanager
def correlated(
    *, correlation_id: UUID | None = None, causation_id: UUID | None = None, tenant_id: UUID | None = None
) -> Iterator[Correlation]:
    """Run a block as part of a chain; what is not given is taken over from around it, or begun anew."""
    outer = _current.get()
    if outer is not None and correlation_id in {None, outer.correlation_id}:
        inner = Correlation(outer.correlation_id, causation_id or outer.causation_id, tenant_id or outer.tenant_id)
    else:
        inner = Correlation(correlation_id or new_id(), causation_id, tenant_id)
    token = _current.set(inner)
    try:
        yield inner
    finally:
        _current.reset(token)
