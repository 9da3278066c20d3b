"""Style sheets, scripts and icons: read once, compressed once, and named by their content for browsers to keep."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "static"
SHEET = "frontdesk.css"  # the one sheet of the console, joined from `style/`: its base first, then a file per room
KEEP = "public, max-age=31536000, immutable"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, plain and compressed."""

    media_type: str
    body: bytes
    compressed: bytes


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """All files by their path below the folder; `digest` changes when any of them does."""

    digest: str
    files: dict[str, StaticFile]


@lru_cache(maxsize=1)
def load_static_files() -> StaticFiles:
    """Read every file once per process."""
    digest = hashlib.sha256()
    files: dict[str, StaticFile] = {}
    for name, body in sorted(_read_bodies().items()):
        media_type = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
        if media_type is None:
            continue
        digest.update(name.encode() + b"\0" + body)
        files[name] = StaticFile(media_type, body, gzip.compress(body, mtime=0))
    return StaticFiles(digest.hexdigest()[:12], files)


def _read_bodies() -> dict[str, bytes]:
    styles = sorted((FOLDER / "style").glob("*.css"), key=lambda path: (path.stem != "base", path.stem))
    bodies = {SHEET: b"\n".join(path.read_bytes() for path in styles)}
    for path in FOLDER.rglob("*"):
        if path.is_file() and path not in styles and not path.name.startswith("."):
            bodies[path.relative_to(FOLDER).as_posix()] = path.read_bytes()
    return bodies


def address_of(name: str) -> str:
    """Tell where a file is served; empty if it was not built, so that a page can do without it."""
    loaded = load_static_files()
    return f"/static/{loaded.digest}/{name}" if name in loaded.files else ""


async def _serve(request: Request) -> Response:
    loaded = load_static_files()
    found = loaded.files.get(request.path_params["name"])
    if found is None or request.path_params["digest"] != loaded.digest:
        return Response("Not found", status_code=404, media_type="text/plain")
    headers = {"cache-control": KEEP, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.compressed, media_type=found.media_type, headers=headers | {"content-encoding": "gzip"})
    return Response(found.body, media_type=found.media_type, headers=headers)


STATIC_ROUTE = Route("/static/{digest}/{name:path}", _serve, methods=["GET"])
