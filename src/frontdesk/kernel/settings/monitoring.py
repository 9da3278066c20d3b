"""Settings of monitors: which numbers they use, and how often at a carrier that costs money."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from frontdesk.kernel.settings.parts import Part

PHONE = r"^\+[1-9][0-9]{6,14}$"


class MonitorSettings(Part):
    """Whether monitors run, and where they call."""

    number: str | None = Field(
        None,
        validation_alias="MONITOR_NUMBER",
        pattern=PHONE,
        description="number of ours that monitors call and write to; every minute at the twin; unset: none run",
    )
    from_number: str | None = Field(
        None,
        validation_alias="MONITOR_FROM_NUMBER",
        pattern=PHONE,
        description="second number of ours, no business has it: monitors use it at a real carrier; costs money",
    )
    runs_per_day: int = Field(
        24,
        validation_alias="MONITOR_RUNS_PER_DAY",
        ge=1,
        le=96,
        description="how often a day each monitor runs at a real carrier: a call or three texts, and the answers",
    )

    @model_validator(mode="after")
    def _numbers_are_two(self) -> Self:
        if self.from_number is not None and self.number is None:
            raise ValueError("MONITOR_FROM_NUMBER needs MONITOR_NUMBER: the number that is called and written to")
        if self.from_number is not None and self.from_number == self.number:
            raise ValueError("MONITOR_FROM_NUMBER and MONITOR_NUMBER are one number: a carrier refuses that")
        return self
