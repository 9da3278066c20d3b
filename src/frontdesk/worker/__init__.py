"""The background way in: dispatchers, reconciliation and schedules."""
