"""What remedies are told: typed words, never anything that is executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from frontdesk.kernel.errors import Refused
from frontdesk.kernel.upkeep import Remedy

_WORD = re.compile(r"[A-Za-z0-9_.+:-]{1,100}")
_COUNT = re.compile(r"[0-9]{1,9}")


def check_arguments(remedy: Remedy, arguments: Mapping[str, str]) -> None:
    """Hold arguments against a remedy's parameters; refuses `runbooks.argument_missing` and `runbooks.argument_wrong`.

    'uuid' names something by id, 'word' has letters, digits and `_.+:-`, 'count' digits.
    """
    for one in remedy.parameters:
        value = arguments.get(one.name)
        if value is None:
            raise Refused("runbooks.argument_missing", f"{remedy.name} needs `{one.name}`: {one.sentence}", status=422)
        if not _fits(one.kind, value):
            raise Refused("runbooks.argument_wrong", f"{remedy.name}: `{one.name}` is no {one.kind}.", status=422)
    unknown = sorted(arguments.keys() - {one.name for one in remedy.parameters})
    if unknown:
        raise Refused("runbooks.argument_wrong", f"{remedy.name} takes no `{unknown[0]}`.", status=422)


def _fits(kind: str, value: str) -> bool:
    if kind == "uuid":
        try:
            UUID(value)
        except ValueError:
            return False
        return True
    return (_COUNT if kind == "count" else _WORD).fullmatch(value) is not None
