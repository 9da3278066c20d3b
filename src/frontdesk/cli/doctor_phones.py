"""The doctor's look at phones of our own: whom alerts text, and what monitors call and write with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontdesk.cli.doctor_findings import Finding
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.operations.alerts.queries import texts
from frontdesk.wiring.parts import telnyx_account, twilio_account

if TYPE_CHECKING:
    from frontdesk.kernel.settings import Settings


async def look_at_phones(settings: Settings, url: str) -> list[Finding]:
    """Say whether alerts by text and monitors could work, and what is missing; sends nothing."""
    system = await Database.open(url, role=Role.SYSTEM, clock=DatabaseClock(), max_size=1)
    try:
        return [await _alert_texts(settings, system), await _monitors(settings, system)]
    finally:
        await system.close()


def _carriers(settings: Settings) -> list[str]:
    """List the carriers with keys; without any, `up` gives Twilio's to the twin."""
    found = [
        name
        for name, account in (("twilio", twilio_account(settings)), ("telnyx", telnyx_account(settings)))
        if account is not None
    ]
    return found or ["twilio"]


async def _carrier_of(system: Database, number: str) -> str | None:
    async with system.transaction() as tx:
        found = await texts.find_carrier(tx, phone_e164=number)
    return None if found is None else found[0]


async def _alert_texts(settings: Settings, system: Database) -> Finding:
    check, alerts, carriers = "alerts by text", settings.alerts, _carriers(settings)
    if alerts.sms_from is None:
        return Finding(check, ok=None, found="ALERT_SMS_TO is not set: nobody on call is texted")
    of_number = await _carrier_of(system, alerts.sms_from)
    carrier = of_number or alerts.sms_carrier or (carriers[0] if len(carriers) == 1 else "")
    if not carrier:
        remedy = "name the carrier of ALERT_SMS_FROM with ALERT_SMS_CARRIER, or give the number to a business"
        return Finding(check, ok=False, found="two carriers are set up, and the number is of neither", remedy=remedy)
    if carrier not in carriers:
        remedy = f"set the keys of {carrier}, or another ALERT_SMS_CARRIER"
        return Finding(check, ok=False, found=f"{carrier} carries the number and has no keys here", remedy=remedy)
    heard = "" if of_number else "; let its webhook for texts lead here, so that a STOP to it is heard"
    people = len(alerts.sms_recipients)
    most = alerts.sms_hourly_limit
    return Finding(check, ok=True, found=f"{people} on call, by {carrier}, {most} an hour at most{heard}")


async def _monitors(settings: Settings, system: Database) -> Finding:
    check, monitors = "monitors", settings.monitors
    if monitors.number is None:
        return Finding(check, ok=None, found="MONITOR_NUMBER is not set: none run")
    carrier = await _carrier_of(system, monitors.number)
    if carrier is None:
        remedy = "add it to a business of its own: `frontdesk numbers add`"
        return Finding(check, ok=False, found="MONITOR_NUMBER is no number of ours", remedy=remedy)
    if monitors.from_number is None:
        found = "they run every minute if the carrier is the twin; at a real one they need MONITOR_FROM_NUMBER"
        return Finding(check, ok=None, found=found)
    if await _carrier_of(system, monitors.from_number) is not None:
        remedy = "use a number for MONITOR_FROM_NUMBER that no business has: what comes to it is for monitors"
        return Finding(check, ok=False, found="MONITOR_FROM_NUMBER is a business's number", remedy=remedy)
    if carrier not in _carriers(settings):
        return Finding(check, ok=False, found=f"{carrier} has no keys here", remedy=f"set the keys of {carrier}")
    calls = "call and write" if carrier == "twilio" else "write; this carrier rings nobody for us"
    return Finding(check, ok=True, found=f"{monitors.runs_per_day} times a day by {carrier}: {calls}")
