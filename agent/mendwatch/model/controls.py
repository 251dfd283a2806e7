"""What people set by hand while the agent runs: runs stopped, a breaker closed, a word lent to somebody. Each is one row.

Names here are the names of rows in the database, so they stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ControlKind(StrEnum):
    """What a row is about."""

    STOP = "stop"  # no run starts; one row, named STOP_NAME
    BREAKER = "breaker"  # up to when the failures of a rule on a target are forgiven
    DELEGATION = "delegation"  # who may decide for whom, from when until when


#: The name of the one row of ControlKind.STOP.
STOP_NAME = "runs"


@dataclass(frozen=True, slots=True)
class Control:
    """One row: `by` is the actor as the audit names them; `value` is what the kind says."""

    kind: ControlKind
    name: str
    at: datetime
    by: str
    value: Mapping[str, object]


def breaker_name(rule: str, target: str) -> str:
    """Name the breaker of one rule on one target; a rule's name holds no slash."""
    return f"{rule}/{target}"
