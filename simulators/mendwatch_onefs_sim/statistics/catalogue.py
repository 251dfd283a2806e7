"""Every key that the simulated cluster knows, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.statistics.cluster_keys import CLUSTER_KEYS
from mendwatch_onefs_sim.statistics.keys import StatKey
from mendwatch_onefs_sim.statistics.node_keys import NODE_KEYS

_ALL: tuple[StatKey, ...] = (*CLUSTER_KEYS, *NODE_KEYS)

KEYS: Mapping[str, StatKey] = MappingProxyType({key.about.key: key for key in _ALL})
