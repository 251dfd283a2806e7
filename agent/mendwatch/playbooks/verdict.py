"""How a playbook ended, judged from everything it left: its exit code, its statistics and its own outcome.

The exit code alone lies: a failed task that was rescued gives 0, and a playbook that cannot be read gives the same 4 as a
host that cannot be reached.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mendwatch.playbooks.interface import Ending

#: The outcomes with which a playbook says that all is as it should be.
GOOD_OUTCOMES = frozenset({"planned", "applied", "unchanged", "resolved"})
#: The outcomes with which it says that it is not, whatever its exit code.
BAD_OUTCOMES = frozenset({"failed", "precondition_failed", "rolled_back", "rollback_failed"})
#: ansible-playbook's exit codes that need words of their own.
RC_UNREADABLE = 4
RC_NOT_STARTED = 127

_COMPLAINT = re.compile(r"(?:\[ERROR\]:|ERROR!)\s*(.+)")


def ending(rc: int | None, stats: Mapping[str, int] | None, outcome: Mapping[str, object], *, begun: bool) -> Ending:
    """Tell how a playbook ended that nobody ended; `begun`: its first task was reached, so that it may have changed something.

    One that was killed (it has no exit code) or that went without its statistics says nothing about what it did.
    """
    if begun and (rc is None or stats is None):
        return Ending.DIED
    word = outcome.get("outcome")
    if rc != 0 or stats is None or word in BAD_OUTCOMES:
        return Ending.FAILED
    rescued_unexplained = stats.get("rescued", 0) > 0 and word not in GOOD_OUTCOMES
    return Ending.FAILED if rescued_unexplained else Ending.SUCCEEDED


def message(rc: int | None, stats: Mapping[str, int] | None, failure: str, complaints: Sequence[str]) -> str:
    """Say in a sentence why a playbook failed."""
    if failure:
        return failure
    if rc == RC_NOT_STARTED:
        return "ansible-playbook could not be started."
    if not stats or not any(stats.values()):
        return f"Ansible could not read the playbook{_reason(complaints)}"
    if stats.get("rescued"):
        return "A task failed and was rescued, and the playbook does not say how it ended."
    return f"ansible-playbook ended with code {rc}."


def _reason(complaints: Sequence[str]) -> str:
    found = _COMPLAINT.search("\n".join(complaints))
    return f": {found.group(1)}" if found else f" (code {RC_UNREADABLE} or a signal, without a word)."
