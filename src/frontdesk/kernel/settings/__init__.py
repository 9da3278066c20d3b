"""Settings: every name, default and check, read once at the start."""

from __future__ import annotations

from frontdesk.kernel.settings.loading import (
    Fault,
    Settings,
    SettingsFaulty,
    load_settings,
    setting_names,
    without_settings,
)
from frontdesk.kernel.settings.reference import render_reference

__all__ = [
    "Fault",
    "Settings",
    "SettingsFaulty",
    "load_settings",
    "render_reference",
    "setting_names",
    "without_settings",
]
