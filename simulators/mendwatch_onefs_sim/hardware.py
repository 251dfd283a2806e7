"""Which nodes the simulated cluster has: fixed by the seed, never by time.

Node 2 has device id 5: it once was replaced. A client that takes the logical node number for the device id is
found out at once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from mendwatch.errors import ConfigurationError, UserError
from mendwatch_onefs_sim.releases import USUAL, release
from mendwatch_onefs_sim.waves import fraction

GIB = 2**30
TIB = 2**40

#: The largest cluster that OneFS makes.
MOST_NODES = 252

#: The node that was replaced, and the device id that its successor got.
REPLACED_LNN = 2
REPLACED_DEVID = 5


@dataclass(frozen=True, slots=True)
class Node:
    """One node: `lnn` is its place, `devid` its identity for life; `capacity` its share of /ifs in bytes.

    `booted` is the elapsed second of its last start, None if that was before the simulation.
    """

    lnn: int
    devid: int
    guid: str
    serial: str
    internal_address: str
    uptime_at_start: int
    is_up: bool = True
    capacity: int = 60 * TIB
    memory: int = 96 * GIB
    cores: int = 16
    drives: int = 15
    booted: float | None = None

    def uptime(self, elapsed: float) -> int:
        """Give the seconds since its last start."""
        return int(elapsed) + self.uptime_at_start if self.booted is None else max(0, int(elapsed - self.booted))


@dataclass(frozen=True, slots=True)
class Hardware:
    """The cluster's name, its release and its nodes, in the order of their logical node numbers.

    `latest` is the newest version of any resource that the release serves; 0 becomes what the release has.
    """

    name: str
    guid: str
    seed: int
    nodes: tuple[Node, ...]
    release: str = USUAL
    latest: int = 0

    def __post_init__(self) -> None:
        if not self.latest:
            object.__setattr__(self, "latest", release(self.release).latest)

    @property
    def local(self) -> Node:
        """The node that answers requests where nodes have no addresses of their own: the first that is up."""
        return next((node for node in self.nodes if node.is_up), self.nodes[0])

    def node(self, lnn: int) -> Node:
        """Give a node by its logical number.

        Raises:
            UserError: there is no such node.
        """
        if not 1 <= lnn <= len(self.nodes):
            raise UserError(f"there is no node {lnn}", hint=f"There are nodes 1 to {len(self.nodes)}.")
        return self.nodes[lnn - 1]

    def with_node(self, node: Node) -> Hardware:
        """Give the cluster with one node changed."""
        return replace(self, nodes=(*self.nodes[: node.lnn - 1], node, *self.nodes[node.lnn :]))

    @property
    def up(self) -> tuple[Node, ...]:
        """The nodes that answer."""
        return tuple(node for node in self.nodes if node.is_up)

    @property
    def build(self) -> str:
        """The kernel's build word, such as B_9_12_0_0_001(RELEASE)."""
        return f"B_{self.release.replace('.', '_')}_001(RELEASE)"

    @property
    def version_text(self) -> str:
        """The one line that the kernel says of itself."""
        numbers = [int(part) for part in self.release.split(".")]
        code = "".join(f"{number:02X}" for number in numbers)
        built = release(self.release).built
        return f"Isilon OneFS {self.release} {self.build}: 0x{code}00000001:{built:%a %b %d %H:%M:%S UTC %Y}"

    @property
    def release_date(self) -> int:
        """When the release was built, in epoch seconds."""
        return int(release(self.release).built.timestamp())


def make_hardware(nodes: int, seed: int, name: str, down: frozenset[int] = frozenset(), release_name: str = USUAL) -> Hardware:
    """Make a cluster of so many nodes; `down` are the logical node numbers that do not answer (never the first).

    Raises:
        ConfigurationError: a cluster cannot have so many nodes.
        UserError: there is no such release.
    """
    release(release_name)
    if not 1 <= nodes <= MOST_NODES:
        raise ConfigurationError(f"a cluster cannot have {nodes} nodes", hint=f"Choose 1 to {MOST_NODES}.")
    made = tuple(_node(lnn, seed, is_up=lnn not in down or lnn == 1) for lnn in range(1, nodes + 1))
    return Hardware(name, _hex(seed, "cluster", 36), seed, made, release_name)


def _node(lnn: int, seed: int, *, is_up: bool) -> Node:
    uptime = 86_400 * (3 + int(90 * fraction(seed, "uptime", lnn)))
    serial = f"JWXNS{int(1e9 * fraction(seed, 'serial', lnn)):09d}"
    return Node(lnn, device_id(lnn), _hex(seed, f"node{lnn}", 36), serial, f"128.221.252.{lnn}", uptime, is_up)


def device_id(lnn: int) -> int:
    """Give the device id of a node: its number, but for the replaced one, and for those after it in a larger cluster."""
    if lnn == REPLACED_LNN:
        return REPLACED_DEVID
    return lnn if lnn < REPLACED_DEVID else lnn + 1


def _hex(seed: int, name: str, length: int) -> str:
    text = uuid.uuid5(uuid.NAMESPACE_OID, f"{seed}:{name}").hex + uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}:{name}").hex
    return text[:length]
