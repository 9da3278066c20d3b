"""Silencing alerts for a while, with a name and a reason; what concerns the law is never silenced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from frontdesk.kernel import audit
from frontdesk.kernel.actor import Actor
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.ids import new_id
from frontdesk.operations.alerts.model import RuleBook
from frontdesk.operations.alerts.queries import silences
from frontdesk.operations.alerts.queries.silences import KnownSilence

LONGEST = timedelta(hours=24)
MOST_REASON = 500
MOST_MATCHERS = 10


async def silence_alerts(
    tx: Transaction, *, book: RuleBook, matchers: Mapping[str, str], lasting: timedelta, reason: str, by: Actor
) -> KnownSilence:
    """Silence the alerts whose labels fit, from now on; at most 24 hours.

    A matcher's value that begins with `~` is a regular expression for the whole label. Refuses no matcher at all, one
    that cannot be read, an alert that there is not, one that concerns the law, no reason, and a longer time.
    """
    _refuse_bad(matchers)
    name = matchers.get("alertname", "")
    if name and not name.startswith("~"):
        rule = book.find(name)
        if rule is None:
            raise Refused("alerts.unknown", f"There is no alert {name}.", status=404)
        if rule.compliance:
            raise Refused(
                "alerts.never_silenced", f"{name} concerns the law or a promise: it is never silenced.", status=409
            )
    if not timedelta(0) < lasting <= LONGEST:
        raise Refused(
            "alerts.silence_too_long", "A silence lasts 24 hours at most, and must last some time.", status=422
        )
    if not reason.strip() or len(reason) > MOST_REASON:
        raise Refused("alerts.reason_needed", "Say in up to 500 characters why nobody wants to be told.", status=422)
    silence = KnownSilence(
        id=new_id(),
        matchers=dict(matchers),
        author=by.shown,
        reason=reason.strip(),
        starts_at=tx.now,
        silenced_until=tx.now + lasting,
        lifted_at=None,
        lifted_by=None,
    )
    await silences.insert_silence(tx, silence)
    details = {"matchers": dict(matchers), "reason": silence.reason, "until": silence.silenced_until.isoformat()}
    await audit.write_entry(
        tx, actor=by, action="alerts.silenced", subject=f"alert_silence:{silence.id}", details=details
    )
    return silence


async def lift_silence(tx: Transaction, *, silence_id: UUID, by: Actor) -> KnownSilence:
    """End a silence now; refuses one that is over or was never there (`alerts.silence_not_found`)."""
    if not await silences.lift_silence(tx, silence_id=silence_id, by=by.shown):
        raise Refused("alerts.silence_not_found", "There is no such silence, or it is over.", status=404)
    await audit.write_entry(tx, actor=by, action="alerts.silence_lifted", subject=f"alert_silence:{silence_id}")
    found = await silences.find_silence(tx, silence_id=silence_id)
    if found is None:
        raise LookupError("alert_silences")
    return found


def _refuse_bad(matchers: Mapping[str, str]) -> None:
    if not matchers or len(matchers) > MOST_MATCHERS or not any(matchers.values()):
        raise Refused(
            "alerts.silence_everything", "Name a label at least, such as alertname: not everything.", status=422
        )
    for label, value in matchers.items():
        try:
            re.compile(value.removeprefix("~"))
        except re.error as error:
            raise Refused("alerts.bad_matcher", f"{label}: {error}", status=422) from None
        if not re.fullmatch(r"[a-z_]{1,40}", label) or len(value) > MOST_REASON:
            raise Refused("alerts.bad_matcher", f"{label} is no label of an alert.", status=422)
