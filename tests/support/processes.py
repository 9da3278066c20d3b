"""A whole office of real programs: web and workers started by their command line, halted and killed by their number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
from twilio.request_validator import RequestValidator

from frontdesk.features import senders, tenants
from frontdesk.kernel.auth import Scope, create_token
from frontdesk.kernel.clock import DatabaseClock
from frontdesk.kernel.db import Database, Role
from frontdesk.kernel.outbox import Handlers, flush_with
from frontdesk.providers.twin import TwinControl
from frontdesk.providers.twin.wire import Settings as TwinSettings
from tests.support.actors import TEST_ACTS
from tests.support.database_watch import DatabaseWatch
from tests.support.office import ACCOUNT, ADAS_NUMBER, CAROL, MALLORYS_NUMBER, TOKEN, business, call_form
from tests.support.program import SOURCE, Program, free_port, start_program, twin_here, twin_program

MANY = 200_000
NO_ANSWER = (aiohttp.ClientError, OSError, TimeoutError)
PRESENCE_OF = """
    select held.pid from live_processes as process
    join pg_locks as held on held.locktype = 'advisory' and held.objsubid = 1 and held.granted
     and held.database = (select oid from pg_database where datname = current_database())
     and (held.classid::bigint << 32 | held.objid::bigint) = process.lock_key
    where process.id = $1
"""
ACCEPTED = "select id, status, provider_message_id as sid from send_jobs where accepted_at is not null"
OUTCOMES = """
    select attempt.outcome from send_attempts as attempt
    join send_jobs as job on job.id = attempt.job_id where job.recipient_e164 = $1 order by attempt.fence
"""
UNSETTLED = "select count(*) from send_jobs where status in ('queued', 'posting', 'unknown')"
UNDISPATCHED = "select count(*) from outbox_events where dispatched_at is null"
HASTEN = """
    update send_jobs set posting_at = posting_at - interval '20 seconds', available_at = now() where status = 'unknown'
"""
QUEUE = """
    with person as (
      insert into contacts (id, tenant_id, phone_e164, created_at)
      select gen_random_uuid(), $1, $3 || lpad(n::text, 7, '0'), now() from generate_series($4::int, $5::int) as n
      returning id, phone_e164
    )
    insert into send_jobs (id, tenant_id, intent_key, message_class, cause, template, basis, basis_at, contact_id,
                           recipient_e164, sender_e164, provider, body, encoding, segments, status, available_at,
                           useful_until, correlation_id, created_at, updated_at)
    select gen_random_uuid(), $1, 'test:' || phone_e164, 'C2', 'test', 'test', 'conversation', now(), id, phone_e164,
           $2, 'twilio', 'A word to ' || phone_e164, 'gsm7', 1, 'queued', now(), now() + interval '1 hour', $1,
           now(), now()
    from person
