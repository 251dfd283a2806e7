"""Says in the state folder which process the agent is, so that a command can send it a signal, and never to a stranger.

Numbers of processes are used again. So the file also says when the process began, and a number whose process began at another
time is nobody's.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: The file in the state folder.
PROCESS = "agent.pid"
_STARTED = 19  # of the fields after the program's name: when the process began, in ticks since the machine did


@contextmanager
def reachable(path: Path) -> Iterator[None]:
    """Say who we are while the block runs."""
    path.write_text(f"{os.getpid()} {_started(os.getpid())}\n", "utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def hang_up(path: Path) -> bool:
    """Send SIGHUP to the process that a file names; False where it is gone, or is not ours to ask."""
    try:
        number, started = path.read_text("utf-8").split()
        if _started(int(number)) != started:
            return False
        os.kill(int(number), signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True


def _started(number: int) -> str:
    """Give when a process began, as the kernel counts; empty where there is none."""
    try:
        text = Path(f"/proc/{number}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text[text.rindex(")") + 2 :].split()[_STARTED]
