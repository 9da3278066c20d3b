"""The machinery under every feature: database, outbox, intake, jobs, clock, settings, auth, audit, telemetry; it knows no business."""
