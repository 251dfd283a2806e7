"""The journal of decisions: every transition of an alert, and every time that something was asked for or held back, and why.

It answers "why did it" and "why did it not", also after a restart. Who did what to a cluster stands in the audit, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DecisionKind(StrEnum):
    """What was decided."""

    TRANSITION = "transition"  # `word` is the new state
    PROPOSED = "proposed"  # `word` is the mode
    WITHHELD = "withheld"  # `word` is the guard: inhibited, silenced, frozen, flapping, variables, observe
    TOLD = "told"  # people are told of a state (`word`) now that its silence is over
    FLAPPING = "flapping"  # `word` is `began` or `calm`


@dataclass(frozen=True, slots=True)
class Decision:
    """One row. `values` are the numbers that the decision was made on; `seq` grows with every row, 0 before it is kept."""

    at: datetime
    rule: str
    fingerprint: str
    target: str
    kind: DecisionKind
    word: str
    reason: str
    before: str = ""
    key: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    seq: int = 0
