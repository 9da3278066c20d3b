"""What was acknowledged stands in the journal, whatever crashes, whoever writes beside it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frontdesk
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.journal import Journal

AT = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
CAROL = {"kind": "stop", "phone_e164": "+14155550134"}


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal(tmp_path / "journal")
    yield opened
    await opened.close()


def march(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "opt-outs-202603.jsonl"


async def test_an_entry_comes_back_as_it_was_written(journal: Journal, tmp_path: Path) -> None:
    odd = {**CAROL, "wording": 'STOP\n\u2028"é" \x00 \ud800', "list": [1, None, True, 0.5]}
    await journal.append(CAROL, at=AT)
    written = await journal.append(odd, at=AT)
    reading = journal.read_all()
    assert reading.damage == ()
    assert [entry.entry for entry in reading.entries] == [CAROL, odd]
    assert reading.entries[1] == written
    assert march(tmp_path).read_bytes().count(b"\n") == 2
    assert stat.S_IMODE(march(tmp_path).stat().st_mode) == 0o600


async def test_concurrent_appends_share_flushes_and_keep_their_order(journal: Journal) -> None:
    entries = await asyncio.gather(*(journal.append({"n": number}, at=AT) for number in range(500)))
    assert [entry.seq for entry in entries] == list(range(1, 501))
    assert [entry.entry["n"] for entry in journal.read_all().entries] == list(range(500))
    assert journal.flushes <= 5


async def test_the_chain_goes_on_in_the_file_of_the_next_month_and_never_back(journal: Journal, tmp_path: Path) -> None:
    for step in (timedelta(0), timedelta(minutes=2), timedelta(days=-40)):
        await journal.append(CAROL, at=AT + step)
    names = sorted(path.name for path in (tmp_path / "journal").glob("*.jsonl"))
    assert names == ["opt-outs-202603.jsonl", "opt-outs-202604.jsonl"]
    reading = journal.read_all()
    assert [entry.seq for entry in reading.entries] == [1, 2, 3]
    assert reading.damage == ()


@pytest.mark.parametrize("cut", [1, 10, 100])
async def test_a_line_torn_by_a_crash_is_moved_aside_and_the_rest_stands(
    journal: Journal, tmp_path: Path, cut: int
) -> None:
    await journal.append({"n": 1}, at=AT)
    await journal.append({"n": 2}, at=AT)
    whole = march(tmp_path).read_bytes()
    march(tmp_path).write_bytes(whole[:-cut])
    restarted = Journal(tmp_path / "journal")
    assert [entry.entry for entry in restarted.read_all().entries] == [{"n": 1}]
    await restarted.append({"n": 3}, at=AT)
    await restarted.close()
    reading = restarted.read_all()
    assert [entry.entry for entry in reading.entries] == [{"n": 1}, {"n": 3}]
    assert reading.damage == ()
    torn = whole.split(b"\n")[1] + b"\n"
    assert march(tmp_path).with_suffix(".torn").read_bytes() == torn[:-cut] + b"\n"


async def test_a_crash_right_after_a_new_month_began_loses_nothing(journal: Journal, tmp_path: Path) -> None:
    await journal.append({"n": 1}, at=AT)
    (tmp_path / "journal" / "opt-outs-202604.jsonl").write_bytes(b"")
    restarted = Journal(tmp_path / "journal")
    entry = await restarted.append({"n": 2}, at=AT + timedelta(days=1))
    await restarted.close()
    assert entry.seq == 2
    assert restarted.read_all().damage == ()


async def test_every_kind_of_later_damage_is_reported_and_the_rest_is_read(journal: Journal, tmp_path: Path) -> None:
    for number in range(4):
        await journal.append({"n": number}, at=AT)
    lines = march(tmp_path).read_bytes().splitlines(keepends=True)

    def reading_of(changed: list[bytes]) -> tuple[list[object], list[int]]:
        march(tmp_path).write_bytes(b"".join(changed))
        reading = journal.read_all()
        return [entry.entry["n"] for entry in reading.entries], [damage.line for damage in reading.damage]

    assert reading_of(lines) == ([0, 1, 2, 3], [])
    assert reading_of([lines[0], lines[1].replace(b'"n":1', b'"n":7'), *lines[2:]]) == ([0, 2, 3], [2, 3])
    assert reading_of([lines[0], *lines[2:]]) == ([0, 2, 3], [2])
    assert reading_of([lines[0], lines[2], lines[1], lines[3]]) == ([0, 2, 1, 3], [2, 3, 4])
    assert reading_of([lines[0], b"\x00" * 50 + b"\n", *lines[1:]]) == ([0, 1, 2, 3], [2])


async def test_a_full_disk_refuses_with_503_keeps_nothing_of_it_and_recovers(tmp_path: Path) -> None:
    """A file size limit makes the write fail half way, as a full disk does."""
    script = f"""
