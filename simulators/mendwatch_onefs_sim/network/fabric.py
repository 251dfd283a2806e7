"""The cluster's network at one moment: one groupnet, one subnet, two pools, two interfaces per node; and what can happen to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from mendwatch.errors import UserError
from mendwatch_onefs_sim.answers import not_found
from mendwatch_onefs_sim.hardware import Hardware

GROUPNET, SUBNET = "groupnet0", "subnet0"
#: Names of the interfaces of a node, and what each can carry in megabits per second.
NAMES = ("ext-1", "ext-2", "mgmt-1")
_SPEEDS = {"ext-1": 25_000, "ext-2": 25_000, "mgmt-1": 1_000}
UP, NO_CARRIER = "up", "no_carrier"
#: The first address of each network pool; an interface has the one of its node's number.
_BASES = {"pool0": "10.20.0", "pool1": "10.20.4"}
#: The most nodes of a cluster: so many addresses has a pool of one address per node.
ADDRESSES = 252


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of one node; `pool` is the network pool that it serves, or None.

    `held` are its addresses where some moved to it or away from it.
    """

    lnn: int
    name: str
    status: str
    speed: int
    mtu: int
    pool: str | None
    held: tuple[str, ...] | None = None

    @property
    def addresses(self) -> list[str]:
        """The addresses that it has: none where it serves no pool."""
        if self.held is not None:
            return list(self.held)
        return [] if self.pool is None else [f"{_BASES[self.pool]}.{self.lnn}"]


@dataclass(frozen=True, slots=True)
class NetworkPool:
    """One network pool; `suspended` are the nodes that SmartConnect leaves out."""

    name: str
    zone: str
    alloc_method: str
    iface: str
    suspended: tuple[int, ...] = ()
    rules: tuple[str, ...] = ("rule0",)

    @property
    def id(self) -> str:
        """The full name."""
        return f"{GROUPNET}.{SUBNET}.{self.name}"

    @property
    def range(self) -> tuple[str, str]:
        """The first and the last address."""
        return f"{_BASES[self.name]}.1", f"{_BASES[self.name]}.{ADDRESSES}"


@dataclass(frozen=True, slots=True)
class Zone:
    """One access zone."""

    name: str
    number: int
    path: str
    providers: tuple[str, ...]


@dataclass(slots=True)
class Fabric:
    """Holds interfaces, pools and zones; `flushes` and `rebalances` count what was asked for, for tests and proofs."""

    interfaces: dict[tuple[int, str], Interface]
    pools: dict[str, NetworkPool]
    zones: tuple[Zone, ...]
    flushes: int = 0
    rebalances: dict[str, int] = field(default_factory=dict)
    _watchers: list[Callable[[Interface], None]] = field(default_factory=list)

    def watch(self, watcher: Callable[[Interface], None]) -> None:
        """Call this with every interface that changes."""
        self._watchers.append(watcher)

    def interface(self, lnn: int, name: str) -> Interface:
        """Give an interface.

        Raises:
            UserError: there is no such interface.
        """
        if (lnn, name) not in self.interfaces:
            raise UserError(f"node {lnn} has no interface {name!r}", hint=f"A node has {', '.join(NAMES)}.")
        return self.interfaces[(lnn, name)]

    def set_status(self, lnn: int, name: str, status: str = NO_CARRIER) -> None:
        """Let an interface be up (`up`) or not (`no_carrier`, `disabled`); without a carrier it has no speed."""
        speed = _SPEEDS[name] if status == UP else 0
        self._put(replace(self.interface(lnn, name), status=status, speed=speed))

    def slow(self, lnn: int, name: str, megabits: int) -> None:
        """Let an interface agree on a lower speed."""
        self._put(replace(self.interface(lnn, name), speed=megabits))

    def pool(self, name: str) -> NetworkPool:
        """Give a network pool by its short name.

        Raises:
            PapiError: 404.
        """
        if name not in self.pools:
            raise not_found(f"Pool '{name}' was not found", "pool")
        return self.pools[name]

    def suspend(self, name: str, nodes: Iterable[int]) -> None:
        """Let SmartConnect leave nodes out of a pool."""
        pool = self.pool(name)
        self.pools[name] = replace(pool, suspended=tuple(sorted({*pool.suspended, *nodes})))

    def resume(self, name: str, nodes: Iterable[int]) -> None:
        """Let SmartConnect use nodes of a pool again."""
        pool = self.pool(name)
        self.pools[name] = replace(pool, suspended=tuple(sorted(set(pool.suspended) - set(nodes))))

    def move_addresses(self, name: str, lnn: int, other: int) -> None:
        """Let a node give its addresses of a pool to another, as when it was down for a while."""
        pool = self.pool(name)
        giver, taker = self.interfaces[lnn, pool.iface], self.interfaces[other, pool.iface]
        self._put(replace(taker, held=(*taker.addresses, *giver.addresses)))
        self._put(replace(giver, held=()))

    def rebalance(self, name: str) -> None:
        """Spread the addresses of a pool anew; those of a static one stay where they are."""
        pool = self.pool(name)
        self.rebalances[pool.name] = self.rebalances.get(name, 0) + 1
        if pool.alloc_method == "dynamic":
            for one in [one for one in self.interfaces.values() if one.pool == pool.name and one.held is not None]:
                self._put(replace(one, held=None))

    def flush(self) -> None:
        """Empty the DNS cache."""
        self.flushes += 1

    def _put(self, interface: Interface) -> None:
        self.interfaces[(interface.lnn, interface.name)] = interface
        for watcher in self._watchers:
            watcher(interface)


def make_fabric(hardware: Hardware) -> Fabric:
    """Make the network of a cluster."""
    interfaces = {(node.lnn, name): _interface(node.lnn, name) for node in hardware.nodes for name in NAMES}
    pools = (NetworkPool("pool0", "System", "static", "ext-1"), NetworkPool("pool1", "research", "dynamic", "ext-2", rules=()))
    zones = (Zone("System", 1, "/ifs", ("lsa-local-provider:System",)), Zone("research", 2, "/ifs/research", ()))
    return Fabric(interfaces, {pool.name: pool for pool in pools}, zones)


def _interface(lnn: int, name: str) -> Interface:
    pool = {"ext-1": "pool0", "ext-2": "pool1"}.get(name)
    status = UP if pool else NO_CARRIER
    return Interface(lnn, name, status, _SPEEDS[name] if pool else 0, 9000 if pool else 1500, pool)
