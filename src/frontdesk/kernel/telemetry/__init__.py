"""What the program tells about itself: logs, metrics and the correlation that ties them together."""

from __future__ import annotations

from frontdesk.kernel.telemetry.correlation import Correlation, correlated, current_correlation
from frontdesk.kernel.telemetry.logs import LineWriter, configure_logging, get_logger
from frontdesk.kernel.telemetry.metrics import CATALOGUE, Metric, MetricKind, Metrics, render_metrics_reference
from frontdesk.kernel.telemetry.redaction import Redactor, mask_phone

__all__ = [
    "CATALOGUE",
    "Correlation",
    "LineWriter",
    "Metric",
    "MetricKind",
    "Metrics",
    "Redactor",
    "configure_logging",
    "correlated",
    "current_correlation",
    "get_logger",
    "mask_phone",
    "render_metrics_reference",
]
