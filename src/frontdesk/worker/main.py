"""The worker process: hands events on, sends what is due, settles what is in doubt, takes over from the dead."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from frontdesk.features import campaigns, delivery
from frontdesk.kernel.jobs import JobsWorker
from frontdesk.kernel.liveness import bury_dead
from frontdesk.kernel.loops import Loop, Tempo, keep_going
from frontdesk.kernel.telemetry import get_logger
from frontdesk.operations import checking, runbooks
from frontdesk.wiring import EXIT_AGAIN, EXIT_BROKEN, EXIT_STOPPED, SEND_TOPIC, Frontdesk, sign_of_life
from frontdesk.wiring.alerting import alert_rules, counting, hang_bell
from frontdesk.wiring.custody import keeping_custody
from frontdesk.wiring.monitoring import monitoring
from frontdesk.worker.booking import booking
from frontdesk.worker.calendars import keeping_calendars
from frontdesk.worker.hooks import hire_herald, telling
from frontdesk.worker.meaning import reading
from frontdesk.worker.paying import paying

TICK_SECONDS = 0.02
IDLE_TICK_SECONDS = 0.25
EVENT_TICK_SECONDS = 0.1  # nobody waits for these: what a person waits for is handled inline
FULL_SECONDS = 0.004  # until some of the POSTs in flight have come back
RECONCILE_SECONDS = 0.5
WATCH_SECONDS = 5.0
BURY_SECONDS = 0.5
CAMPAIGN_SECONDS = 2.0
STEER_SECONDS = 10.0
REFUND_SECONDS = 5.0
CHECK_SECONDS = 15.0
RUNBOOK_SECONDS = 1.0
ANSWER_SECONDS = 5.0

log = get_logger("worker")


async def run_worker(parts: Frontdesk, stop: asyncio.Event, *, background: JobsWorker | None = None) -> int:
    """Work until `stop` is set, or until this process is no longer known to be alive; returns the exit code.

    0 after a stop that was asked for, 75 when the sign of life was lost (start the process anew), 1 when a loop ended
    that should not have. What is being posted is finished by whoever closes `parts`. `background` runs beside.
    """
    ending = asyncio.Event()
    herald = hire_herald(parts)
    bell = hang_bell(parts)
    loops = [*list_loops(parts), telling(herald), *bell.loops]
    tasks = [asyncio.create_task(keep_going(loop, ending), name=loop.name) for loop in loops]
    if background is not None:
        tasks.append(asyncio.create_task(background.run(ending), name="background runs"))
    asked = asyncio.create_task(stop.wait())
    lost = asyncio.create_task(parts.presence.lost.wait())
    log.info("worker.started", process_id=str(parts.process_id), loops=len(loops))
    try:
        await asyncio.wait([asked, lost, *tasks], return_when=asyncio.FIRST_COMPLETED)
        code = _exit_code(asked, lost, tasks)
    finally:
        ending.set()
        for loop in loops:
            loop.wake.set()
        asked.cancel()
        lost.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await herald.close()
        await bell.close()
    log.info("worker.ended", exit_code=code)
    return code


def _exit_code(asked: asyncio.Task[bool], lost: asyncio.Task[bool], tasks: Sequence[asyncio.Task[None]]) -> int:
    for task in tasks:
        if task.done():
            error = None if task.cancelled() else task.exception()
            log.critical("worker.loop_ended", loop=task.get_name(), exc_info=error)
            return EXIT_BROKEN
    if lost.done() and not asked.done():
        log.error("worker.presence_lost", effect="nothing more is claimed; the process must be started anew")
        return EXIT_AGAIN
    return EXIT_STOPPED


def list_loops(parts: Frontdesk) -> list[Loop]:
    """List what a worker does all the time."""
    reconciler = delivery.Reconciler(system=parts.system, providers=parts.providers)

    async def reconcile() -> float:
        return 0.0 if await reconciler.reconcile_once() else RECONCILE_SECONDS

    async def watch() -> float:
        await reconciler.watch_once()
        return WATCH_SECONDS

    async def bury() -> float:
        await bury_dead(parts.system, own_id=parts.process_id, undertaker=parts.undertake)
        return BURY_SECONDS

    return [
        *paying(parts),
        _dispatch_events(parts),
        _dispatch_texts(parts),
        _dispatch_marketing(parts),
        *_look_after_campaigns(parts),
        *booking(parts),
        keeping_calendars(parts),
        reading(parts),
        *_look_after_ourselves(parts),
        Loop("reconcile texts in doubt", reconcile),
        Loop("watch for late texts", watch),
        Loop("take over from the dead", bury),
        monitoring(parts),
        keeping_custody(parts),
        counting(parts),
        sign_of_life(parts),
    ]


def _dispatch_events(parts: Frontdesk) -> Loop:
    dispatcher = parts.dispatcher()
    tempo = Tempo(quick=TICK_SECONDS, slow=EVENT_TICK_SECONDS)

    async def turn() -> float:
        return tempo.after(found_work=await dispatcher.dispatch_batch() > 0)

    return Loop("hand events on", turn)


def _dispatch_texts(parts: Frontdesk) -> Loop:
    lane = delivery.SetDispatch(system=parts.system, courier=parts.courier, process_id=parts.process_id)
    tempo = Tempo(quick=TICK_SECONDS, slow=IDLE_TICK_SECONDS)

    async def turn() -> float:
        if parts.courier.free_slots() == 0:
            return FULL_SECONDS
        seen = await lane.dispatch_once()
        return FULL_SECONDS if seen else tempo.after(found_work=False)

    return Loop("send what is due", turn, parts.presence.sleeper(SEND_TOPIC))


def _dispatch_marketing(parts: Frontdesk) -> Loop:
    lane = _marketing(parts)
    tempo = Tempo(quick=TICK_SECONDS, slow=IDLE_TICK_SECONDS)

    async def turn() -> float:
        if parts.courier.free_slots() == 0:
            return FULL_SECONDS
        return tempo.after(found_work=await lane.dispatch_once() > 0)

    return Loop("send campaigns", turn, parts.presence.sleeper(SEND_TOPIC))


def _look_after_campaigns(parts: Frontdesk) -> list[Loop]:
    lane = _marketing(parts)

    async def look_after() -> float:
        await campaigns.watch_campaigns(system=parts.system, app=parts.app)
        return CAMPAIGN_SECONDS

    async def steer() -> float:
        await lane.steer_once()
        return STEER_SECONDS

    async def refund() -> float:
        await lane.refund_once()
        return REFUND_SECONDS

    return [
        Loop("look after campaigns", look_after),
        Loop("share marketing between providers", steer),
        Loop("give back what was not sent", refund),
    ]


def _look_after_ourselves(parts: Frontdesk) -> list[Loop]:
    async def look() -> float:
        await checking.look_at_all(parts.system)
        return CHECK_SECONDS

    async def run() -> float:
        pause = await runbooks.advance_open_runs(parts.system)
        return RUNBOOK_SECONDS if pause is None else pause

    book = alert_rules(parts.settings)

    def page_of(alertname: str) -> str | None:
        rule = book.find(alertname)
        return None if rule is None else rule.runbook

    async def answer() -> float:
        await runbooks.answer_alerts(parts.system, pages=runbooks.library(), page_of=page_of)
        return ANSWER_SECONDS

    return [
        Loop("look at every check", look),
        Loop("run runbooks", run),
        Loop("answer alerts with runbooks", answer),
    ]


def _marketing(parts: Frontdesk) -> delivery.MarketingDispatch:
    return delivery.MarketingDispatch(system=parts.system, courier=parts.courier, process_id=parts.process_id)
