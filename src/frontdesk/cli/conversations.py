"""Commands for threads: list and show, answer, give to a member, put to rest, settle, note, and what is kept ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from frontdesk.cli.options import AsJson, Home, TenantSlug

if TYPE_CHECKING:
    from frontdesk.features.conversations import CannedReply, Item, Note, Reachability, Thread
    from frontdesk.features.textback import DialogueSettings
    from frontdesk.kernel.db import Transaction
    from frontdesk.wiring import Frontdesk

ThreadId = Annotated[UUID, typer.Argument(help="The thread's id.")]
NOBODY = "nobody"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    threads = typer.Typer(help="Threads: list, show, reply, assign, snooze, open, done, note, canned, dialogue.")
    threads.command("list")(list_threads)
    threads.command("show")(show_thread)
    threads.command("reply")(reply)
    threads.command("assign")(assign)
    threads.command("snooze")(snooze)
    threads.command("open")(open_again)
    threads.command("done")(settle)
    threads.command("note")(note)
    threads.command("canned")(canned)
    threads.command("dialogue")(dialogue)
    app.add_typer(threads, name="conversation")


def list_threads(
    *,
    tenant: TenantSlug,
    status: Annotated[str | None, typer.Option(help="Only open, snoozed or done ones.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List threads, the latest text first."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import conversations

    if status is not None and status not in set(conversations.ThreadStatus):
        raise typer.BadParameter(f"a status is one of {', '.join(conversations.ThreadStatus)}")
    wanted = conversations.ThreadFilter(status=None if status is None else conversations.ThreadStatus(status))

    async def work(parts: Frontdesk) -> list[Thread]:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            return await conversations.list_threads(tx, wanted, limit=limit)

    found = with_office(home, work)
    if as_json:
        write_json({"conversations": found})
        return
    rows = [
        (one.id, one.phone_e164, one.name, one.status.value, one.unread, one.person_asked_at, one.last_body)
        for one in found
    ]
    show_table("Threads", ("id", "number", "name", "status", "unread", "waits since", "last text"), rows)


def show_thread(
    thread: ThreadId,
    *,
    tenant: TenantSlug,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show a thread: texts, calls, voicemails and notes, and whether its person may be written to."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_facts, show_table, write_json
    from frontdesk.features import conversations

    async def work(parts: Frontdesk) -> tuple[Thread, Reachability, list[Item]]:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            found = await conversations.get_thread(tx, conversation_id=thread)
            items = await conversations.list_items(tx, conversation_id=thread, limit=limit)
            return found, await conversations.reach_of(tx, found), items

    found, reach, items = with_office(home, work)
    if as_json:
        write_json({"conversation": found, "reachability": reach, "items": items})
        return
    show_facts(
        {
            "number": found.phone_e164,
            "status": found.status.value,
            "may be written to": reach.transactional or "yes",
            "quiet until": reach.quiet_until,
        }
    )
    rows = [(one.at, one.kind, one.direction, one.author, one.words) for one in reversed(items)]
    show_table("Thread", ("at", "what", "way", "by", "words"), rows)


def reply(
    thread: ThreadId,
    words: Annotated[str, typer.Argument(help="What to write; empty with --canned.")] = "",
    *,
    tenant: TenantSlug,
    canned: Annotated[str, typer.Option(help="Name of an answer that is kept ready.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer a thread's person; the gates decide whether and when the text leaves."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import conversations
    from frontdesk.kernel.ids import new_id

    async def work(parts: Frontdesk) -> tuple[str, str]:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            body = (await conversations.get_canned(tx, name=canned)).body if canned else words
            line = await conversations.find_line(tx, conversation_id=thread)
            found = await conversations.get_thread(tx, conversation_id=thread)
            asked = await conversations.write_to(
                tx,
                contact_id=found.contact_id,
                body=body,
                author=actor().shown,
                key=f"by-hand:cli:{new_id()}",
                sender_e164=line.phone_e164,
                provider=line.provider,
                lane=parts.courier,
            )
        return asked.status.value, asked.code

    status, code = with_office(home, work)
    if as_json:
        write_json({"status": status, "code": code})
    else:
        console().print(f"The text is {status} ({code}).")


def assign(
    thread: ThreadId,
    member: Annotated[str, typer.Argument(help="E-mail address of a member, or nobody.")],
    *,
    tenant: TenantSlug,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give a thread to a member, or to nobody."""
    from frontdesk.features import conversations
    from frontdesk.kernel import auth
    from frontdesk.kernel.errors import Refused

    async def work(parts: Frontdesk, tx: Transaction) -> None:
        user_id = None
        if member != NOBODY:
            async with parts.system.transaction() as platform:
                user = await auth.find_user(platform, email=member)
            if user is None:
                raise Refused("conversations.not_a_member", f"nobody is known as {member}", status=422)
            user_id = user.id
        await conversations.assign_thread(tx, conversation_id=thread, to=user_id)

    _change(thread, tenant=tenant, home=home, as_json=as_json, work=work)


