"""Which event loop the agent runs on, and how often Python looks for garbage in it.

uvloop decrypts and reads large answers in two thirds of the time, where it installs; everything runs on asyncio's own loop as
well. An answer of statistics is a few lists of ten thousand values, and Python's collector walks through all of them whenever
seven hundred objects were made: that is a tenth of all work, for garbage that is not there. And glibc gives the room of an answer
back to the system after every poll, to have it cleared and mapped anew for the next.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
#: Objects that are made before the youngest are looked at, and how often that is done before those that were left are looked at
#: again; Python's own figures are 700 and 10. At 20,000 one look took up to 25 ms, as many more objects are replaced meanwhile than
#: are counted; at 5,000 it takes 3. A large reading is put away before the second figure is reached, even when all of it is new.
_YOUNG, _LOOKS = 5_000, 50
#: Words of glibc's mallopt(3), and how much freed memory is kept for the next poll: as much as the answers of one.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _KEPT = -1, -3, 32 * 1024 * 1024


def factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give what makes uvloop's loop; None, which is asyncio's own, where it is not installed."""
    try:
        import uvloop  # noqa: PLC0415 - it does not install everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop


def settle() -> None:
    """Take everything that is loaded as there to stay, and look for garbage less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _LOOKS)
    keep_memory()


def keep_memory() -> bool:
    """Have freed memory kept for what comes next; tells whether the C library can be told so, which is glibc's alone."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(word, _KEPT) for word in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a long-lived program to its end."""
    settle()
    with asyncio.Runner(loop_factory=factory()) as runner:
        return runner.run(main)
