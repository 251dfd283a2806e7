"""The worker process: runs one phase to its end, tells the truth about it, and leaves no process behind.

The agent starts it with the job as JSON on standard input and nothing else. It detaches itself at once, so that the
agent may come and go; from then on the run directory is all that they share. ansible_runner is imported here only, after detaching.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mendwatch.clock import Clock, SystemClock
from mendwatch.errors import ExecutionError
from mendwatch.playbooks import events, processes, records, verdict, workspace
from mendwatch.playbooks.gate import Gate
from mendwatch.playbooks.interface import Ending, Job, Phase, Result, TaskEvent
from mendwatch.playbooks.redaction import Redactor
from mendwatch.playbooks.watchdog import Watchdog

#: Seconds between two rounds of killing what is left.
_ROUND = 0.005


def job_text(job: Job) -> bytes:
    """Give a job as it travels to the worker."""
    fields = {"run_id": job.run_id, "attempt": job.attempt, "timeout": job.timeout, "phase": str(job.phase)}
    paths = {"playbook": str(job.playbook), "collections": str(job.collections)}
    return json.dumps({**fields, **paths, "variables": dict(job.variables), "environment": dict(job.environment)}).encode()


def read_job(text: bytes) -> Job:
    """Read a job; one that was cut off because the agent died is no JSON, so it never runs."""
    fields: dict[str, Any] = json.loads(text)
    playbook, collections, phase = Path(fields.pop("playbook")), Path(fields.pop("collections")), Phase(fields.pop("phase"))
    return Job(playbook=playbook, collections=collections, phase=phase, **fields)


def main() -> None:
    """Take the lock, read the job, detach, run."""
    gate = Gate(Path(os.environ[processes.MARKER]))
    gate.hold()
    job = read_job(sys.stdin.buffer.read())
    if child := os.fork():
        gate.note_worker(child)
        os._exit(0)
    os.setsid()
    _Worker(gate, job, SystemClock()).run()


@dataclass(slots=True)
class _Worker:
    """One phase. `run` is read top to bottom: prepare, pass the gate, play, sweep, publish."""

    gate: Gate
    job: Job
    clock: Clock

    def run(self) -> None:
        watchdog = Watchdog()
        watchdog.start(self.gate.deadline() - self.clock.monotonic())
        processes.become_subreaper()
        if not self.gate.begin("worker"):
            return  # recovery was here first: this phase never starts
        result = self._play(watchdog)
        watchdog.stop()
        self._sweep()
        shutil.rmtree(self.gate.private, ignore_errors=True)
        self.gate.publish(replace(result, ended_at=self.clock.now()))

    def _play(self, watchdog: Watchdog) -> Result:
        redactor = Redactor.of_environment(self.job.environment)
        started = self.clock.now()
        with _event_log(self.gate.events) as log:
            recorder = events.Recorder(redactor, lambda event: _write(log, event))
            try:
                rc = self._ansible(recorder, watchdog)
                result = _judge(recorder, rc, watchdog)
            except Exception as problem:  # noqa: BLE001 - whatever it is, the result must say that it failed
                text = redactor.text(f"{type(problem).__name__}: {problem}")[: events.LONGEST_MESSAGE]
                result = replace(_judge(recorder, None, watchdog), message=text)
        return replace(result, started_at=started)

    def _ansible(self, recorder: events.Recorder, watchdog: Watchdog) -> int | None:
        workspace.prepare(self.gate.private, self.job.variables)
        fifo = self.gate.private / "secret"
        secret = workspace.offer_secret(fifo, self.job.environment)
        try:
            runner = self._runner(fifo, recorder)
            if watchdog.ending is None:
                runner.run()
            return None if runner.rc is None else int(runner.rc)
        finally:
            os.close(secret)

    def _runner(self, fifo: Path, recorder: events.Recorder) -> Any:  # noqa: ANN401 - ansible_runner ships no types
        from ansible_runner.config.runner import RunnerConfig  # noqa: PLC0415 - a tenth of a second, after detaching
        from ansible_runner.runner import Runner  # noqa: PLC0415 - as above

        mode = "--check --diff" if self.job.phase is Phase.PLAN else "--diff"
        config = RunnerConfig(
            private_data_dir=str(self.gate.private), playbook=str(self.job.playbook), cmdline=mode, ident="run", fact_cache_type=""
        )
        config.prepare()
        config.env = workspace.environment(self.gate.directory, self.gate.private, self.job.collections, config.env)
        config.command = workspace.command(self.gate.lock, fifo, config.command[1:])

        def take(raw: Mapping[str, Any]) -> bool:
            recorder.take(raw)
            return False  # so that ansible-runner writes no file about it

        return Runner(config, event_handler=take, cancel_callback=lambda: False)

    def _sweep(self) -> None:
        me = os.getpid()
        find = lambda: processes.descendants(me) | processes.marked(self.gate.directory)  # noqa: E731 - it is used at once
        while processes.signal_all(find, signal.SIGKILL):
            processes.reap()
            time.sleep(_ROUND)
        processes.reap()


def _judge(recorder: events.Recorder, rc: int | None, watchdog: Watchdog) -> Result:
    begun = recorder.first_task_at is not None
    ending = watchdog.ending or verdict.ending(rc, recorder.stats, recorder.outcome, begun=begun)
    text = ""
    if ending is Ending.FAILED:
        text = verdict.message(rc, recorder.stats, recorder.failure, recorder.complaints)[: events.LONGEST_MESSAGE]
    if ending is Ending.DIED:
        text = "The playbook ended without a word about what it did."
    if ending is Ending.TIMED_OUT:
        text = "The playbook took longer than it may and was ended."
    if ending is Ending.CANCELLED:
        text = "The playbook was ended on request."
    changes = tuple(recorder.changes)
    return Result(ending, rc, recorder.outcome, changes, text, first_task_at=recorder.first_task_at)


@contextlib.contextmanager
def _event_log(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _write(log: int, event: TaskEvent) -> None:
    with contextlib.suppress(OSError):  # a full disk costs a line for people to follow, never the playbook
        os.write(log, records.event_line(event))


if __name__ == "__main__":
    try:
        main()
    except ExecutionError as problem:
        sys.exit(str(problem))
