"""The simulator as one thing that is started and stopped: certificates, state, HTTPS and the control API."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from mendwatch.clock import Clock, SystemClock
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.control import ControlApi
from mendwatch_onefs_sim.faults import Faults
from mendwatch_onefs_sim.hardware import Node, make_hardware
from mendwatch_onefs_sim.incidents.incident import Incident
from mendwatch_onefs_sim.incidents.registry import begin, end
from mendwatch_onefs_sim.listeners import HOST, Listeners
from mendwatch_onefs_sim.platform_api import PlatformApi
from mendwatch_onefs_sim.records import Records, RequestRecord
from mendwatch_onefs_sim.releases import USUAL
from mendwatch_onefs_sim.serving import certificates_in, tls_of
from mendwatch_onefs_sim.sessions import INACTIVE, Account, Sessions

MONITOR = "monitor"
REMEDIATE = "remediate"

#: A release that tells logins an inactive end of 0, and ends their sessions as all do.
_TELLS_NO_END = "9.5.0.3"


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How the cluster is made. `folder` gets the certificates; `accounts` maps names to passwords.

    The account `remediate` reads and writes, every other one reads only; `privileges` gives an account single privileges
    instead (by id, with r, x or w). Passwords that are not given are made up. Port 0 takes a free one. `down` are logical
    numbers of nodes that do not answer. `network` is the first three numbers of addresses of 127/8: with it each node has an
    address of its own, whose last number is the node's, and sessions are good only where they were opened. `most` is how many
    requests the cluster takes at once; `gzips` whether it compresses.
    """

    folder: Path
    nodes: int = 4
    seed: int = 1
    accounts: Mapping[str, str] = field(default_factory=dict)
    name: str = "demo-cluster"
    port: int = 0
    control_port: int = 0
    clock: Clock = field(default_factory=SystemClock)
    down: frozenset[int] = frozenset()
    release: str = USUAL
    privileges: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    network: str | None = None
    most: int | None = None
    gzips: bool = True


class Simulator:
    """A running cluster; use it with `async with`.

    `url` is the base of the API, `control_url` of the control API, `ca_file` what verifies the first, `accounts` the
    passwords by name. `cluster`, `faults` and `sessions` are the state itself, for tests in the same process.
    """

    def __init__(self, options: SimulatorOptions) -> None:
        self.accounts: Mapping[str, str] = {**_passwords(), **options.accounts}
        hardware = make_hardware(options.nodes, options.seed, options.name, options.down, options.release)
        self.cluster = Cluster(hardware, options.clock)
        self.sessions = Sessions(_accounts(self.accounts, options.privileges), 0 if options.release == _TELLS_NO_END else INACTIVE)
        self.faults = Faults()
        self.url = ""
        self.control_url = ""
        self._records = Records()
        self._options = options
        self._stack = AsyncExitStack()
        self._nodes = _addresses(options)
        self._listeners: Listeners | None = None
        self._certificates = certificates_in(options.folder, tuple(self._nodes))
        self.cluster.watchers.append(self._node_changed)
        self.cluster.revokers.append(self.sessions.end_all)

    @property
    def ca_file(self) -> Path:
        """The certificate authority to trust."""
        return self._certificates.ca_file

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the server's certificate, in lower-case hex."""
        return self._certificates.fingerprint

    @property
    def name(self) -> str:
        """What the cluster calls itself."""
        return self.cluster.hardware.name

    @property
    def addresses(self) -> Mapping[int, str]:
        """The base of the API at each node, by logical number; empty where nodes have no addresses of their own."""
        port = self.url.rpartition(":")[2]
        return {lnn: f"https://{address}:{port}" for address, lnn in self._nodes.items()}

    @property
    def requests(self) -> list[RequestRecord]:
        """What the cluster was asked, oldest first."""
        return self._records.all()

    def begin(self, incident: str, **arguments: object) -> Incident:
        """Start an incident by name, as POST /incidents/<name> does.

        Raises:
            UserError: there is no such incident, or its arguments cannot be used.
        """
        return begin(self.cluster, incident, arguments)

    def end(self, incident: str) -> list[Incident]:
        """Take the cause of an incident away, as DELETE /incidents/<name> does.

        Raises:
            UserError: there is no such incident, or none runs.
        """
        return end(self.cluster, incident)

    async def settled(self) -> None:
        """Wait until every node that came up again takes connections."""
        if self._listeners is not None:
            await self._listeners.settled()

    async def __aenter__(self) -> Self:
        options = self._options
        api = PlatformApi(
            self.cluster, self.sessions, self.faults, self._records, options.clock, self._nodes, options.most, options.gzips
        )
        control = ControlApi(self.cluster, self.sessions, self.faults, self._records, self.settled)
        addresses = tuple(self._nodes) or (HOST,)
        async with AsyncExitStack() as stack:
            secure = Listeners(api.application(), self._tls(), addresses, options.port)
            listeners = await stack.enter_async_context(secure)
            open_control = await stack.enter_async_context(Listeners(control.application(), None, port=options.control_port))
            self._stack = stack.pop_all()
        self.url, self.control_url, self._listeners = listeners.url, open_control.url, listeners
        for node in self.cluster.hardware.nodes:
            self._reach(node)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listeners = None
        await self._stack.aclose()

    def _tls(self) -> ssl.SSLContext:
        return tls_of(self._certificates)

    def _node_changed(self, node: Node) -> None:
        """Follow a node that went down, came up or restarted: none of them remembers a session."""
        self.sessions.end_all(node.lnn)
        self._reach(node)

    def _reach(self, node: Node) -> None:
        """Let a node's own address take connections while it is up."""
        address = next((address for address, lnn in self._nodes.items() if lnn == node.lnn), None)
        if self._listeners is None or address is None:
            return
        if node.is_up:
            self._listeners.open(address)
        else:
            self._listeners.close(address)


def _accounts(passwords: Mapping[str, str], privileges: Mapping[str, Mapping[str, str]]) -> dict[str, Account]:
    return {name: Account(name, password, name == REMEDIATE, privileges.get(name)) for name, password in passwords.items()}


def _addresses(options: SimulatorOptions) -> dict[str, int]:
    if options.network is None:
        return {}
    return {f"{options.network}.{lnn}": lnn for lnn in range(1, options.nodes + 1)}


def _passwords() -> dict[str, str]:
    return {name: secrets.token_urlsafe(18) for name in (MONITOR, REMEDIATE)}
