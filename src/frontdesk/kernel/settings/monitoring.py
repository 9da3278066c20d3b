"""Settings of monitors: which number they use."""

from __future__ import annotations

from pydantic import Field

from frontdesk.kernel.settings.parts import Part


class MonitorSettings(Part):
    """Whether monitors run, and where they call."""

    number: str | None = Field(
        None,
        validation_alias="MONITOR_NUMBER",
        pattern=r"^\+[1-9][0-9]{6,14}$",
        description="number of ours that monitors call and write to every minute, at the twin; unset: none run",
    )
