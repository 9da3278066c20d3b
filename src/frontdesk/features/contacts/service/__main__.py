"""The program that reads one file of people, with its memory and time limited, for the process that waits for it.

`FILE DRAFTS JOB`: reads FILE as the JSON of `Job` says and writes one draft a line into DRAFTS (empty: a look at the
first rows is enough). It prints lines of JSON: `Progress` now and then, in the end one `Read` or one `Unreadable`.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import msgspec

from frontdesk.features.contacts.service.reading import Job, Unreadable, read_file, say
from frontdesk.kernel.errors import Refused

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 300


def main(arguments: list[str]) -> int:
    """Read one file; returns 0 also for one that was refused, because that was said."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path, drafts, job = Path(arguments[0]), arguments[1], msgspec.json.decode(arguments[2], type=Job)
    try:
        say(read_file(path, Path(drafts) if drafts else None, job, said=sys.stdout), sys.stdout)
    except Refused as refusal:
        say(Unreadable(refusal.code, refusal.message, refusal.status), sys.stdout)
    except MemoryError:
        message = "The file takes more memory than it may; split it."
        say(Unreadable("contacts.import_too_large", message, 413), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
