"""Telnyx as the twin plays it: texts in and out, detail records, signed events."""
