"""The last step before ansible-playbook: takes the secret from memory, the lock from the worker, and becomes it.

It runs as a file, without site-packages, and must import the standard library only, because every millisecond here is
waited for. The secret comes through a FIFO, so it is never in a file, in an argument or in what ansible-runner writes down.
The lock is taken again, because ansible-runner closes every inherited file. When the worker dies, ansible-playbook is told
to end.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
#: The secret comes after its own length, written in this many digits.
LENGTH_DIGITS = 8


def main() -> None:
    """Become the command: launch.py WORKER_PID FIFO LOCK COMMAND..."""
    worker, fifo, lock, *command = sys.argv[1:]
    _end_with(int(worker))
    _hold(lock)
    os.execve(command[0], command, {**os.environ, **_secret(fifo)})  # noqa: S606 - no shell, and the worker chose the command


def _end_with(worker: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != worker:
        sys.exit("The worker is gone.")


def _hold(lock: str) -> None:
    handle = os.open(lock, os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_SH)
    os.set_inheritable(handle, True)  # noqa: FBT003 - the standard library's own signature


def _secret(fifo: str) -> dict[str, str]:
    handle = os.open(fifo, os.O_RDONLY)
    try:
        length = int(_exactly(handle, LENGTH_DIGITS))
        environment: dict[str, str] = json.loads(_exactly(handle, length))
    finally:
        os.close(handle)
        os.unlink(fifo)  # noqa: PTH108 - pathlib is not worth its import here
    return environment


def _exactly(handle: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = os.read(handle, length - len(data))
        if not piece:
            sys.exit("The worker left before it gave the connection.")
        data += piece
    return data


if __name__ == "__main__":
    main()
