"""A look at everything an operator can get wrong, each fault with what to do about it."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from frontdesk.cli.calling import Caller, signed_webhook
from frontdesk.cli.doctor_findings import Finding
from frontdesk.cli.doctor_phones import look_at_phones
from frontdesk.cli.office import open_database, twin_account
from frontdesk.kernel import attendance
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import UNAVAILABLE
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.postgres import PostgresFailed
from frontdesk.ports import FailureClass, ProviderError, SentTextQuery
from frontdesk.providers.http import HttpClient, HttpFailure, HttpResponse
from frontdesk.providers.twilio import TwilioAccount, TwilioMessaging
from frontdesk.schema.migrate import current_revision, head_revision
from frontdesk.wiring import twilio_account

if TYPE_CHECKING:
    from frontdesk.kernel.settings import Settings

OLDEST_POSTGRES = 150_000
LEAST_FREE_SHARE = 0.15
MOST_OFFSET_SECONDS = 2.0
PROBE = "/webhooks/twilio/voice/voicemail-done"  # verifies like every webhook, and changes nothing
NOBODY = "+15005550006"
OK, FORBIDDEN, NOT_FOUND = 200, 403, 404
REDIRECTS = range(300, 400)


async def examine(settings: Settings) -> list[Finding]:
    """Run every check; a failing one hides no other."""
    findings = [Finding("settings", ok=True, found="all can be used")]
    findings.append(_disk(settings))
    findings += [finding async for finding in _database(settings)]
    account = twilio_account(settings)
    findings.append(_public_address(settings))
    if account is not None:
        findings.append(await _carrier(account))
        findings.append(await _round_trip(settings, account))
        return findings
    found = "no carrier keys are set: `frontdesk up` runs the offline twin"
    findings.append(Finding("carrier", ok=None, found=found))
    pretended = twin_account(settings.home, api_base_url=settings.base_url)
    if await _answers(settings.base_url):
        findings.append(await _round_trip(settings, pretended))
    else:
        findings.append(Finding("webhook round trip", ok=None, found=f"nothing answers at {settings.base_url}"))
    return findings


async def _answers(url: str) -> bool:
    async with Caller(url, connections=1) as caller:
        return await caller.answers("/healthz")


def _disk(settings: Settings) -> Finding:
    home = settings.home
    folder = next(one for one in (home, *home.parents) if one.exists())
    usage = shutil.disk_usage(folder)
    share = usage.free / usage.total
    found = f"{usage.free / 1024**3:.1f} GiB free ({share:.0%}) where {home} lies"
    if share < LEAST_FREE_SHARE:
        return Finding("disk", ok=False, found=found, remedy="free some space: PostgreSQL stops when it is full")
    return Finding("disk", ok=True, found=found)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    """Reach it, ask its version, its revision and its clock."""
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(open_database(settings))
            server = await attendance.look_at_server(url)
        except (*UNAVAILABLE, PostgresFailed, attendance.ServerRefused) as error:
            what = "DATABASE_URL" if settings.database.url is not None else "postgres.log in the home folder"
            yield Finding("database", ok=False, found=f"{type(error).__name__}: {error}", remedy=f"look at {what}")
            return
        offset = time.time() - server.at.timestamp()
        known = server.version >= OLDEST_POSTGRES
        remedy = "" if known else "use PostgreSQL 15 or newer"
        yield Finding("database", ok=known, found=f"PostgreSQL {server.version // 10_000} answers", remedy=remedy)
        revision, newest = await current_revision(url), head_revision()
        current = revision is not None and revision >= newest
        yield Finding(
            "schema",
            ok=current,
            found=f"at revision {revision or 'none'} of {newest}",
            remedy="" if current else "run `frontdesk migrate`",
        )
        close = abs(offset) <= MOST_OFFSET_SECONDS
        yield Finding(
            "clock",
            ok=close,
            found=f"this machine is {offset:+.3f} s from the database",
            remedy="" if close else "switch time synchronisation on (chrony or systemd-timesyncd)",
        )
        if current:
            for finding in await look_at_phones(settings, url):
                yield finding


def _public_address(settings: Settings) -> Finding:
    if settings.web.public_base_url is None:
        return Finding(
            "public address",
            ok=None,
            found="PUBLIC_BASE_URL is not set: only this machine can reach us",
            remedy="set PUBLIC_BASE_URL to the https address under which the world reaches this program",
        )
    return Finding("public address", ok=True, found=settings.web.public_base_url)


async def _carrier(account: TwilioAccount) -> Finding:
    """List nobody's texts: a read that needs right credentials and costs nothing."""
    clock = DatabaseClock()
    http = HttpClient(connections_per_origin=1)
    try:
        await TwilioMessaging(account, http, clock=clock).list_sent_texts(
            SentTextQuery(recipient_e164=NOBODY, sender_e164="", since=clock.now())
        )
    except ProviderError as error:
        remedy = f"is {account.api_base_url} reachable from here?"
        if error.failure is FailureClass.CHANNEL_BLOCKED:
            remedy = "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: the carrier does not accept them"
        return Finding("carrier", ok=False, found=str(error)[:200], remedy=remedy)
    finally:
        await http.close()
    return Finding("carrier", ok=True, found=f"{account.api_base_url} accepts the credentials")


async def _round_trip(settings: Settings, account: TwilioAccount) -> Finding:
    """Call our own webhook from outside, signed as the carrier signs, and unsigned."""
    check, url = "webhook round trip", settings.base_url
    fields = {"AccountSid": account.account_sid, "CallSid": "CA" + "0" * 32, "CallStatus": "completed"}
    headers, body = signed_webhook(account, url + PROBE, fields)
    try:
        async with Caller(url, connections=1) as caller:
            signed = await caller.post_raw(PROBE, headers, body)
            unsigned = await caller.post_raw(PROBE, headers[:1], body)
    except (HttpFailure, ValueError, Refused) as error:
        remedy = f"is the web process running, and does {url} lead to it?"
        return Finding(check, ok=False, found=f"{url + PROBE}: {type(error).__name__}: {error}", remedy=remedy)
    if signed.status == OK and unsigned.status == FORBIDDEN:
        return Finding(check, ok=True, found=f"{url} takes signed webhooks and refuses unsigned ones")
    return Finding(check, ok=False, found=f"{url + PROBE} answers {signed.status}", remedy=_remedy(settings, signed))


def _remedy(settings: Settings, reply: HttpResponse) -> str:
    """Name the header or address that is wrong."""
    if reply.status in REDIRECTS:
        return f"the address leads on to {reply.header('location')}: set PUBLIC_BASE_URL to where it ends"
    if reply.status == NOT_FOUND:
        return "something else answers at this address, or the web process runs without the carrier's keys"
    if reply.status == FORBIDDEN and settings.web.public_base_url is None:
        return (
            "the proxy in front changes scheme or host: set PUBLIC_BASE_URL, or name the proxy in TRUSTED_PROXIES"
            " and let it send X-Forwarded-Proto and X-Forwarded-Host"
        )
    if reply.status == FORBIDDEN:
        return (
            "the web process does not verify against this address: give it the same PUBLIC_BASE_URL and"
            " TWILIO_AUTH_TOKEN, and let the proxy pass X-Twilio-Signature and the body unchanged"
        )
    return "look at the web process's log"
