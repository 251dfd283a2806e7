"""Finds and ends the processes of one phase, also those that left its session or lost their parent.

Ansible's workers start sessions of their own and its modules outlive a killed parent, so neither a process group nor a
parent tells which processes belong to a phase. Two things do: a marker in the environment that every descendant inherits, and,
inside the worker, being the subreaper of all its descendants. It reads /proc, so it is for Linux.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mendwatch.errors import ExecutionError

#: The environment variable that marks every process of a phase; its value is the phase's directory.
MARKER = "MENDWATCH_PHASE"

_PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class _Stat:
    state: str
    parent: int


def marked(directory: Path) -> set[int]:
    """Give every living process that carries the marker of this directory, but not the one that asks."""
    return {pid for pid in _numbers() if pid != os.getpid() and carries(pid, directory)}


def carries(pid: int, directory: Path) -> bool:
    """Tell whether a process carries the marker of this directory; a dead or foreign one does not."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return f"{MARKER}={directory}".encode() in environment.split(b"\0")


def descendants(root: int) -> set[int]:
    """Give every living process below `root`, whatever its session."""
    family = {root}
    parents = {pid: stat for pid in _numbers() if (stat := _stat(pid))}
    while more := {pid for pid, stat in parents.items() if stat.parent in family and pid not in family}:
        family |= more
    return {pid for pid in family if pid != root and parents[pid].state not in "ZX"}


def children(root: int) -> set[int]:
    """Give the living direct children of a process."""
    return {pid for pid in _numbers() if (stat := _stat(pid)) and stat.parent == root and stat.state not in "ZX"}


def signal_all(find: Callable[[], set[int]], number: signal.Signals) -> int:
    """Send a signal to every process that `find` gives, and give their number.

    A number that came to mean another process between looking and sending is not hit: the handle is taken first, and
    `find` must give the same number again.
    """
    handles = {pid: handle for pid in find() if (handle := _handle(pid)) is not None}
    try:
        certain = find() if handles else set()
        for pid in handles.keys() & certain:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(handles[pid], number)
        return len(handles)
    finally:
        for handle in handles.values():
            os.close(handle)


def reap() -> None:
    """Collect every dead child, so that none stays as a zombie."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def become_subreaper() -> None:
    """Become the parent of every orphan below this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise ExecutionError("This system does not let a worker adopt its orphans.", hint="Run the agent on Linux 3.4 or newer.")


def _handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _numbers() -> Iterator[int]:
    return (int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdigit())


def _stat(pid: int) -> _Stat | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # a program's name may hold anything, also brackets
    return _Stat(state=fields[0], parent=int(fields[1]))
