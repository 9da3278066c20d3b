"""The page that lists every setting, generated from the settings themselves."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from frontdesk.kernel.settings.loading import PARTS, is_secret, setting_name

_HEAD = """# Settings

Generated from the program; do not edit. Settings are environment variables. An empty value means unset.
Every secret `X` can stand in a file instead: set `X_FILE` to its path. A start with wrong settings lists all faults at
once.
"""


def render_reference() -> str:
    """Render the reference as Markdown: one table per part, in a fixed order."""
    return "\n".join([_HEAD, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    for part in PARTS:
        yield f"## {(part.__doc__ or '').strip().rstrip('.')}\n"
        yield "| name | default | meaning |\n|---|---|---|"
        for field_name, field in part.model_fields.items():
            name = setting_name(field_name, field)
            meaning = (field.description or "").replace("|", "\\|")
            note = f" (secret; or `{name}_FILE`)" if is_secret(field) else ""
            yield f"| `{name}` | {_default(field)} | {meaning}{note} |"
        yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "generated"
    if field.default is None or field.default in ((), {}):
        return "unset"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default}`"
