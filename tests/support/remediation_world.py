"""What the promises of every remediation are held against: a cluster in trouble, and what the remediation does to it.

A table of worlds is a tuple named WORLDS in a module of its own; `remediation_worlds` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mendwatch_onefs_sim.server import Simulator

Probe = Callable[[Simulator], Any]
Deed = Callable[[Simulator], object]


class Again(StrEnum):
    """What a second apply with the same variables does, or one after a drift; in no case but the last it writes."""

    UNCHANGED = "unchanged"
    REFUSED = "precondition_failed"
    REPEATED = "applied"  # only where the cluster does not tell whether it was done, and twice is as good as once


@dataclass(frozen=True)
class World:
    """One trouble and what one remediation does about it.

    `trouble` brings a new cluster into it and gives the variables. `probe` gives all that the remediation may change; it is
    `after` once it is done. `drift` is what somebody else does between plan and apply, None where nothing can drift; `drifts`
    is what apply does then: it has nothing to do only where that was the change itself. `writes` are the writes of a good
    apply, in their order, `{}` for an id that the cluster chose. `undone` tells that a failed one is taken back; else `partial`
    gives what the probe tells after so many writes. `reads` are the reads of apply before its first write, where they are not
    as many as the plan's. `named` are the string parameters that may be any text, each with what brings the trouble to a thing
    of that name; all others must refuse hostile texts by their schema. `brief` worlds are in the short suite, too.
    """

    remediation: str
    trouble: Callable[[Simulator], Mapping[str, object]]
    probe: Probe
    after: object
    drift: Deed | None
    writes: tuple[str, ...]
    drifts: Again = Again.REFUSED
    again: Again = Again.UNCHANGED
    undone: bool = True
    partial: Callable[[int], object] | None = None
    reads: int | None = None
    named: Mapping[str, Callable[[Simulator, str], Mapping[str, object]]] = field(default_factory=dict)
    title: str = ""
    brief: bool = False

    @property
    def id(self) -> str:
        """Name the world."""
        return f"{self.remediation}-{self.title}" if self.title else self.remediation
