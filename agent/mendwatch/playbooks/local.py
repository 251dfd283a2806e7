"""Runs phases as worker processes of this machine.

A phase belongs to its run directory, not to the agent: `run` starts a worker and then follows the directory exactly as
`recover` does after a restart, so both tell the same truth. It must not know what is in a playbook.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from importlib import metadata
from pathlib import Path

from mendwatch.clock import Clock
from mendwatch.errors import ExecutionError
from mendwatch.playbooks import owned, processes, unsafe, worker, workspace
from mendwatch.playbooks.gate import Gate
from mendwatch.playbooks.interface import Ending, Job, OnEvent, Result
from mendwatch.playbooks.tailing import Tail

#: Seconds between two looks at a run directory: an event is told at most so much later.
LOOK = 0.025
#: Seconds that a worker has after its deadline to end its playbook itself, before the agent does it.
DEAD_MAN_GRACE = 1.2
#: Seconds that a cancelled worker has to end its playbook itself.
CANCEL_GRACE = 0.7
#: Seconds between two rounds of killing what is left.
_NOT_STARTED = "Check that ansible-core and ansible-runner are installed beside mendwatch, and the disk space of the runs' folder."
_ROUND = 0.005
#: What a run may be called, because its id is the name of a folder.
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_PACKAGES = ("ansible-core", "ansible-runner", "mendwatch")


class LocalExecutor:
    """An Executor that needs nothing but this machine; `root` should be on tmpfs."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root.absolute()
        self._clock = clock
        self._closed = False

    def directory(self, job: Job) -> Path:
        """Give `<root>/<run id>/<phase>-<attempt>`.

        Raises:
            ExecutionError: the run's id cannot be the name of a folder.
        """
        if not _RUN_ID.match(job.run_id):
            raise ExecutionError(f"{job.run_id[:80]!r} cannot be the id of a run.", hint="Use letters, digits, dots and dashes.")
        return self._root / job.run_id / f"{job.phase}-{job.attempt}"

    async def run(self, job: Job, on_event: OnEvent | None = None) -> Result:
        """Run one phase to its end; cancelling ends it within a second.

        Raises:
            ExecutionError: it was begun before, the folder is not ours alone, or the worker could not be started.
        """
        unsafe.extra_vars(job.variables)  # what cannot be passed is refused before anything is begun
        gate = self._new_gate(job)
        try:
            await self._start(gate, job)
            result = await self._conclude(gate, on_event)
        except asyncio.CancelledError:
            if not self._closed:
                await _undisturbed(self._stop(gate))
            raise
        if result.ending is Ending.NEVER_STARTED:
            raise ExecutionError(f"The worker could not be started. {_last_words(gate)}", hint=_NOT_STARTED)
        return result

    async def recover(self, directory: Path, on_event: OnEvent | None = None) -> Result:
        """Find out what became of a phase; when this returns, none of its processes lives and none will ever start."""
        return await self._conclude(_found_gate(directory), on_event)

    def versions(self) -> Mapping[str, str]:
        """Give the installed versions of what decides on the meaning of a playbook; imports none of it."""
        return {name: metadata.version(name) for name in _PACKAGES}

    async def close(self) -> None:
        """Let go: from here on, cancelling a `run` leaves its phase to the next agent."""
        self._closed = True

    def _new_gate(self, job: Job) -> Gate:
        directory = self.directory(job)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        owned.require(self._root)
        directory.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError as problem:
            raise ExecutionError("This phase was begun before.", hint="Recover it, or use another attempt.") from problem
        gate = Gate(directory)
        gate.set_deadline(self._clock.monotonic() + job.timeout)
        return gate

    async def _start(self, gate: Gate, job: Job) -> None:
        """Hand the job to a worker; afterwards the worker is nobody's child and holds the lock."""
        try:
            process = await _spawn(gate)
        except OSError as problem:
            raise ExecutionError(f"No process can be started: {problem.strerror}.") from problem
        try:
            await process.communicate(worker.job_text(job))
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await _undisturbed(process.wait())
            raise

    async def _conclude(self, gate: Gate, on_event: OnEvent | None) -> Result:
        """Follow until no process holds the lock, then settle how the phase ended."""
        tail = Tail(gate.events)
        while (result := _settled(gate)) is None:
            _tell(tail, on_event)
            if self._clock.monotonic() > gate.deadline() + DEAD_MAN_GRACE or _forsaken(gate):
                await self._kill(gate)
            await self._clock.sleep(LOOK)
        await self._kill(gate)
        _tell(tail, on_event)
        return result

    async def _stop(self, gate: Gate) -> None:
        """Ask the worker to end, then end it; the directory tells the truth afterwards."""
        self._ask(gate)
        limit = self._clock.monotonic() + CANCEL_GRACE
        while gate.held() and self._clock.monotonic() < limit:
            await self._clock.sleep(LOOK)
        while _settled(gate) is None:
            await self._kill(gate)
        await self._kill(gate)

    def _ask(self, gate: Gate) -> None:
        pid = gate.worker()
        processes.signal_all(lambda: {pid} if pid and processes.carries(pid, gate.directory) else set(), signal.SIGTERM)

    async def _kill(self, gate: Gate) -> None:
        find: Callable[[], set[int]] = lambda: processes.marked(gate.directory)  # noqa: E731 - it is used at once
        while processes.signal_all(find, signal.SIGKILL):
            await self._clock.sleep(_ROUND)


def _found_gate(directory: Path) -> Gate:
    """Give the gate of a directory that may not be there yet: made now, it is closed for whoever wants to make it later."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    owned.require(directory)
    return Gate(directory)


def _settled(gate: Gate) -> Result | None:
    """Give how a phase ended, deciding it if nobody has, or None while one of its processes holds the lock."""
    with gate.alone() as alone:
        if not alone:
            return None
        result = gate.result() or _decide(gate)
        shutil.rmtree(gate.private, ignore_errors=True)
        return result


def _forsaken(gate: Gate) -> bool:
    """Tell whether the worker is gone: what it left cannot be rolled back, verified or told, so it must not go on."""
    pid = gate.worker()
    return pid is not None and not processes.carries(pid, gate.directory)


def _decide(gate: Gate) -> Result:
    if gate.begin("recovery"):
        result = Result(Ending.NEVER_STARTED, None, {}, (), "The playbook never started, and never will.")
    else:
        result = Result(Ending.DIED, None, {}, (), "The playbook was begun and left no result; what it did must be measured.")
    gate.publish(result)
    return result


def _tell(tail: Tail, on_event: OnEvent | None) -> None:
    for event in tail.read():
        if on_event:
            on_event(event)


def _last_words(gate: Gate) -> str:
    path = gate.directory / "worker.err"
    lines = path.read_text("utf-8", "replace").strip().splitlines() if path.exists() else []
    return lines[-1][:300] if lines else ""


async def _spawn(gate: Gate) -> asyncio.subprocess.Process:
    errors = os.open(gate.directory / "worker.err", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", worker.__name__),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            env=workspace.base_environment(gate.directory),
            cwd=gate.directory,
            start_new_session=True,
        )
    finally:
        os.close(errors)


async def _undisturbed(work: Coroutine[object, object, object]) -> None:
    """Bring a piece of cleaning up to its end, however often the waiting task is cancelled."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    task.result()
