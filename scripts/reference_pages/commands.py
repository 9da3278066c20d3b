"""The page of the command line, from the help of every command."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from frontdesk.cli.main import app
from scripts.reference_pages.markdown import page, table

INTRODUCTION = """
`./run COMMAND …` in a clone, `frontdesk COMMAND …` where the package is installed. Exit codes: 0 it worked, 1 it did
not or something is wrong, 2 wrong usage or settings. With `--json`, exactly one JSON document is printed. `--home` is
the folder that keeps all state (`FRONTDESK_HOME`, else `./var`).
"""
EVERYWHERE = {"--home", "--json", "--help"}


def commands(group: TyperGroup, path: str = "frontdesk") -> Iterator[tuple[str, TyperCommand]]:
    """List every command with its full name, in the order of the help."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path} {name}")
        elif isinstance(command, TyperCommand):
            yield f"{path} {name}", command


@cache
def all_commands() -> dict[str, TyperCommand]:
    """Give every command of the program by its full name."""
    root = typer.main.get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError(type(root).__name__)
    return dict(commands(root))


def render_commands() -> str:
    """Make the page."""
    return page("Commands", INTRODUCTION, *(_section(name, command) for name, command in all_commands().items()))


def _section(name: str, command: TyperCommand) -> str:
    arguments = [one for one in command.params if isinstance(one, TyperArgument)]
    options = [one for one in command.params if isinstance(one, TyperOption) and not EVERYWHERE & set(one.opts)]
    json = any("--json" in one.opts for one in command.params)
    usage = " ".join((name, *(_metavar(one) for one in arguments)))
    parts = [f"## {name}", (command.help or "").strip(), f"`{usage}{' [--json]' if json else ''}`"]
    if options:
        rows = [(f"`{' / '.join((*one.opts, *one.secondary_opts))}`", one.help or "", _default(one)) for one in options]
        parts.append(table(("option", "meaning", "default"), rows))
    return "\n\n".join(parts)


def _metavar(argument: TyperArgument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    return name if argument.required else f"[{name}]"


def _default(option: TyperOption) -> str:
    if option.required:
        return "required"
    value = option.default
    if (
        value is None
        or callable(value)
        or value is False
        or isinstance(value, list | tuple)
        or repr(value) == "Sentinel.UNSET"
    ):
        return ""
    return f"`{value}`"
