"""What calls do in the background: bring voicemails home before their provider forgets them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from frontdesk.features.calls import queries
from frontdesk.features.calls.events import VoicemailLeft
from frontdesk.kernel.db import Transaction
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.jobs import RetryPolicy, RunContext, Workflows, start_run
from frontdesk.kernel.outbox import Handler, NewsOf, on
from frontdesk.ports import ProviderError
from frontdesk.ports.media import MediaFetcher

STORE_VOICEMAIL = "calls.store_voicemail.v1"
ENDINGS = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/wave": ".wav",
}
NOT_FOUND = 404


def handlers() -> list[Handler]:
    """List what calls listen to: their own voicemails, to fetch each in the background."""

    async def fetch_later(tx: Transaction, news: NewsOf[VoicemailLeft]) -> None:
        voicemail_id = str(news.event.voicemail_id)
        await start_run(tx, STORE_VOICEMAIL, {"voicemail_id": voicemail_id}, key=voicemail_id)

    return [on(VoicemailLeft, "calls.store_voicemail", fetch_later)]


def add_workflows(workflows: Workflows, *, media: Mapping[str, MediaFetcher], folder: Path) -> None:
    """Register the fetching of voicemails from the providers in `media` into `folder/<tenant>/`.

    Tried 8 times over about 20 minutes: a recording is announced a little before it can be fetched.
    """
    retry = RetryPolicy(
        max_attempts=8, first_delay=timedelta(seconds=2), max_delay=timedelta(minutes=10), permanent=_is_final
    )

    @workflows.workflow(STORE_VOICEMAIL, retry=retry, concurrency=4)
    async def store(run: RunContext) -> None:
        voicemail_id = UUID(str(run.args["voicemail_id"]))

        async def look_up(tx: Transaction) -> dict[str, str]:
            found = await queries.find_voicemail(tx, voicemail_id=voicemail_id)
            if found is None:
                raise Refused("calls.voicemail_not_found", "this voicemail is gone", status=404)
            return {"provider": str(found["provider"]), "url": str(found["url"])}

        source = await run.step("look up", look_up)

        async def fetch() -> dict[str, str]:
            fetcher = media.get(source["provider"])
            if fetcher is None:
                raise Refused("calls.no_credentials", f"no credentials for {source['provider']}", status=409)
            file = await fetcher.fetch_media(source["url"])
            content_type = file.content_type.partition(";")[0].strip().lower()
            name = f"{run.tenant_id}/{voicemail_id}{ENDINGS.get(content_type, '.bin')}"
            await asyncio.to_thread(_keep, folder / name, file.body)
            return {"stored_as": name, "content_type": content_type}

        kept = await run.call("fetch", fetch)

        async def note(tx: Transaction) -> None:
            await queries.note_stored(
                tx, voicemail_id=voicemail_id, stored_as=kept["stored_as"], content_type=kept["content_type"]
            )

        await run.step("note where", note)


def _is_final(error: Exception) -> bool:
    """Tell whether trying again is in vain; a recording that is not there yet may come."""
    if isinstance(error, ProviderError):
        return error.permanent and error.http_status != NOT_FOUND
    return isinstance(error, Refused)


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone, flushed to the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
