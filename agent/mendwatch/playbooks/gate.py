"""The gate of a run directory: what guarantees that a phase starts at most once and that its end is known.

    lock        held by every process of the phase that could go on working; free means that none is left
    started     created once, by the worker just before its first effect, or by recovery as a tombstone
    result.json published whole, by rename, by the worker or, if that died, by recovery

Whoever creates `started` first decides: after a tombstone no worker ever begins, however late it comes. This module knows
files only; it must not know Ansible, events or the agent's loop.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from mendwatch.playbooks import records
from mendwatch.playbooks.interface import Result


class Gate:
    """One run directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lock = directory / "lock"
        self.events = directory / "events.jsonl"
        #: Everything that only the playbook needs; removed when the phase is over.
        self.private = directory / "private"
        self._started = directory / "started"
        self._result = directory / "result.json"
        self._deadline = directory / "deadline"
        self._worker = directory / "worker.pid"

    def hold(self) -> int:
        """Take the worker's share of the lock, waiting while recovery has it; give the open file, which must stay open."""
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_SH)
        return handle

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Try to have the lock for oneself; gives False when a process of the phase still holds it."""
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield _locked(handle)
        finally:
            os.close(handle)

    def held(self) -> bool:
        """Tell whether a process of the phase lives."""
        with self.alone() as free:
            return not free

    def begin(self, by: str) -> bool:
        """Create `started`, once for all; False when somebody was first."""
        draft = self._write_aside(self._started, by)
        try:
            os.link(draft, self._started)  # with its content, or not at all, and never over another
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        self._sync()
        return True

    def publish(self, result: Result) -> None:
        """Put the result in its place, whole."""
        self._write_aside(self._result, records.result_text(result)).rename(self._result)
        self._sync()

    def result(self) -> Result | None:
        """Give the published result, or None."""
        text = _read(self._result)
        return None if text is None else records.read_result(text)

    def set_deadline(self, monotonic: float) -> None:
        """Note until when the phase may live, on the machine's monotonic clock."""
        self._write_aside(self._deadline, json.dumps(monotonic)).rename(self._deadline)

    def deadline(self) -> float:
        """Give until when the phase may live; without a note it has no time at all."""
        return float(_read(self._deadline) or "0")

    def note_worker(self, pid: int) -> None:
        """Note which process is the worker."""
        self._write_aside(self._worker, str(pid)).rename(self._worker)

    def worker(self) -> int | None:
        """Give the worker's number if it was noted; it may mean another process by now."""
        text = _read(self._worker)
        return int(text) if text else None

    def _write_aside(self, path: Path, text: str) -> Path:
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:  # a full disk takes a part of a bare write and says so to nobody
            file.write(text.encode())
            file.flush()
            os.fsync(handle)
        return draft

    def _sync(self) -> None:
        handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
