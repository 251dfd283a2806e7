"""What the end of a playbook means for its run. Pure functions, and the one place where this is decided.

A phase that was cut off is neither success nor failure: what it did must be measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mendwatch.model.runs import RunState
from mendwatch.playbooks.interface import Ending, Result
from mendwatch.remediation import outcomes

#: Given for a run whose directory is gone (a tmpfs that a reboot emptied): a gate that is put up now proves nothing.
LOST = Result(Ending.DIED, None, {}, (), "The run directory is gone.")
#: Given for a run whose directory is there and cannot be read.
UNREADABLE = Result(Ending.DIED, None, {}, (), "The run directory cannot be read.")

_CUT: Mapping[Ending, str] = {
    Ending.DIED: "the playbook died before it told what it did",
    Ending.TIMED_OUT: "the playbook was ended because it took too long",
    Ending.CANCELLED: "the playbook was ended because the agent stopped",
}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The state that follows from applying, and why in words."""

    to: RunState
    note: str


def of_apply(result: Result) -> Conclusion:
    """Conclude from the end of an apply phase; the playbook's own word about a rollback comes first."""
    if result.ending is Ending.NEVER_STARTED:
        return Conclusion(RunState.FAILED, "the playbook never started; nothing was done, and it is not tried again by itself")
    said = _BY_WORD.get(outcomes.word(result.outcome))
    if said:
        return Conclusion(said[0], f"{said[1]}: {outcomes.explain(result)}")
    if result.ending in _CUT:
        return Conclusion(RunState.INTERRUPTED, f"{cut(result)}; what it did is measured now")
    if result.ending is Ending.SUCCEEDED:
        return Conclusion(RunState.VERIFYING, "the playbook ended well; success is measured now")
    return Conclusion(RunState.FAILED, f"the playbook failed: {outcomes.explain(result)}")


def cut(result: Result) -> str:
    """Say how a playbook was cut off, or "" where it was not."""
    if result is LOST:
        return "the run directory is gone, so it is not known whether the playbook began"
    if result is UNREADABLE:
        return "the run directory cannot be read, so it is not known what the playbook did"
    return _CUT.get(result.ending, "")


#: What follows from the playbook's own word, whatever its ending.
_BY_WORD: Mapping[str, tuple[RunState, str]] = {
    outcomes.ROLLED_BACK: (RunState.ROLLED_BACK, "the change was taken back"),
    outcomes.ROLLBACK_FAILED: (RunState.ROLLBACK_FAILED, "the change could not be taken back, look at the target"),
    outcomes.PRECONDITION_FAILED: (RunState.FAILED, "a precondition did not hold any more"),
}
