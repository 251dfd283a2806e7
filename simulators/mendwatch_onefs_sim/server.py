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

from aiohttp import web

from mendwatch.clock import Clock, SystemClock
from mendwatch_onefs_sim.certificates import make_certificates
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.control import ControlApi
from mendwatch_onefs_sim.faults import Faults
from mendwatch_onefs_sim.hardware import make_hardware
from mendwatch_onefs_sim.incidents.incident import Incident
from mendwatch_onefs_sim.incidents.registry import begin
from mendwatch_onefs_sim.platform_api import PlatformApi
from mendwatch_onefs_sim.records import Records, RequestRecord
from mendwatch_onefs_sim.sessions import Account, Sessions

MONITOR = "monitor"
REMEDIATE = "remediate"
HOST = "127.0.0.1"

_SHUTDOWN = 0.2


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How the cluster is made. `folder` gets the certificates; `accounts` maps names to passwords.

    The account `remediate` reads and writes, every other one reads only. Passwords that are not given are made up.
    Port 0 takes a free one. `down` are logical numbers of nodes that do not answer.
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


class Simulator:
    """A running cluster; use it with `async with`.

    `url` is the base of the API, `control_url` of the control API, `ca_file` what verifies the first, `accounts` the
    passwords by name. `cluster`, `faults` and `sessions` are the state itself, for tests in the same process.
    """

    def __init__(self, options: SimulatorOptions) -> None:
        self.accounts: Mapping[str, str] = {**_passwords(), **options.accounts}
        self.cluster = Cluster(make_hardware(options.nodes, options.seed, options.name, options.down), options.clock)
        self.sessions = Sessions({name: Account(name, password, name == REMEDIATE) for name, password in self.accounts.items()})
        self.faults = Faults()
        self.url = ""
        self.control_url = ""
        self._records = Records()
        self._options = options
        self._stack = AsyncExitStack()
        options.folder.mkdir(parents=True, exist_ok=True)
        self._certificates = make_certificates(options.folder, SystemClock().now())  # TLS asks the machine what day it is

    @property
    def ca_file(self) -> Path:
        """The certificate authority to trust."""
        return self._certificates.ca_file

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the server's certificate, in lower-case hex."""
        return self._certificates.fingerprint

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

    async def __aenter__(self) -> Self:
        api = PlatformApi(self.cluster, self.sessions, self.faults, self._records, self._options.clock)
        control = ControlApi(self.cluster, self.sessions, self.faults, self._records)
        async with AsyncExitStack() as stack:
            port = await _serve(stack, api.application(), self._options.port, self._tls())
            control_port = await _serve(stack, control.application(), self._options.control_port, None)
            self._stack = stack.pop_all()
        self.url = f"https://{HOST}:{port}"
        self.control_url = f"http://{HOST}:{control_port}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._certificates.certificate_file, self._certificates.key_file)
        return context


async def _serve(stack: AsyncExitStack, app: web.Application, port: int, tls: ssl.SSLContext | None) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port, ssl_context=tls).start()
    return int(runner.addresses[0][1])


def _passwords() -> dict[str, str]:
    return {name: secrets.token_urlsafe(18) for name in (MONITOR, REMEDIATE)}
