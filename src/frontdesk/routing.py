"""Routers whose routes are worked out when somebody first asks for them, so that a process listens sooner."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from threading import RLock
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import compile_path, get_name

# Of two threads that ask at once, as a request and the page of the API, one works a route out and the other waits.
_WORKING_OUT = RLock()


class LateRoute(APIRoute):
    """A route that knows its path and methods at once, and what it takes and answers with once that is asked."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **rest: Any) -> None:  # noqa: ANN401 - FastAPI's own
        self._rest: dict[str, Any] = rest
        self.path, self.endpoint = path, endpoint
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = {method.upper() for method in rest.get("methods") or ["GET"]}
        self.name = rest.get("name") or get_name(endpoint)
        self.include_in_schema = rest.get("include_in_schema", True)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of whatever kind FastAPI makes it
        """Work the rest out: Python asks for an attribute here only if there is none yet."""
        with _WORKING_OUT:
            if (rest := self.__dict__.pop("_rest", None)) is not None:
                super().__init__(self.path, self.endpoint, **rest)
        return self.__getattribute__(name)


class Routes(APIRouter):
    """A router whose routes are late."""

    def __init__(
        self, *, prefix: str = "", tags: list[str | Enum] | None = None, include_in_schema: bool = True
    ) -> None:
        super().__init__(prefix=prefix, tags=tags, include_in_schema=include_in_schema, route_class=LateRoute)
