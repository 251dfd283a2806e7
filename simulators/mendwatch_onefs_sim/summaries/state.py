"""Who works with the cluster: the usual clients of each node, guests that come besides them, and what makes all of it slow.

What the cluster does for them is in its statistics; the summaries only tell who has which part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: How a guest's operations are spread over those of its protocol.
SHARES: Mapping[str, float] = MappingProxyType({"read": 0.6, "write": 0.4})

#: The usual clients of a node: protocol, share of the node's operations, and whose they are.
_USUAL = (
    ("nfs3", 0.7, "nobody"), ("nfs3", 0.3, "alice"), ("nlm", 1.0, "nobody"), ("nfs4", 1.0, "alice"), ("smb2", 0.7, "alice"),
    ("smb2", 0.3, "bob"), ("http", 1.0, "nobody"), ("s3", 1.0, "bob"), ("siq", 1.0, "root"), ("papi", 1.0, "monitor"),
)  # fmt: skip
#: The last numbers of addresses, which leave room for those of incidents.
_LAST = 240


@dataclass(frozen=True, slots=True)
class Client:
    """A guest: somebody at an address who does `rate` operations per second, each of `size` bytes, and a request of `request`.

    `path` is the file that all of it is about, where it is a single one.
    """

    address: str
    protocol: str
    rate: float
    size: int = 32_768
    user: str = "nobody"
    path: str | None = None
    request: int = 120

    def bytes_of(self, way: str) -> float:
        """Give the bytes of a usual operation of it, in or out."""
        data, asked = (SHARES["write"], SHARES["read"]) if way == "in" else (SHARES["read"], SHARES["write"])
        return data * self.size + asked * self.request


@dataclass(frozen=True, slots=True)
class Regular:
    """A usual client: it is served by the node `lnn` and has this share of what the node does over its protocol."""

    address: str
    protocol: str
    share: float
    user: str
    lnn: int


class Summaries:
    """Holds the clients of nodes with these logical numbers, and what incidents have changed."""

    def __init__(self, nodes: Iterable[int]) -> None:
        self.regulars: dict[int, tuple[Regular, ...]] = {lnn: _regulars(lnn) for lnn in nodes}
        self.guests: list[Client] = []
        #: How many times as busy the nodes are for clients that nobody expected.
        self.crowd = 1.0
        #: Factors of the latency of a protocol, by its name.
        self.slowness: dict[str, float] = {}
        #: Factors of the latency of a drive, by logical node number and bay.
        self.slow_drives: dict[tuple[int, int], float] = {}
        #: Paths of the heat map, with event and their share of a node's events of this kind.
        self.heat: list[tuple[str, str, float]] = [
            ("/ifs/data/projects/apollo/index.db", "lookup", 0.12),
            ("/ifs/data/projects/apollo", "getattr", 0.03),
            ("/ifs/home/alice/.cache", "write", 0.09),
            ("/ifs/data/media/raw", "read", 0.03),
            ("/ifs/data/projects/gemini/lock", "contended", 0.3),
        ]

    @property
    def clients(self) -> list[Regular | Client]:
        """Everybody: the usual clients and the guests."""
        return [*(one for regulars in self.regulars.values() for one in regulars), *self.guests]

    def arrive(self, client: Client) -> None:
        """Let a guest begin."""
        self.guests.append(client)

    def leave(self, address: str) -> None:
        """Let the guest at an address stop."""
        self.guests = [guest for guest in self.guests if guest.address != address]

    def slow_down(self, protocol: str, factor: float) -> None:
        """Let a protocol take so many times as long."""
        self.slowness[protocol] = factor

    def crowd_in(self, load: float) -> None:
        """Let the nodes be so many times as busy."""
        self.crowd = load

    def recover(self, protocol: str) -> None:
        """Let a protocol be as ever."""
        self.slowness.pop(protocol, None)
        self.crowd = 1.0

    def mend_drive(self, lnn: int, bay: int) -> None:
        """Let a drive be as quick as ever."""
        self.slow_drives.pop((lnn, bay), None)

    def slow_drive(self, lnn: int, bay: int, factor: float) -> None:
        """Let a drive take so many times as long, and be busy all the time."""
        self.slow_drives[lnn, bay] = factor


def _regulars(lnn: int) -> tuple[Regular, ...]:
    first = (lnn - 1) * len(_USUAL)
    return tuple(
        Regular(f"10.20.{number // _LAST}.{number % _LAST + 1}", protocol, share, user, lnn)
        for number, (protocol, share, user) in enumerate(_USUAL, start=first)
    )
