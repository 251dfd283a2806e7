"""An executor without Ansible: plays what a test wrote down, keeps every job it got, and can be held in the middle.

It keeps the promises of `mendwatch.playbooks.interface.Executor` that engines rely on: a phase starts once per directory, what
was published is what `recover` gives, and recovering what was never begun closes its directory for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mendwatch.errors import ExecutionError
from mendwatch.model.runs import Change
from mendwatch.playbooks.interface import Ending, Job, OnEvent, Phase, Result, TaskEvent

#: The time of every scripted event.
WHEN = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scene:
    """One phase as a test wants it: what is told, then what is given or raised. `held` waits for `release` in between."""

    result: Result | ExecutionError
    events: tuple[TaskEvent, ...] = ()
    held: bool = False


def succeeded(outcome: str, changes: Iterable[Change] = (), **facts: object) -> Result:
    """Give the result of a playbook that went well and said `outcome`, with further facts beside it."""
    return Result(Ending.SUCCEEDED, 0, {"outcome": outcome, **facts}, tuple(changes), "")


def failed(outcome: str, message: str = "It went wrong.", **facts: object) -> Result:
    """Give the result of a playbook that failed and said `outcome`."""
    return Result(Ending.FAILED, 2, {"outcome": outcome, **facts}, (), message)


def ended(ending: Ending) -> Result:
    """Give the result of a playbook that ended without a word of its own."""
    return Result(ending, None, {}, (), f"The playbook {ending}.")


def task(counter: int, name: str, status: str = "ok") -> TaskEvent:
    """Give one event of a task."""
    return TaskEvent(counter, WHEN, "runner_on_ok" if status != "failed" else "runner_on_failed", name, status, "")


class ScriptedExecutor:
    """Plays its scenes in order, phase by phase; a phase without a scene fails with an ExecutionError."""

    def __init__(self, root: Path = Path("/nowhere")) -> None:
        #: Every job that was run, with its environment, in order.
        self.jobs: list[Job] = []
        #: Every directory that was recovered, in order.
        self.recovered: list[Path] = []
        self.closed = False
        self._root = root
        self._scenes: dict[Phase, list[Scene]] = {phase: [] for phase in Phase}
        self._results: dict[Path, Result] = {}
        self._go = asyncio.Event()

    def play(self, phase: Phase, *scenes: Scene | Result | ExecutionError) -> None:
        """Add what the next phases of this kind do."""
        self._scenes[phase].extend(scene if isinstance(scene, Scene) else Scene(scene) for scene in scenes)

    def leave(self, directory: Path, result: Result) -> None:
        """Put a result where an earlier agent's worker would have published it."""
        self._results[directory] = result

    def release(self) -> None:
        """Let every held phase go on, and those to come."""
        self._go.set()

    def directory(self, job: Job) -> Path:
        """Give a directory as the real executor names them; it is never made."""
        return self._root / job.run_id / f"{job.phase}-{job.attempt}"

    async def run(self, job: Job, on_event: OnEvent | None = None) -> Result:
        """Play the next scene of the job's phase."""
        directory = self.directory(job)
        if directory in self._results or any(self.directory(earlier) == directory for earlier in self.jobs):
            raise ExecutionError("This phase was begun before.", hint="Recover it, or use another attempt.")
        self.jobs.append(job)
        if not self._scenes[job.phase]:
            raise ExecutionError(f"The test has no scene for {job.phase}.", hint="Add one with play().")
        return await self._perform(self._scenes[job.phase].pop(0), directory, on_event)

    async def recover(self, directory: Path, on_event: OnEvent | None = None) -> Result:
        """Give what is known of a directory; what was never begun never will be."""
        del on_event
        self.recovered.append(directory)
        begun = any(self.directory(job) == directory for job in self.jobs)
        return self._results.setdefault(directory, ended(Ending.DIED if begun else Ending.NEVER_STARTED))

    def versions(self) -> Mapping[str, str]:
        """Give versions that never change."""
        return {"ansible-core": "0.0", "ansible-runner": "0.0", "mendwatch": "0.0"}

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    async def _perform(self, scene: Scene, directory: Path, on_event: OnEvent | None) -> Result:
        for event in scene.events:
            if on_event:
                on_event(event)
        try:
            if scene.held:
                await self._go.wait()
        except asyncio.CancelledError:
            self._results[directory] = ended(Ending.CANCELLED)
            raise
        if isinstance(scene.result, ExecutionError):
            raise scene.result
        self._results[directory] = scene.result
        return scene.result
