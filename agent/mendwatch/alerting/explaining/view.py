"""What explaining sees of the engine: read only, and as it is between two pieces of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.subjects import Subject
from mendwatch.alerting.table import Source


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a target gives no records of a schema now, such as `collector quotas is denied on lab`."""

    target: str
    words: str


@dataclass(frozen=True, slots=True)
class View:
    """One rule and all that the engine remembers of it.

    `sources` are those of its schema, on all targets. `hindrances` are what keeps targets from giving records.
    """

    compiled: CompiledRule
    subjects: Sequence[Subject]
    sources: Sequence[Source]
    hindrances: Sequence[Hindrance]
    now: datetime
