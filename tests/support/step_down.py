"""Runs the embedded server's program as the user `nobody`, from a root who may hide the interpreter from nobody."""

from __future__ import annotations

import importlib
import os
import pwd

from frontdesk.kernel.postgres.__main__ import main

LATE_IMPORTS = ("concurrent.futures.thread", "encodings.ascii", "encodings.idna")

if __name__ == "__main__":
    for name in LATE_IMPORTS:
        importlib.import_module(name)
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    raise SystemExit(main())