"""


@dataclass
class LiveOffice(DatabaseWatch):
    """The office's database, its carrier, and the programs that run for it."""

    home: Path
    twin: TwinControl
    twin_url: str
    carrier: aiohttp.ClientSession
    url: str
    ada: tenants.Tenant
    environ: dict[str, str]
    twin_pid: int
    programs: list[Program] = field(default_factory=list)

    async def start_web(self, *, elsewhere: bool = False, **environ: str) -> Program:
        """Start a web process on the public address, or `elsewhere`, and wait until it answers."""
        url = f"http://127.0.0.1:{free_port()}" if elsewhere else self.url
        program = await self._start("web", "--port", url.rpartition(":")[2], environ=environ)
        program.url = url
        await self.eventually(lambda: self._answers(program), seconds=30)
        return program

    async def start_worker(self, **environ: str) -> Program:
        """Start a worker and wait until it works."""
        program = await self._start("worker", environ=environ)
        await self.eventually(lambda: self._works(program), seconds=30)
        return program

    async def start(self, *, webs: int = 1, workers: int = 1) -> list[Program]:
        """Start several programs at once: the webs (the first on the public address), then the workers."""
        starting = [self.start_web(elsewhere=number > 0) for number in range(webs)]
        return list(await asyncio.gather(*starting, *(self.start_worker() for _ in range(workers))))

    async def _start(self, kind: str, *arguments: str, environ: Mapping[str, str]) -> Program:
        log = self.home / f"{kind}-{len(self.programs)}.log"
        program = await start_program(kind, *arguments, log=log, environ={**self.environ, **environ})
        self.programs.append(program)
        return program

    async def _answers(self, program: Program) -> bool:
        assert program.runs, program.log.read_text(encoding="utf-8")
        return await self.answers(program.url)

    async def answers(self, url: str = "") -> bool:
        """Tell whether the web process at the public address, or another one, is well."""
        try:
            async with self.carrier.get(f"{url or self.url}/healthz") as answer:
                return answer.status == 200
        except NO_ANSWER:
            return False

    async def _works(self, program: Program) -> bool:
        assert program.runs, program.log.read_text(encoding="utf-8")
        return bool(program.said("worker.started"))

    async def cut_off(self, program: Program) -> None:
        """Take a program's session lock away, as a partition does: its presence connection ends at the server."""
        await self.end_backends([await self.presence_backend(program)])

    async def presence_backend(self, program: Program) -> int:
        """Name the backend that holds a program's session lock."""
        backend = await self.fetchval(PRESENCE_OF, program.process_id)
        assert isinstance(backend, int)
        return backend

    async def post(self, path: str, form: Mapping[str, str], *, to: str = "", within: float = 30) -> tuple[int, str]:
        """Post a signed webhook to the public address or another one; status 0 if no answer came."""
        signed = RequestValidator(TOKEN).compute_signature(f"{self.url}/webhooks/twilio/{path}", dict(form))
        url = f"{to or self.url}/webhooks/twilio/{path}"
        patience = aiohttp.ClientTimeout(total=within)
        try:
            async with self.carrier.post(
                url, data=dict(form), headers={"X-Twilio-Signature": signed}, timeout=patience
            ) as answer:
                return answer.status, await answer.text()
        except NO_ANSWER:
            return 0, ""

    async def deliver(self, path: str, form: Mapping[str, str], *, to: Callable[[], str] = lambda: "") -> list[int]:
        """Post a webhook as a provider does, again until it is acknowledged; returns every status, 0 for no answer."""
        statuses: list[int] = []
        while not statuses or not 200 <= statuses[-1] < 300:
            if statuses:
                await asyncio.sleep(0.05)
            statuses.append((await self.post(path, form, to=to(), within=10))[0])
        return statuses

    async def miss_call(self, caller: str = CAROL, *, sid: str = "", to: str = "") -> tuple[int, str]:
        """Tell that a call of `caller` went unanswered."""
        sid = sid or f"CA{caller[1:]:0>32}"
        return await self.post("voice/dial-action", call_form(sid, caller, DialCallStatus="no-answer"), to=to)

    async def text_in(self, body: str, *, sid: str, sender: str = CAROL, **fields: str) -> int:
        """Let a customer write; returns the status of our answer."""
        form = {"AccountSid": ACCOUNT, "MessageSid": sid, "From": sender, "To": ADAS_NUMBER, "Body": body, **fields}
        return (await self.post("sms", {**form, "NumMedia": "0"}))[0]

    async def issue_token(self) -> str:
        """Issue an API token of Ada's business that may read, pause and resume sending."""
        scopes = frozenset({Scope.DELIVERY_READ, Scope.DELIVERY_PAUSE, Scope.DELIVERY_RESUME})
        async with self.login.transaction(self.ada.id) as tx:
            issued = await create_token(
                tx, name="test", scopes=scopes, grantable=scopes, expires_at=tx.now + timedelta(days=1), actor=TEST_ACTS
            )
        return issued.secret

    async def ask(self, method: str, path: str, *, token: str) -> tuple[int, dict[str, object]]:
        """Ask the public address's API; status 0 if no answer came."""
        try:
            async with self.carrier.request(
                method, self.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=aiohttp.ClientTimeout(10)
            ) as answer:
                return answer.status, await answer.json(content_type=None)
        except NO_ANSWER:
            return 0, {}

    async def nothing_in_flight(self) -> None:
        """Wait until no POST is under way."""

        async def quiet() -> bool:
            return await self.count("select count(*) from send_jobs where status = 'posting'") == 0

        await self.eventually(quiet)

    async def queue(self, count: int, *, prefix: str = "+1207", first: int = 1) -> list[str]:
        """Queue one text to each of `count` people whom nobody has decided on yet; returns their numbers."""
        async with self.login.transaction() as tx:
            await tx.execute(QUEUE, self.ada.id, ADAS_NUMBER, prefix, first, first + count - 1)
        return [f"{prefix}{number:07}" for number in range(first, first + count)]

    async def status_of(self, recipient: str = CAROL) -> object:
        """Tell the state of the one text to a person."""
        return await self.fetchval("select status from send_jobs where recipient_e164 = $1", recipient)

    async def posts_to(self, number: str = CAROL) -> int:
        """Count the requests to send to a number that the carrier received, whatever became of them."""
        return len(await self.twin.journal(operation="messages.create", to=number))

    async def outcomes(self, recipient: str) -> list[str | None]:
        """List how the attempts to text a person ended, in their order."""
        async with self.login.transaction() as tx:
            return [row["outcome"] for row in await tx.fetch(OUTCOMES, recipient)]

    async def reaches(self, recipient: str, status: str) -> None:
        """Wait until the one text to a person is in a state."""

        async def there() -> bool:
            return await self.status_of(recipient) == status

        await self.eventually(there)

    async def hasten(self) -> None:
        """Let 20 s pass for texts in doubt: they are due for another look at the carrier."""
        await self.fetchval(HASTEN)

    async def settled(self, *, seconds: float = 40) -> None:
        """Wait until every text and every event has come to an end; looks at the carrier are not waited for."""

        async def all_over() -> bool:
            await self.hasten()
            return await self.count(UNSETTLED) + await self.count(UNDISPATCHED) == 0

        await self.eventually(all_over, seconds=seconds)

    async def each_got_one(self, recipients: list[str]) -> None:
        """Check the promises: one accepted text per intent, none besides, every one known to us, nothing unfinished."""
        posts = await self.twin.journal(operation="messages.create", limit=MANY)
        taken = [(post.fields["StatusCallback"].rpartition("=")[2], post.effect) for post in posts if post.effect]
        assert sorted(post.fields["To"] for post in posts if post.effect) == sorted(recipients)
        assert len({job_id for job_id, _ in taken}) == len(taken), "an intent became two texts"
        async with self.login.transaction() as tx:
            rows = await tx.fetch(ACCEPTED)
        assert {(str(row["id"]), row["sid"]) for row in rows} == set(taken)
        assert {row["status"] for row in rows} <= {"accepted", "sent", "delivered"}
        assert await self.count(UNSETTLED) + await self.count(UNDISPATCHED) == 0
        assert await self.count("select count(*) from outbox_events_errors") == 0


