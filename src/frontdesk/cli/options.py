"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder that keeps all state (default: FRONTDESK_HOME, or ./var)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
TenantSlug = Annotated[str, typer.Option("--tenant", help="Short name or id of the business.")]
OptionalTenant = Annotated[str | None, typer.Option("--tenant", help="Short name or id of a business.")]