def snooze(
    thread: ThreadId,
    *,
    tenant: TenantSlug,
    hours: Annotated[float, typer.Option(help="How long it rests.", min=0.01, max=8760)] = 24.0,
    until: Annotated[datetime | None, typer.Option(help="Until when it rests, in UTC.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put a thread to rest until a moment, or until its person writes."""
    from datetime import UTC

    from frontdesk.features import conversations

    async def work(_parts: Frontdesk, tx: Transaction) -> None:
        moment = tx.now + timedelta(hours=hours) if until is None else until.replace(tzinfo=UTC)
        await conversations.snooze_thread(tx, conversation_id=thread, until=moment)

    _change(thread, tenant=tenant, home=home, as_json=as_json, work=work)


def open_again(thread: ThreadId, *, tenant: TenantSlug, home: Home = None, as_json: AsJson = False) -> None:
    """Open a thread again."""
    from frontdesk.features import conversations

    async def work(_parts: Frontdesk, tx: Transaction) -> None:
        await conversations.open_thread(tx, conversation_id=thread)

    _change(thread, tenant=tenant, home=home, as_json=as_json, work=work)


def settle(thread: ThreadId, *, tenant: TenantSlug, home: Home = None, as_json: AsJson = False) -> None:
    """Call a thread done: nobody waits in it any more, and the program answers its next text."""
    from frontdesk.features import conversations

    async def work(_parts: Frontdesk, tx: Transaction) -> None:
        await conversations.settle_thread(tx, conversation_id=thread)

    _change(thread, tenant=tenant, home=home, as_json=as_json, work=work)


def note(
    thread: ThreadId,
    words: Annotated[str, typer.Argument(help="What to note for the others; it is never sent.")],
    *,
    tenant: TenantSlug,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Note something in a thread for the others at the business."""
    from frontdesk.cli.office import actor, find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import conversations

    async def work(parts: Frontdesk) -> Note:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            return await conversations.add_note(tx, conversation_id=thread, body=words, author=actor().shown)

    added = with_office(home, work)
    if as_json:
        write_json(added)
    else:
        console().print("Noted.")


def canned(
    name: Annotated[str, typer.Argument(help="Name of an answer to keep; all are listed without.")] = "",
    words: Annotated[str, typer.Argument(help="The answer.")] = "",
    *,
    tenant: TenantSlug,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Keep an answer ready under a name, or list those that are kept."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_table, write_json
    from frontdesk.features import conversations

    async def work(parts: Frontdesk) -> list[CannedReply]:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            if name:
                await conversations.put_canned(tx, name=name, body=words)
            return await conversations.list_canned(tx, limit=1_000)

    found = with_office(home, work)
    if as_json:
        write_json({"canned_replies": found})
    else:
        show_table("Answers kept ready", ("name", "answer"), [(one.name, one.body) for one in found])


def dialogue(
    *,
    tenant: TenantSlug,
    active: Annotated[bool | None, typer.Option(help="Whether the program answers texts.")] = None,
    model: Annotated[bool | None, typer.Option(help="Whether a model may read what rules leave unsure.")] = None,
    person_within: Annotated[
        int | None, typer.Option(help="Minutes that people may wait for a person.", min=1, max=10_080)
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show how a business's texts are answered, or change it."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import show_facts, write_json
    from frontdesk.features import textback

    async def work(parts: Frontdesk) -> DialogueSettings:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            known = await textback.get_settings(tx)
            wanted = textback.DialogueSettings(
                active=known.active if active is None else active,
                model_allowed=known.model_allowed if model is None else model,
                person_within_minutes=person_within or known.person_within_minutes,
            )
            if wanted != known:
                await textback.change_settings(tx, wanted)
            return wanted

    found = with_office(home, work)
    if as_json:
        write_json(found)
        return
    facts = {"answered by the program": found.active, "model allowed": found.model_allowed}
    show_facts({**facts, "person within minutes": found.person_within_minutes})


def _change(
    thread: UUID, *, tenant: str, home: Home, as_json: bool, work: Callable[[Frontdesk, Transaction], Awaitable[None]]
) -> None:
    """Change a thread and show how it stands."""
    from frontdesk.cli.office import find_tenant_id, with_office
    from frontdesk.cli.output import console, write_json
    from frontdesk.features import conversations

    async def go(parts: Frontdesk) -> Thread:
        async with parts.app.transaction(await find_tenant_id(parts, tenant)) as tx:
            await work(parts, tx)
            return await conversations.get_thread(tx, conversation_id=thread)

    changed = with_office(home, go)
    if as_json:
        write_json(changed)
    else:
        console().print(f"The thread is {changed.status.value}.")
