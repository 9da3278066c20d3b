"""Alerts for other programs: rules for Prometheus with their tests, routes for Alertmanager, boards for Grafana."""

from frontdesk.operations.alerts.exporting.alertmanager import alertmanager_file
from frontdesk.operations.alerts.exporting.grafana import grafana_files
from frontdesk.operations.alerts.exporting.prometheus import prometheus_file
from frontdesk.operations.alerts.exporting.promtests import prometheus_tests_file

__all__ = ["alertmanager_file", "grafana_files", "prometheus_file", "prometheus_tests_file"]
