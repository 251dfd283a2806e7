"""The gym on a simulated cluster, in the process of who asks: the cluster is what is looked at, through no API."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mendwatch.provider import DemoTarget, Drill, Standing
from mendwatch_onefs_sim.certificates import write_private
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.gym.drills import ARGUMENTS, DRILLS
from mendwatch_onefs_sim.gym.facts import facts_of
from mendwatch_onefs_sim.server import MONITOR, REMEDIATE, Simulator, SimulatorOptions

NAME = "gym-cluster"
_LOGIN = "/session/"
_COPY_SECONDS = 10


class OnefsGym:
    """One simulated cluster at a time."""

    def __init__(self) -> None:
        self._simulator: Simulator | None = None

    def drills(self) -> Sequence[Drill]:
        """Give every drill, by name."""
        return DRILLS

    async def start(self, folder: Path) -> DemoTarget:
        """Start a cluster; certificates and passwords go below `folder`."""
        await self.stop()
        passwords = {name: secrets.token_urlsafe(24) for name in (MONITOR, REMEDIATE)}
        _keep(folder, passwords)
        simulator = Simulator(SimulatorOptions(folder, accounts=passwords, name=NAME))
        _prepare(simulator.cluster)
        await simulator.__aenter__()
        self._simulator = simulator
        return DemoTarget((_target(simulator, folder),))

    async def begin(self, drill: str) -> None:
        """Let the incident of a drill happen."""
        self._running.begin(drill, **ARGUMENTS.get(drill, {}))

    async def standing(self) -> Standing:
        """Tell whether the incident is over, and which of the events that it opened are open."""
        cluster = self._running.cluster
        cluster.settle()
        opened = [key for incident in cluster.incidents for key in incident.events]
        events = tuple(key for key in opened if not cluster.events.get(key).resolved)
        return Standing(not cluster.troubled, events)

    async def facts(self) -> Mapping[str, object]:
        """Give all of the cluster's state."""
        return facts_of(self._running.cluster)

    async def writes(self) -> Sequence[str]:
        """Give what changed the cluster, or tried to."""
        asked = self._running.requests
        return [f"{one.method} {one.path}" for one in asked if one.method != "GET" and not one.path.startswith(_LOGIN)]

    async def stop(self) -> None:
        """End the cluster."""
        simulator, self._simulator = self._simulator, None
        if simulator is not None:
            await simulator.__aexit__(None, None, None)
            await asyncio.sleep(0)  # connections that were closed say so in the next turn of the loop

    @property
    def _running(self) -> Simulator:
        assert self._simulator is not None, "the gym is not started"  # noqa: S101 - a fault of who calls
        return self._simulator


def _prepare(cluster: Cluster) -> None:
    """Let copies take seconds, for nobody waits for minutes here, and every quota be counted: else that is an alert of its own."""
    for policy in cluster.syncs.all():
        cluster.syncs.put(replace(policy, duration=_COPY_SECONDS))
    for quota in cluster.quotas.all():
        cluster.quotas.put(replace(quota, ready=True))


def _keep(folder: Path, passwords: Mapping[str, str]) -> None:
    """Write each password to a file of its own that only the owner reads."""
    folder.mkdir(mode=0o700, parents=True)
    for name, password in passwords.items():
        write_private(folder / f"{name}.password", password.encode())


def _target(simulator: Simulator, folder: Path) -> Mapping[str, object]:
    """Give the target's stanza as a person would write it."""
    tiers = {"read": MONITOR, "write": REMEDIATE}
    return {
        "name": NAME,
        "provider": "onefs",
        "address": simulator.url,
        "credentials": {tier: {"username": name, "password": f"file:{folder / name}.password"} for tier, name in tiers.items()},
        "options": {"ca_file": str(simulator.ca_file)},
    }