import asyncio, resource, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from frontdesk.kernel.errors import Refused
from frontdesk.kernel.journal import Journal

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal(Path({str(tmp_path / "journal")!r}))
    at = datetime(2026, 3, 1, tzinfo=UTC)
    await journal.append({{"n": 1}}, at=at)
    size = (Path({str(tmp_path / "journal")!r}) / "opt-outs-202603.jsonl").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, resource.RLIM_INFINITY))
    try:
        await journal.append({{"n": 2}}, at=at)
    except Refused as refusal:
        print(refusal.code, refusal.status, type(refusal.__cause__).__name__, refusal.__cause__.errno)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await journal.append({{"n": 3}}, at=at)
    await journal.close()

asyncio.run(main())
"""
    process = await python(script)
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.decode().split()[-4:] == ["journal.unavailable", "503", "OSError", str(errno.EFBIG)]
    reading = Journal(tmp_path / "journal").read_all()
    assert [entry.entry for entry in reading.entries] == [{"n": 1}, {"n": 3}]
    assert reading.damage == ()


async def test_a_folder_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file is in the way")
    journal = Journal(tmp_path / "journal")
    with pytest.raises(Refused) as refusal:
        await journal.append(CAROL, at=AT)
    assert refusal.value.status == 503
    await journal.close()


async def test_an_entry_that_is_no_json_spoils_no_other(journal: Journal) -> None:
    results = await asyncio.gather(
        *(journal.append(entry, at=AT) for entry in ({"n": 0}, {"at": AT}, {"n": 2})), return_exceptions=True
    )
    assert isinstance(results[1], TypeError)
    assert [entry.entry for entry in journal.read_all().entries] == [{"n": 0}, {"n": 2}]


async def test_processes_that_append_together_make_one_unbroken_chain(tmp_path: Path) -> None:
    script = f"""
import asyncio, sys
from datetime import datetime, UTC
from pathlib import Path
from frontdesk.kernel.journal import Journal

async def main():
    journal = Journal(Path({str(tmp_path / "journal")!r}))
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(60):
        await journal.append({{"n": n}}, at=datetime(2026, 3, 1, tzinfo=UTC))
    await journal.close()

asyncio.run(main())
"""
    processes = [await python(script) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0]
    reading = Journal(tmp_path / "journal").read_all()
    assert reading.damage == ()
    assert [entry.seq for entry in reading.entries] == list(range(1, 181))


async def test_what_was_acknowledged_before_kill_9_is_there(tmp_path: Path) -> None:
    script = f"""
import asyncio
from datetime import datetime, UTC
from pathlib import Path
from frontdesk.kernel.journal import Journal

async def main():
    journal = Journal(Path({str(tmp_path / "journal")!r}))
    async def forever(lane):
        n = 0
        while True:
            entry = await journal.append({{"lane": lane, "n": n}}, at=datetime(2026, 3, 1, tzinfo=UTC))
            print(entry.seq, flush=True)
            n += 1
    await asyncio.gather(*(forever(lane) for lane in range(20)))

asyncio.run(main())
"""
    process = await python(script)
    assert process.stdout is not None
    acknowledged = [int(await process.stdout.readline()) for _ in range(200)]
    process.send_signal(signal.SIGKILL)
    rest, _ = await process.communicate()
    acknowledged += [int(line) for line in rest.split(b"\n")[:-1]]
    survivor = Journal(tmp_path / "journal")
    await survivor.append(CAROL, at=AT)
    await survivor.close()
    reading = survivor.read_all()
    assert reading.damage == ()
    assert set(acknowledged) <= {entry.seq for entry in reading.entries}


async def test_a_process_that_holds_the_journal_for_ever_makes_others_refuse_in_time(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    holder = os.open(folder / "opt-outs.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    journal = Journal(folder, lock_seconds=0.05)
    with pytest.raises(Refused) as refusal:
        await journal.append(CAROL, at=AT)
    assert isinstance(refusal.value.__cause__, TimeoutError)
    os.close(holder)
    assert (await journal.append(CAROL, at=AT)).seq == 1
    await journal.close()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_single_byte_can_change_unnoticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("j")

    async def write() -> None:
        journal = Journal(folder)
        for number in range(3):
            await journal.append({"n": number, "who": "Carol"}, at=AT)
        await journal.close()

    asyncio.run(write())
    path = folder / "opt-outs-202603.jsonl"
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 2))
    raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    reading = Journal(folder).read_all()
    kept = [entry.entry for entry in reading.entries]
    originals = [{"n": number, "who": "Carol"} for number in range(3)]
    assert reading.damage or kept == originals
    assert all(entry in originals for entry in kept)


def test_a_line_is_plain_json_for_any_other_program(tmp_path: Path) -> None:
    async def write() -> None:
        journal = Journal(tmp_path)
        await journal.append(CAROL, at=AT)
        await journal.close()

    asyncio.run(write())
    line = json.loads((tmp_path / "opt-outs-202603.jsonl").read_text("ascii"))
    assert line["entry"] == CAROL
    assert line["at"] == "2026-03-31T23:59:00+00:00"
    assert set(line) == {"seq", "at", "entry", "prev", "hash", "crc"}


async def python(script: str) -> asyncio.subprocess.Process:
    """Run `script` in a program of its own that knows our package."""
    source = str(Path(frontdesk.__file__).parents[1])
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": source},
    )  # fmt: skip
