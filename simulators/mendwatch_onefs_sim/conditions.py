"""How single nodes answer: quick, slow, not at all, with statistics that fail, with a clock of their own.

Whether a node is up belongs to the hardware; what is here are nodes that are up and yet are not well.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """How one node answers.

    `delay` is how many seconds it takes for anything; `hung` accepts connections and never answers. `statistics` is the error
    code of every value that it should give (None: it gives them). `clock` is how many seconds its clock is ahead of the cluster's.
    """

    delay: float = 0.0
    hung: bool = False
    statistics: int | None = None
    clock: float = 0.0


class Conditions:
    """Holds the condition of each node, by its logical number; a node that is not mentioned is well."""

    def __init__(self) -> None:
        self._conditions: dict[int, Condition] = {}

    def of(self, lnn: int) -> Condition:
        """Give a node's condition."""
        return self._conditions.get(lnn, _WELL)

    def put(self, lnn: int, condition: Condition) -> None:
        """Let a node answer so from now on."""
        self._conditions[lnn] = condition

    def clear(self) -> None:
        """Let every node be well again."""
        self._conditions.clear()


_WELL = Condition()
