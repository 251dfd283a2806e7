"""What incidents and tests do to the figures: a fuller file system, a busier node, a value or an error in place of the true one.

It must not know how a figure comes about, nor how it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mendwatch_onefs_sim.statistics.keys import Value
from mendwatch_onefs_sim.summaries.state import Client

#: A fixed value, or one that depends on the elapsed seconds.
Steered = Value | Callable[[float], Value]

#: The device id under which the values of the whole cluster are.
CLUSTER = 0


@dataclass(frozen=True, slots=True)
class Ramp:
    """A number that goes from `start` to `end` between two moments and stays there."""

    start: float
    end: float
    since: float
    until: float

    def at(self, seconds: float) -> float:
        """Give the number at a moment."""
        if seconds >= self.until:
            return self.end
        done = max(0.0, seconds - self.since) / (self.until - self.since)
        return self.start + (self.end - self.start) * done


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the state of the cluster does to its figures.

    `paces` are factors of a protocol's operations (0 for one that serves nobody) and `slowness` of its latency, both by the
    names of the statistics; `load` is how many times as busy all nodes are for that. `dark` are the external interfaces without
    a link, `slow_drives` factors of the latency of drives by bay, `idle_drives` the numbers from 0 of those that do nothing, and
    `guests` the clients that came besides the usual ones, all by device id; `values` stand for the true ones.
    """

    paces: Mapping[str, float] = field(default_factory=dict)
    slowness: Mapping[str, float] = field(default_factory=dict)
    load: float = 1.0
    dark: Mapping[int, frozenset[str]] = field(default_factory=dict)
    slow_drives: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    idle_drives: Mapping[int, frozenset[int]] = field(default_factory=dict)
    guests: Mapping[int, tuple[Client, ...]] = field(default_factory=dict)
    values: Mapping[tuple[str, int], Value] = field(default_factory=dict)


class Steering:
    """Holds what was changed. Device id None stands for every node, 0 for the cluster; `revision` grows with every change.

    `circumstances` follow from the state; a value or an error that somebody put goes before them.
    """

    def __init__(self) -> None:
        self.revision = 0
        self.circumstances = Circumstances()
        self._used: Ramp | None = None
        self._busy: dict[int | None, float] = {}
        self._values: dict[tuple[str, int | None], Steered] = {}
        self._errors: dict[tuple[str, int | None], int] = {}

    def fill(self, start: float, end: float, since: float, seconds: float) -> None:
        """Let the used share of /ifs (0 to 1) go from one to another within so many seconds, and stay."""
        self._used = Ramp(start, end, since, since + max(seconds, 0.001))
        self.revision += 1

    def busy(self, factor: float, devid: int | None = None) -> None:
        """Make a node, or all, so many times as busy as it would be."""
        self._busy[devid] = factor
        self.revision += 1

    def put(self, key: str, value: Steered, devid: int | None = None) -> None:
        """Give this value for a key from now on."""
        self._values[(key, devid)] = value
        self.revision += 1

    def fail(self, key: str, code: int, devid: int | None = None) -> None:
        """Give this error code in place of a key's value from now on; 3 keeps the value."""
        self._errors[(key, devid)] = code
        self.revision += 1

    def forget(self, key: str, devid: int | None = None) -> None:
        """Give the true values of a key again, under the device id for which others were put."""
        self._values.pop((key, devid), None)
        self._errors.pop((key, devid), None)
        self.revision += 1

    def follow(self, circumstances: Circumstances) -> None:
        """Let the figures follow what the state is now."""
        if circumstances != self.circumstances:
            self.circumstances = circumstances
            self.revision += 1

    def empty(self) -> None:
        """Let the used share of /ifs be usual again."""
        self._used = None
        self.revision += 1

    def calm(self) -> None:
        """Let the load and the used share of /ifs be usual again."""
        self._used = None
        self._busy.clear()
        self.revision += 1

    def used_share(self, elapsed: float) -> float | None:
        """Give the used share of /ifs, or None if nothing was said about it."""
        return None if self._used is None or elapsed < self._used.since else self._used.at(elapsed)

    def busyness(self, devid: int) -> float:
        """Give the factor for a node."""
        return self._busy.get(devid, self._busy.get(None, 1.0))

    def value(self, key: str, devid: int, elapsed: float) -> Value | None:
        """Give the value that stands for the true one, or None."""
        found = self._values.get((key, devid), self._values.get((key, None))) if self._values else None
        if found is None:
            return self.circumstances.values.get((key, devid))
        return found(elapsed) if callable(found) else found

    def error(self, key: str, devid: int) -> int | None:
        """Give the error code for a key at a device, or None."""
        if not self._errors:
            return None
        return self._errors.get((key, devid), self._errors.get((key, None)))
