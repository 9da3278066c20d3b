"""Settings of log files: how large they grow, and how long they are kept."""

from __future__ import annotations

from pydantic import Field

from frontdesk.kernel.settings.parts import Part


class LogFileSettings(Part):
    """When `up` sets log files aside, and for how long they are kept."""

    retention_days: int = Field(
        30,
        validation_alias="LOG_RETENTION_DAYS",
        ge=1,
        description="days that `up` keeps log files which it has set aside, each day's in a packed file of its own",
    )
    max_mb: int = Field(
        50,
        validation_alias="LOG_FILE_MAX_MB",
        ge=1,
        le=10_000,
        description="megabytes at which `up` sets a log file aside before the day is over",
    )
