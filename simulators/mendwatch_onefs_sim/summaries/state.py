"""What was done to the cluster's activity: clients that come, drives and protocols that get slow. The rest follows from time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody at an address who does `rate` operations per second with one protocol, each of `size` bytes."""

    address: str
    protocol: str
    rate: float
    size: int = 32_768
    user: str = "nobody"


class Summaries:
    """Holds the steady clients, and what incidents have changed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.clients: list[Client] = [
            Client(f"10.20.{number // 250}.{number % 250 + 1}", "nfs3" if number % 3 else "smb2", 900.0 / (1 + number / 4))
            for number in range(40)
        ]
        #: How many times as busy the nodes are for clients that nobody expected.
        self.crowd = 1.0
        #: Factors of the operations of a protocol, by its name.
        self.paces: dict[str, float] = {}
        #: Factors of the latency of a protocol, by its name.
        self.slowness: dict[str, float] = {}
        #: Factors of the latency of a drive, by logical node number and bay.
        self.slow_drives: dict[tuple[int, int], float] = {}
        #: Paths of the heat map, with event and operations per second.
        self.heat: list[tuple[str, str, float]] = [
            ("/ifs/data/projects/apollo/index.db", "lookup", 420.0),
            ("/ifs/data/projects/apollo", "getattr", 310.0),
            ("/ifs/home/alice/.cache", "write", 95.0),
            ("/ifs/data/media/raw", "read", 60.0),
            ("/ifs/data/projects/gemini/lock", "contended", 4.0),
        ]

    def arrive(self, client: Client) -> None:
        """Let another client begin."""
        self.clients.append(client)

    def leave(self, address: str) -> None:
        """Let whoever is at an address stop."""
        self.clients = [client for client in self.clients if client.address != address]

    def slow_down(self, protocol: str, factor: float) -> None:
        """Let a protocol take so many times as long."""
        self.slowness[protocol] = factor

    def crowd_in(self, protocol: str, pace: float, load: float) -> None:
        """Let a protocol have so many times the operations, and the nodes be so many times as busy."""
        self.paces[protocol] = pace
        self.crowd = load

    def recover(self, protocol: str) -> None:
        """Let a protocol be as ever."""
        self.slowness.pop(protocol, None)
        self.paces.pop(protocol, None)
        self.crowd = 1.0

    def mend_drive(self, lnn: int, bay: int) -> None:
        """Let a drive be as quick as ever."""
        self.slow_drives.pop((lnn, bay), None)

    def slow_drive(self, lnn: int, bay: int, factor: float) -> None:
        """Let a drive take so many times as long, and be busy all the time."""
        self.slow_drives[lnn, bay] = factor
