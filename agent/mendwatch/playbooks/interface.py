"""What an executor promises: today a local worker process, later also an AWX job template.

An executor knows nothing of rules, approvals or states. It runs one phase of one remediation in a directory of its own
and tells the truth about it, also to an agent that was started after the one that began the work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from mendwatch.model.runs import Change


class Phase(StrEnum):
    """Which part of a remediation runs. A plan is check mode with diff, and writes nothing."""

    PLAN = "plan"
    APPLY = "apply"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Job:
    """One phase of one run.

    `variables` reach the playbook as JSON extra-vars with every string marked unsafe, so that Ansible never evaluates
    them. `environment` holds the connection and the secret; it exists only in the worker's and the playbook's memory.
    `timeout` is seconds for the whole phase. `collections` is the folder that holds `ansible_collections`.
    """

    run_id: str
    phase: Phase
    attempt: int
    playbook: Path
    collections: Path
    variables: Mapping[str, object]
    environment: Mapping[str, str] = field(repr=False)
    timeout: float


class Ending(StrEnum):
    """How a phase ended, or what is known of it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    DIED = "died"  # it began and left no result: what it did must be measured
    NEVER_STARTED = "never_started"  # proved by the gate: nothing was done, and nothing will be


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One event of a playbook, redacted: enough for a person to follow, nothing that a secret could hide in."""

    counter: int
    at: datetime
    event: str
    task: str
    status: str  # ok | changed | failed | skipped | ""
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a phase gave. `outcome` is what the playbook said by set_stats; `rc` is ansible-playbook's exit code."""

    ending: Ending
    rc: int | None
    outcome: Mapping[str, object]
    changes: tuple[Change, ...]
    message: str
    started_at: datetime | None = None
    first_task_at: datetime | None = None
    ended_at: datetime | None = None


#: Is told of every event as it happens; returns at once.
OnEvent = Callable[[TaskEvent], None]


class Executor(Protocol):
    """Runs phases."""

    def directory(self, job: Job) -> Path:
        """Give the directory a job has or will have; unique per run, phase and attempt."""
        ...

    async def run(self, job: Job, on_event: OnEvent | None = None) -> Result:
        """Run one phase to its end. Cancelling the awaiting task ends the playbook and sweeps its processes.

        Raises:
            ExecutionError: the worker could not be started.
        """
        ...

    async def recover(self, directory: Path, on_event: OnEvent | None = None) -> Result:
        """Find out what became of a phase whose agent died: wait for it if it lives, read its result, or put up the tombstone.

        After this returns, no process of that phase lives and none will ever start.
        """
        ...

    def versions(self) -> Mapping[str, str]:
        """Give the versions that a plan depends on (ansible-core, ansible-runner, mendwatch)."""
        ...

    async def close(self) -> None:
        """Let go of everything; running phases go on (their workers are sessions of their own)."""
        ...