@asynccontextmanager
async def live_office(
    database_url: str, home: Path, *, receipts: bool = False, twin_beside: bool = False, **environ: str
) -> AsyncIterator[LiveOffice]:
    """Open an office without programs: start those that are wanted; all are killed at the end.

    The carrier runs in this program, or `twin_beside` it in one of its own. It sends no receipts unless asked to.
    """
    async with AsyncExitStack() as stack:
        twin_url, twin_pid = await stack.enter_async_context(twin_program(home) if twin_beside else twin_here())
        url = f"http://127.0.0.1:{free_port()}"
        clock = DatabaseClock()
        login = await Database.open(
            database_url, role=Role.LOGIN, clock=clock, flush=flush_with(Handlers([])), max_size=3
        )
        stack.push_async_callback(login.close)
        ada = business(name="Harbor Plumbing", slug="harbor")
        mallory = replace(business(name="Mesa Dental", slug="mesa"), forwarding_e164="+16025550199")
        for tenant, number in ((ada, ADAS_NUMBER), (mallory, MALLORYS_NUMBER)):
            async with login.transaction(tenant.id) as tx:
                await tenants.create_tenant(tx, tenant, by=TEST_ACTS)
                await senders.add_number(tx, phone_e164=number, provider="twilio")
        twin = await stack.enter_async_context(TwinControl(twin_url))
        await twin.change_settings(TwinSettings(callback_share=1.0 if receipts else 0.0))
        for number in (ADAS_NUMBER, MALLORYS_NUMBER):
            await twin.configure_number(
                number, voice_url=f"{url}/webhooks/twilio/voice", sms_url=f"{url}/webhooks/twilio/sms"
            )
        carrier = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        office = LiveOffice(
            database_url=database_url,
            home=home,
            twin=twin,
            twin_url=twin_url,
            carrier=carrier,
            url=url,
            ada=ada,
            login=login,
            twin_pid=twin_pid,
            environ={
                "PYTHONPATH": SOURCE,
                "DATABASE_URL": database_url,
                "FRONTDESK_HOME": str(home),
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "TWILIO_API_BASE_URL": twin_url,
                "PUBLIC_BASE_URL": url,
                "EMBEDDER": "none",
                **environ,
            },
        )
        try:
            yield office
        finally:
            for program in office.programs:
                if program.runs:
                    await program.kill()
