"""The design page: type, spacing, colours with their contrast in both themes, and every component as it really is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from frontdesk.routing import Routes
from frontdesk.web.access import Caller, FrontDoor
from frontdesk.web.guide import KnownDesk
from frontdesk.web.pages.rows import Chip, Tone
from frontdesk.web.static_files import SHEET, load_static_files
from frontdesk.wiring import Frontdesk

TEMPLATES = Path(__file__).parent / "templates"
_TOKEN = re.compile(r"^\s*--([a-z-]+):\s*(.+?);", re.MULTILINE)
_BOTH = re.compile(r"light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
_ICON = re.compile(r"name == '([a-z-]+)'")
_MACRO = re.compile(r"{% macro (\w+)\(")
# What a colour is read on, where that is not the surface of a panel.
READ_ON = {"good": "good-soft", "busy": "busy-soft", "warn": "warn-soft", "bad": "bad-soft"}
WORDS_ON_WHITE = frozenset({"accent-fill", "danger", "danger-deep"})  # white words stand on these
ENOUGH = 4.5  # WCAG 2.2, 1.4.3: text of usual size
SPACES = (4, 8, 12, 16, 20, 28)
_LINEAR_BELOW = 0.04045


@dataclass(frozen=True, slots=True, kw_only=True)
class Swatch:
    """A colour token: its value in both themes, and the contrast of words with what they stand on (None: no words)."""

    name: str
    light: str
    dark: str
    on: str
    light_contrast: float | None
    dark_contrast: float | None


def design_router(parts: Frontdesk, door: FrontDoor) -> APIRouter:
    """Make the route of the design page, for anybody who is logged in."""
    routes = Routes(include_in_schema=False)
    desk = KnownDesk(parts, door)

    @routes.get("/design")
    async def design(request: Request, caller: Annotated[Caller, Depends(door.anybody_known)]) -> Response:
        return await desk.page(
            request,
            caller,
            "design.html",
            section="design",
            swatches=list_swatches(),
            others=list_other_tokens(),
            icons=list_icons(),
            spaces=SPACES,
            chips=[Chip(tone.value, tone) for tone in Tone],
            enough=ENOUGH,
        )

    return routes


@lru_cache(maxsize=1)
def list_swatches() -> Sequence[Swatch]:
    """List the colour tokens of the one sheet, in its order."""
    pairs = {name: both for name, value in _tokens() if (both := _BOTH.fullmatch(value)) is not None}
    return [_swatch(name, both[1], both[2], pairs) for name, both in pairs.items()]


def list_other_tokens() -> Sequence[tuple[str, str]]:
    """List the tokens that are no colours."""
    return [(name, value) for name, value in _tokens() if _BOTH.fullmatch(value) is None]


def list_icons() -> Sequence[str]:
    """List the names of the icons."""
    return _ICON.findall((TEMPLATES / "_icons.html").read_text(encoding="utf-8"))


def list_macros() -> Sequence[str]:
    """List the names of the components that pages share."""
    return _MACRO.findall((TEMPLATES / "_parts.html").read_text(encoding="utf-8"))


def contrast(one: str, other: str) -> float:
    """Measure the contrast of two colours (#rrggbb) as WCAG 2.2 defines it: 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _tokens() -> Sequence[tuple[str, str]]:
    sheet = load_static_files().files[SHEET].body.decode()
    return list(dict(_TOKEN.findall(sheet)).items())


def _swatch(name: str, light: str, dark: str, pairs: dict[str, re.Match[str]]) -> Swatch:
    if name in WORDS_ON_WHITE:
        on, grounds = "white words on it", ("#ffffff", "#ffffff")
    elif name in {"text", "muted", "accent", *READ_ON}:
        ground = pairs[READ_ON.get(name, "surface")]
        on, grounds = f"words on {READ_ON.get(name, 'surface')}", (ground[1], ground[2])
    else:
        return Swatch(name=name, light=light, dark=dark, on="", light_contrast=None, dark_contrast=None)
    return Swatch(
        name=name,
        light=light,
        dark=dark,
        on=on,
        light_contrast=contrast(light, grounds[0]),
        dark_contrast=contrast(dark, grounds[1]),
    )


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
