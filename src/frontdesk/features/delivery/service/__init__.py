"""The verbs of delivery: ask, claim, record, reconcile, stop."""
