"""The shape of one statistics key: what OneFS tells about it, and how its value comes about.

The tables beside this module are data; adding a key is one line there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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

_FAST = 5
_SLOW = 300
_TWO_DAYS = 172_800


@dataclass(frozen=True, slots=True)
class About:
    """What `statistics/keys` says of a key. `interval` is the sampling policy in seconds; 0 is on demand."""

    key: str
    description: str
    units: str
    type: str
    aggregation: str = "avg"
    interval: int = _FAST

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
        if not self.interval:
            return None
        return [{"interval": self.interval, "persistent": self.interval == _SLOW, "retention": _TWO_DAYS}]


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
