"""The sound of voicemails, for those who may hear them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import FileResponse, Response

from frontdesk.features import insights
from frontdesk.kernel.auth import Scope
from frontdesk.kernel.auth.visit import Visit
from frontdesk.kernel.errors import Refused
from frontdesk.routing import Routes
from frontdesk.web.access import FrontDoor
from frontdesk.wiring import Frontdesk

# Anything else is handed out as a download: a carrier's word on what a file is must not decide what a browser runs.
SOUND_TYPES = frozenset({"audio/mpeg", "audio/mp3", "audio/ogg", "audio/wav", "audio/x-wav", "audio/wave"})

BINARY = {"schema": {"type": "string", "format": "binary"}}
SOUND: dict[int | str, dict[str, Any]] = {
    200: {"content": dict.fromkeys((*sorted(SOUND_TYPES), "application/octet-stream"), BINARY)},
    206: {
        "description": "The part that was asked for by Range",
        "content": dict.fromkeys((*sorted(SOUND_TYPES), "application/octet-stream", "multipart/byteranges"), BINARY),
    },
    409: {"description": "The voicemail is still being fetched"},
    416: {"description": "The file has no such part", "content": {"text/plain": {"schema": {"type": "string"}}}},
}


def voicemail_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the route of voicemails' sound; it serves ranges, so that players can seek."""
    routes = Routes(prefix="/api/voicemails", tags=["calls"])
    folder = (parts.settings.process.home / "recordings").resolve()

    @routes.get("/{voicemail_id}/audio", summary="Hear a voicemail", response_class=Response, responses=SOUND)
    async def hear(
        voicemail_id: UUID, visit: Annotated[Visit, Depends(door.to_business(Scope.CALLS_READ))]
    ) -> Response:
        async with visit.transaction() as tx:
            sound = await insights.find_voicemail(tx, voicemail_id=voicemail_id)
        if sound.stored_as is None:
            raise Refused("calls.voicemail_on_its_way", "This voicemail is still being fetched.", status=409)
        path = (folder / sound.stored_as).resolve()
        if not path.is_relative_to(folder / str(visit.tenant_id)) or not path.is_file():
            raise Refused("calls.voicemail_lost", "This voicemail's file is gone.", status=404)
        known = sound.content_type in SOUND_TYPES
        media_type = sound.content_type if known and sound.content_type else "application/octet-stream"
        kind = "inline" if known else "attachment"
        return FileResponse(path, media_type=media_type, filename=path.name, content_disposition_type=kind)

    return routes
