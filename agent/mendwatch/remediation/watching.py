"""Seeing decisions that were taken elsewhere: a person's word may come through another process and the store.

Pure: from what was open at the last look and what is open now to what must be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mendwatch.model.runs import Run, RunState


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: `approved` are new approvals, `gone` the ids that were pending or approved and are not any more."""

    states: Mapping[str, RunState]
    approved: tuple[Run, ...]
    gone: tuple[str, ...]


def compare(before: Mapping[str, RunState], now: Iterable[Run]) -> Look:
    """Compare two looks at the pending and approved runs."""
    runs = {run.id: run for run in now}
    approved = tuple(run for run in runs.values() if _by_a_person(run) and before.get(run.id) is not RunState.APPROVED)
    return Look({key: run.state for key, run in runs.items()}, approved, tuple(key for key in before if key not in runs))


def _by_a_person(run: Run) -> bool:
    """Tell whether somebody approved it; what the engine itself approved, it told at that moment."""
    return run.state is RunState.APPROVED and bool(run.decisions)


def startable(runs: Iterable[Run], taken: Iterable[str], busy: Iterable[str]) -> list[Run]:
    """Give the approved runs that may be tried now: nobody has them, and nothing is active on their target; oldest first."""
    found, targets, held = [], set(busy), set(taken)
    oldest_first = [*runs][::-1]  # the store gives the newest first
    for run in sorted(oldest_first, key=lambda run: run.updated_at):
        if run.state is RunState.APPROVED and run.id not in held and run.target not in targets:
            targets.add(run.target)
            found.append(run)
    return found
