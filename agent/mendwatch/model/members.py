"""Agents that share one state: one of them acts, the others stand by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Badge:
    """Who an agent is: its id stays over its restarts, and belongs to one process at a time."""

    id: str
    host: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Member:
    """An agent as the state knows it; `until` is when it was, or is, believed dead unless it says that it is there.

    One that is `draining` never begins to act while another one can.
    """

    badge: Badge
    until: datetime
    alive: bool
    draining: bool
    acting: bool


@dataclass(frozen=True, slots=True)
class Tenure:
    """What an agent learns when it says that it is there: `fence` is its own if it acts, else None; who acts, if anybody does."""

    fence: int | None
    acting: str | None
