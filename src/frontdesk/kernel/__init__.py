"""The machinery under every feature: database, outbox, jobs, settings, auth, audit; it knows no business."""
