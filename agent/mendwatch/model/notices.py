"""A notice: one thing the agent saw, decided or asked, told live to whoever watches (the demo, the log, later the console)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """`kind` is `<noun>.<what>`, such as `alert.firing` or `run.pending`; `text` is one plain line; `facts` are for machines."""

    at: datetime
    kind: str
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)


#: Takes a notice and returns at once.
Announce = Callable[[Notice], None]
