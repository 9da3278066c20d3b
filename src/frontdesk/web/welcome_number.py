"""The screen of the number: one from the twin's pool, or the one that the business has, and where it rings first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from frontdesk.features import senders, tenants
from frontdesk.features.contacts.phones import parse_phone
from frontdesk.features.senders import RegistrationStatus, SendingNumber
from frontdesk.features.senders.model import REGISTERING_COUNTRIES
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.web.words import phone_words
from frontdesk.wiring import Frontdesk
from frontdesk.wiring.monitoring import find_twin

OFFERS = 3
TRIES = 30
# 555-0100 to 555-0199 of every area belong to nobody, by the numbering plan's own rule.
AREAS = {
    "America/New_York": "212", "America/Chicago": "312", "America/Denver": "303", "America/Phoenix": "602",
    "America/Los_Angeles": "213", "America/Anchorage": "907", "Pacific/Honolulu": "808", "America/Detroit": "313",
    "America/Toronto": "416", "America/Vancouver": "604",
}  # fmt: skip
SOME_AREA = "206"
REGISTRATION_WORDS = {
    RegistrationStatus.UNREGISTERED: "not registered with the carriers yet",
    RegistrationStatus.PENDING: "registration is being looked at by the carriers",
    RegistrationStatus.APPROVED: "registered with the carriers",
    RegistrationStatus.REJECTED: "registration was refused by the carriers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberView:
    """The screen: numbers to choose from, what is there already, what was typed, and what is wrong with it."""

    mine: SendingNumber | None
    standing: str
    advice: str
    offered: Sequence[str]
    carriers: Sequence[str]
    voice_url: str
    sms_urls: Mapping[str, str]
    is_twin: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


class NumberDesk:
    """Gives a business its first number."""

    def __init__(self, parts: Frontdesk) -> None:
        self._parts = parts
        self._reach_twin = find_twin(parts)

    async def look(self, visit: Visit) -> NumberView:
        """Show what there is, and what could be taken."""
        async with visit.transaction() as tx:
            tenant = await tenants.get_tenant(tx)
            numbers = [one for one in await senders.list_numbers(tx) if one.retired_at is None]
        mine = numbers[0] if numbers else None
        base = self._parts.public_base_url
        return NumberView(
            mine=mine,
            standing="" if mine is None else REGISTRATION_WORDS[mine.registration_status],
            advice="" if mine is None else _advice(mine),
            offered=() if mine is not None or self._reach_twin is None else await self._offer(tenant),
            carriers=sorted(self._parts.providers),
            voice_url=f"{base}/webhooks/twilio/voice",
            sms_urls={name: f"{base}/webhooks/{name}/sms" for name in sorted(self._parts.providers)},
            is_twin=self._reach_twin is not None,
            typed={"forwarding": _shown(tenant)},
        )

    async def take(self, visit: Visit, wanted: Mapping[str, str]) -> NumberView | None:
        """Give the business the number that it wants; returns the screen with what is wrong, None if all went well."""
        view = await self.look(visit)
        wrong: dict[str, str] = {}
        async with visit.transaction() as tx:
            country = (await tenants.get_tenant(tx)).country
        forwarding = _phone(wanted["forwarding"], country, "forwarding", wrong)
        chosen = None if view.mine is not None else self._chosen(wanted, view, country, wrong)
        own = chosen or (view.mine.phone_e164 if view.mine is not None else "")
        if own and own == forwarding:
            wrong["forwarding"] = "This is the number itself: calls would ring in a circle."
        if not wrong:
            try:
                await self._write(visit, number=chosen, provider=self._carrier(wanted), forwarding=forwarding)
            except Refused as refusal:
                wrong["own" if wanted["how"] == "own" else "offered"] = f"{refusal.message}."
            else:
                return None
        fresh = await self.look(visit)
        return replace(fresh, typed=wanted, wrong=wrong)

    def _carrier(self, wanted: Mapping[str, str]) -> str:
        known = sorted(self._parts.providers)
        return wanted["provider"] if wanted["provider"] in known else ("twilio" if "twilio" in known else known[0])

    def _chosen(self, wanted: Mapping[str, str], view: NumberView, country: str, wrong: dict[str, str]) -> str | None:
        if not self._parts.providers:
            wrong["own"] = "No carrier is set up yet: whoever runs this installation adds its keys first."
            return None
        if wanted["how"] != "own" and view.is_twin:
            if _is_made_up(wanted["offered"]):
                return wanted["offered"]
            wrong["offered"] = "Choose one of these numbers."
            return None
        if not wanted["own"]:
            wrong["own"] = "Write the number that your customers call."
            return None
        return _phone(wanted["own"], country, "own", wrong)

    async def _write(self, visit: Visit, *, number: str | None, provider: str, forwarding: str | None) -> None:
        async with AsyncExitStack() as stack:
            if number is not None and self._reach_twin is not None:
                twin = await stack.enter_async_context(self._reach_twin())
                base = self._parts.public_base_url
                await twin.configure_number(
                    number,
                    provider=provider,
                    voice_url=f"{base}/webhooks/twilio/voice",
                    sms_url=f"{base}/webhooks/{provider}/sms",
                    status_callback=f"{base}/webhooks/twilio/voice/status",
                )
            tx = await stack.enter_async_context(visit.transaction())
            if number is not None:
                await senders.add_number(tx, phone_e164=number, provider=provider, by=visit.actor)
            tenant = await tenants.get_tenant(tx)
            if tenant.forwarding_e164 != forwarding:
                changed = replace(tenant, forwarding_e164=forwarding)
                await tenants.update_tenant(tx, changed, by=visit.actor, changed=["forwarding_e164"])

    async def _offer(self, tenant: tenants.Tenant) -> Sequence[str]:
        """Make up numbers near the business that no business here has."""
        area = AREAS.get(tenant.timezone, SOME_AREA)
        found: list[str] = []
        for last in random.SystemRandom().sample(range(100, 200), TRIES):
            number = f"+1{area}5550{last}"
            if await self._parts.directory.find(number) is None:
                found.append(number)
            if len(found) == OFFERS:
                break
        return found


def _shown(tenant: tenants.Tenant) -> str:
    """Write the phone that rings as its owner would type it, where that reads back as the same number."""
    forwarding = tenant.forwarding_e164
    if forwarding is None:
        return ""
    return phone_words(forwarding) if tenant.country in {"US", "CA"} else forwarding


def _is_made_up(number: str) -> bool:
    return len(number) == len("+12065550100") and number.startswith("+1") and number[5:9] == "5550" and number[9] == "1"


def _advice(number: SendingNumber) -> str:
    if number.country not in REGISTERING_COUNTRIES or number.registration_status is RegistrationStatus.APPROVED:
        return "Texts may leave from it."
    return (
        "It answers calls and texts back from the first minute. Carriers in the US and Canada slow down or refuse "
        "texts of numbers that are not registered, so register it soon, and before any campaign: under Numbers."
    )


def _phone(text: str, country: str, name: str, wrong: dict[str, str]) -> str | None:
    if not text:
        return None
    try:
        return parse_phone(text, country).e164
    except Refused as refusal:
        wrong[name] = refusal.message[:1].upper() + refusal.message[1:] + "."
        return None
