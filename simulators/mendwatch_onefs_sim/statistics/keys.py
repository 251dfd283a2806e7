"""The shape of one statistics key: what OneFS tells about it, and how its value comes about.

The families beside this module are data; adding a key is one line there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment
from mendwatch_onefs_sim.statistics.policies import EVERY_5, Policy

#: Numbers, strings and the structured values of heat, protocol and cache keys.
Value = int | float | str | list[dict[str, object]] | dict[str, object]

BYTES = "bytes"
BYTE_RATE = "bytes per second"
OPERATIONS = "operations"
OPERATION_RATE = "operations per second"
PACKET_RATE = "packets per second"
ERROR_RATE = "errors per second"
SECONDS = "seconds"
PERMIL = "permil"
PERCENT = "percent"
CENTS = "cents"
NONE = "none"

#: Stands in a name for the number of a disk, a core, an interface or a sensor.
NUMBER = "N"


@dataclass(frozen=True, slots=True)
class About:
    """What `statistics/keys` says of a key.

    `cache` is for how many seconds a value that nobody samples may be given again. `real_name` is the key that this one is
    another name of. `made_of` is how often, in seconds, that is sampled from which a value is made when somebody asks.
    """

    key: str
    description: str
    units: str = NONE
    type: str = "double"
    policy: Policy = EVERY_5
    aggregation: str = "avg"
    cache: int = 0
    real_name: str | None = None
    made_of: int = 0

    @property
    def interval(self) -> int:
        """Seconds between two values that differ."""
        return self.policy.interval or min(self.cache, _LONGEST_CACHE) or self.made_of

    def as_json(self, scope: str) -> dict[str, object]:
        """Give the entry of this key in the answer to `statistics/keys`."""
        return {
            "aggregation_type": self.aggregation,
            "base_name": None,
            "default_cache_time": self.cache,
            "description": self.description,
            "key": self.key,
            "policies": [history.as_json() for history in self.policy.histories] or None,
            "policy_cache_time": self.policy.cache,
            "real_name": self.real_name,
            "scope": scope,
            "type": self.type,
            "units": self.units,
        }


#: What never changes is cached for a day on clusters; its time need not be that old.
_LONGEST_CACHE = 600


@dataclass(frozen=True, slots=True)
class ClusterKey:
    """A key with one value for the whole cluster."""

    about: About
    value: Callable[[ClusterMoment], Value]
    scope: str = "cluster"


@dataclass(frozen=True, slots=True)
class NodeKey:
    """A key with one value per node; None for a node that lacks the part."""

    about: About
    value: Callable[[NodeMoment], Value | None]
    scope: str = "node"


@dataclass(frozen=True, slots=True)
class NumberedKey:
    """A key per part of a node: its name has N where the part's number goes, from 0 up to what `parts` gives."""

    about: About
    parts: Callable[[Node], int]
    value: Callable[[NodeMoment, int], Value]
    scope: str = "node"

    def expanded(self, nodes: tuple[Node, ...]) -> Iterator[NodeKey]:
        """Give one key per number that any node has."""
        for number in range(max(self.parts(node) for node in nodes)):
            name = self.about.key.replace(f".{NUMBER}", f".{number}")
            yield NodeKey(replace(self.about, key=name), self._at(number))

    def _at(self, number: int) -> Callable[[NodeMoment], Value | None]:
        def value(now: NodeMoment) -> Value | None:
            return self.value(now, number) if number < self.parts(now.node) else None

        return value


StatKey = ClusterKey | NodeKey
Template = ClusterKey | NodeKey | NumberedKey


def renamed(key: NodeKey, name: str) -> NodeKey:
    """Give a key under another name; OneFS tells its real one."""
    return NodeKey(replace(key.about, key=name, real_name=key.about.key), key.value)


def renamed_cluster(key: ClusterKey, name: str) -> ClusterKey:
    """Give a key of the cluster under another name; OneFS tells its real one."""
    return ClusterKey(replace(key.about, key=name, real_name=key.about.key), key.value)
