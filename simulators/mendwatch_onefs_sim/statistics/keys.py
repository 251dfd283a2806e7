"""The shape of one statistics key: what OneFS tells about it, and how its value comes about.

The tables beside this module are data; adding a key is one line there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment

#: Numbers, strings and the structured values of heat, protocol and cache keys.
Value = int | float | str | list[dict[str, object]] | dict[str, object]

BYTES = "bytes"
BYTE_RATE = "bytes per second"
OPERATION_RATE = "operations per second"
PACKET_RATE = "packets per second"
ERROR_RATE = "errors per second"
PERMIL = "permil"
CENTS = "cents"
NONE = "none"

#: How often the cluster itself samples a key, in seconds. Polling faster than that gives nothing new.
ON_DEMAND = 0
EVERY_5 = 5
EVERY_10 = 10
EVERY_300 = 300

#: Per sampling interval, what is kept: (interval, persistent, retention), all in seconds.
_POLICIES: Mapping[int, tuple[tuple[int, bool, int], ...]] = MappingProxyType(
    {
        EVERY_5: ((5, False, 4_200), (120, True, 1_209_600)),
        EVERY_10: ((10, False, 360),),
        EVERY_300: ((300, False, 87_000), (86_400, True, 31_536_000)),
    }
)


@dataclass(frozen=True, slots=True)
class About:
    """What `statistics/keys` says of a key. `interval` is one of the sampling intervals above."""

    key: str
    description: str
    units: str
    type: str
    aggregation: str = "avg"
    interval: int = EVERY_5

    def as_json(self, scope: str) -> dict[str, object]:
        """Give the entry of this key in the answer to `statistics/keys`."""
        return {
            "aggregation_type": self.aggregation,
            "base_name": None,
            "default_cache_time": self.interval or 1,
            "description": self.description,
            "key": self.key,
            "policies": self._policies(),
            "policy_cache_time": self.interval or None,
            "real_name": None,
            "scope": scope,
            "type": self.type,
            "units": self.units,
        }

    def _policies(self) -> list[dict[str, object]] | None:
        kept = _POLICIES.get(self.interval)
        if kept is None:
            return None
        return [{"interval": interval, "persistent": persistent, "retention": seconds} for interval, persistent, seconds in kept]


@dataclass(frozen=True, slots=True)
class ClusterKey:
    """A key with one value for the whole cluster."""

    about: About
    value: Callable[[ClusterMoment], Value]
    scope: str = "cluster"


@dataclass(frozen=True, slots=True)
class NodeKey:
    """A key with one value per node."""

    about: About
    value: Callable[[NodeMoment], Value]
    scope: str = "node"


StatKey = ClusterKey | NodeKey
