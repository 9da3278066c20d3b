"""Stripe's way to write a tree as a form: `line_items[0][price_data][currency]=usd`."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from frontdesk.providers.twin.journal import read_form

Tree: TypeAlias = dict[str, object]
_KEY: Final = re.compile(r"\[([^\[\]]*)\]")


def read_tree(body: bytes) -> Tree:
    """Read a form into nested members; the members of a list are named by their numbers."""
    tree: Tree = {}
    for name, value in read_form(body.decode(errors="replace")):
        head, _, rest = name.partition("[")
        path = [head, *_KEY.findall("[" + rest)] if rest else [head]
        place = tree
        for part in path[:-1]:
            below = place.setdefault(part, {})
            if not isinstance(below, dict):
                below = place[part] = {}
            place = below
        place[path[-1]] = value
    return tree


def branch(tree: Tree, *path: str) -> Tree:
    """Give what stands below a path; nothing if there is nothing."""
    place = tree
    for part in path:
        below = place.get(part)
        if not isinstance(below, dict):
            return {}
        place = below
    return place


def leaf(tree: Tree, *path: str) -> str:
    """Give the value at a path; empty if there is none."""
    value = branch(tree, *path[:-1]).get(path[-1])
    return value if isinstance(value, str) else ""


def texts(tree: Tree) -> dict[str, str]:
    """Give the plain members, as metadata are."""
    return {name: value for name, value in tree.items() if isinstance(value, str)}
