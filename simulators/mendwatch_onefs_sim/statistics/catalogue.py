"""Every key that a simulated cluster knows: the families' templates, one per part of a node, less what its release lacks.

Which keys go with a release after 9.12 is made up, after keys that went with real upgrades and took whole collections along:
a client that names them in a request without `degraded` loses everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.statistics.families.caches import CACHES
from mendwatch_onefs_sim.statistics.families.drives import DRIVES
from mendwatch_onefs_sim.statistics.families.filesystem import FILESYSTEM
from mendwatch_onefs_sim.statistics.families.health import HEALTH
from mendwatch_onefs_sim.statistics.families.network import NETWORK
from mendwatch_onefs_sim.statistics.families.processors import PROCESSORS
from mendwatch_onefs_sim.statistics.families.protocols import PROTOCOL_KEYS
from mendwatch_onefs_sim.statistics.families.sensors import SENSORS
from mendwatch_onefs_sim.statistics.families.system import SYSTEM
from mendwatch_onefs_sim.statistics.keys import NumberedKey, StatKey, Template

TEMPLATES: tuple[Template, ...] = (
    *HEALTH, *PROCESSORS, *NETWORK, *DRIVES, *FILESYSTEM, *CACHES, *PROTOCOL_KEYS, *SENSORS, *SYSTEM,
)  # fmt: skip

#: The newest version of the API of the first and of the last release that has a key; None is no end.
SPANS: Mapping[str, tuple[int, int | None]] = MappingProxyType(
    {
        "node.memory.cache": (1, 23),
        "node.cpu.throttling": (1, 24),
        "cluster.performance.dataset.0": (17, None),
    }
)


def keys_of(nodes: tuple[Node, ...], latest: int) -> Mapping[str, StatKey]:
    """Give every key of a cluster with these nodes, by name, in the order of the families."""
    return MappingProxyType({key.about.key: key for key in _expanded(TEMPLATES, nodes) if _has(key.about.key, latest)})


class Catalogue:
    """Gives a cluster's keys, and makes them anew when its parts or its release change."""

    def __init__(self) -> None:
        self._made: tuple[object, Mapping[str, StatKey]] | None = None

    def of(self, hardware: Hardware) -> Mapping[str, StatKey]:
        """Give the keys of a cluster as it is now."""
        shape = (hardware.latest, max(node.drives for node in hardware.nodes), max(node.cores for node in hardware.nodes))
        if self._made is None or self._made[0] != shape:
            self._made = (shape, keys_of(hardware.nodes, hardware.latest))
        return self._made[1]


def _expanded(templates: Iterable[Template], nodes: tuple[Node, ...]) -> Iterator[StatKey]:
    for template in templates:
        if isinstance(template, NumberedKey):
            yield from template.expanded(nodes)
        else:
            yield template


def _has(key: str, latest: int) -> bool:
    since, until = SPANS.get(key, (1, None))
    return since <= latest and (until is None or latest <= until)
