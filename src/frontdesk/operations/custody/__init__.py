"""Custody: the audit log is watched for tampering, secrets are exchanged, access is taken away after a breach."""
