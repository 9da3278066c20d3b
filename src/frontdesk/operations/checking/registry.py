"""Every check, remedy and sabotage of the program, by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from frontdesk.features.billing import checks as billing_checks
from frontdesk.features.billing import remedies as billing_remedies
from frontdesk.features.billing import sabotage as billing_sabotage
from frontdesk.features.campaigns import checks as campaigns_checks
from frontdesk.features.campaigns import remedies as campaigns_remedies
from frontdesk.features.campaigns import sabotage as campaigns_sabotage
from frontdesk.features.consent import checks as consent_checks
from frontdesk.features.consent import remedies as consent_remedies
from frontdesk.features.consent import sabotage as consent_sabotage
from frontdesk.features.conversations import checks as conversations_checks
from frontdesk.features.delivery import checks as delivery_checks
from frontdesk.features.delivery import remedies as delivery_remedies
from frontdesk.features.delivery import sabotage as delivery_sabotage
from frontdesk.features.scheduling import calendar_upkeep
from frontdesk.features.scheduling import checks as scheduling_checks
from frontdesk.features.scheduling import remedies as scheduling_remedies
from frontdesk.features.scheduling import sabotage as scheduling_sabotage
from frontdesk.features.senders import checks as senders_checks
from frontdesk.features.senders import sabotage as senders_sabotage
from frontdesk.features.textback import checks as textback_checks
from frontdesk.features.textback import remedies as textback_remedies
from frontdesk.features.textback import sabotage as textback_sabotage
from frontdesk.kernel.upkeep import Check, Remedy, Sabotage
from frontdesk.operations.alerts import checks as alerts_checks
from frontdesk.operations.alerts import quiet
from frontdesk.operations.backups import checks as backups_checks
from frontdesk.operations.backups import sabotage as backups_sabotage
from frontdesk.operations.checking import house, house_remedies, house_sabotage
from frontdesk.operations.custody import checks as custody_checks
from frontdesk.operations.custody import remedies as custody_remedies
from frontdesk.operations.custody import sabotage as custody_sabotage
from frontdesk.operations.incidents import checks as incidents_checks
from frontdesk.operations.maintenance import checks as maintenance_checks
from frontdesk.operations.maintenance import sabotage as maintenance_sabotage
from frontdesk.operations.monitors import checks as monitors_checks
from frontdesk.operations.releases import checks as releases_checks


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Kind = TypeVar("_Kind", bound=_Named)


def _by_name(*groups: Iterable[_Kind]) -> dict[str, _Kind]:
    found: dict[str, _Kind] = {}
    for group in groups:
        for one in group:
            if one.name in found:
                raise ValueError(f"{one.name} is there twice")
            found[one.name] = one
    return found


_CHECKS: dict[str, Check] = _by_name(
    house.CHECKS,
    alerts_checks.CHECKS,
    quiet.CHECKS,
    backups_checks.CHECKS,
    custody_checks.CHECKS,
    incidents_checks.CHECKS,
    maintenance_checks.CHECKS,
    monitors_checks.CHECKS,
    releases_checks.CHECKS,
    delivery_checks.CHECKS,
    senders_checks.CHECKS,
    consent_checks.CHECKS,
    conversations_checks.CHECKS,
    campaigns_checks.CHECKS,
    billing_checks.CHECKS,
    textback_checks.CHECKS,
    calendar_upkeep.CHECKS,
    scheduling_checks.CHECKS,
)
_REMEDIES: dict[str, Remedy] = _by_name(
    house_remedies.REMEDIES,
    backups_checks.REMEDIES,
    maintenance_checks.REMEDIES,
    custody_remedies.REMEDIES,
    delivery_remedies.REMEDIES,
    consent_remedies.REMEDIES,
    campaigns_remedies.REMEDIES,
    textback_remedies.REMEDIES,
    calendar_upkeep.REMEDIES,
    scheduling_remedies.REMEDIES,
    billing_remedies.REMEDIES,
)
_SABOTAGES: dict[str, Sabotage] = _by_name(
    house_sabotage.SABOTAGES,
    backups_sabotage.SABOTAGES,
    maintenance_sabotage.SABOTAGES,
    custody_sabotage.SABOTAGES,
    delivery_sabotage.SABOTAGES,
    senders_sabotage.SABOTAGES,
    consent_sabotage.SABOTAGES,
    campaigns_sabotage.SABOTAGES,
    textback_sabotage.SABOTAGES,
    scheduling_sabotage.SABOTAGES,
    billing_sabotage.SABOTAGES,
)


def all_checks() -> tuple[Check, ...]:
    """List every check, by name."""
    return tuple(_CHECKS[name] for name in sorted(_CHECKS))


def all_remedies() -> tuple[Remedy, ...]:
    """List every remedy, by name."""
    return tuple(_REMEDIES[name] for name in sorted(_REMEDIES))


def all_sabotages() -> tuple[Sabotage, ...]:
    """List every sabotage, by name."""
    return tuple(_SABOTAGES[name] for name in sorted(_SABOTAGES))


def find_check(name: str) -> Check | None:
    """Find a check."""
    return _CHECKS.get(name)


def get_check(name: str) -> Check:
    """Return a check that a page names; `LookupError` if there is none, which the tests of the pages rule out."""
    return _CHECKS[name]


def find_remedy(name: str) -> Remedy | None:
    """Find a remedy."""
    return _REMEDIES.get(name)


def get_remedy(name: str) -> Remedy:
    """Return a remedy that a page names; `LookupError` if there is none, which the tests of the pages rule out."""
    return _REMEDIES[name]


def find_sabotage(name: str) -> Sabotage | None:
    """Find a sabotage."""
    return _SABOTAGES.get(name)
