"""A simulated cluster and a real executor for one remediation: Ansible plans and applies it as the agent has it do."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from canaries import spellings
from remediation_world import World

from mendwatch import content
from mendwatch.clock import Clock, SystemClock
from mendwatch.model.remediations import Remediation
from mendwatch.model.runs import Plan
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Job, Phase, Result, TaskEvent
from mendwatch.playbooks.local import LocalExecutor
from mendwatch.remediation import catalogue
from mendwatch.remediation.planning import plan_of
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

PASSWORD = "Kanari/en+Vogel&%7=ü"
TARGET = Target("lab", "onefs", "https://lab.example.com:8080")
READER, WRITER = "monitor", "remediate"
#: Lets a request through unspoilt, so that the next fault meets the one after it.
_PASS = "content_type"


@dataclass
class RemediationRig:
    """One world on one cluster; each phase is a job of its own."""

    world: World
    sim: Simulator
    executor: LocalExecutor
    folder: Path
    variables: Mapping[str, object]
    before: object
    remediation: Remediation
    events: list[TaskEvent] = field(default_factory=list)
    argv: list[str] = field(default_factory=list)
    _runs: Any = field(default_factory=itertools.count)

    def probe(self) -> object:
        """Give all that the remediation may change, as it is now."""
        return self.world.probe(self.sim)

    async def plan(self) -> Result:
        """Run check mode with the account that reads."""
        return await self.play(Phase.PLAN, READER, {})

    async def apply(self, result: Result) -> Result:
        """Apply what was planned as the agent does: with the account that writes, and the variables of the plan."""
        plan = plan_of(result, self.remediation, TARGET, self.variables, self.executor.versions())
        assert isinstance(plan, Plan), plan
        return await self.play(Phase.APPLY, WRITER, plan.variables)

    async def play(self, phase: Phase, account: str, more: Mapping[str, object], playbook: Path | None = None) -> Result:
        """Run the playbook once."""
        environment = {
            "MENDWATCH_ONEFS_URL": self.sim.url,
            "MENDWATCH_ONEFS_USERNAME": account,
            "MENDWATCH_ONEFS_PASSWORD": PASSWORD,
            "MENDWATCH_ONEFS_CA_FILE": str(self.sim.ca_file),
            "MENDWATCH_ONEFS_TIMEOUT": "10",
        }
        root = content.folder("remediations")
        job = Job(
            run_id=f"run-{next(self._runs)}",
            phase=phase,
            attempt=1,
            playbook=playbook or self.remediation.playbook,
            collections=root,
            variables={**self.variables, **more},
            environment=environment,
            timeout=50.0,
        )
        return await self.executor.run(job, self._look)

    def _look(self, event: TaskEvent) -> None:
        """Keep an event, and look meanwhile whether the password is in a command line."""
        self.events.append(event)
        self.argv.extend(str(path) for path in Path("/proc").glob("[0-9]*/cmdline") if _holds(path))

    def writes(self) -> list[str]:
        """What changed anything on the cluster, or tried to: all but reads, logins and logouts."""
        return [f"{seen.method} {seen.path}" for seen in self.sim.requests if seen.method != "GET" and "/session/" not in seen.path]

    def written(self) -> bool:
        """Tell whether the writes are those that a good apply makes; `{}` stands for an id that the cluster chose."""
        seen, wanted = self.writes(), self.world.writes
        return len(seen) == len(wanted) and all(
            re.fullmatch(re.escape(pattern).replace(r"\{\}", "[^/]+"), write) for pattern, write in zip(wanted, seen, strict=True)
        )

    def reads(self) -> int:
        """How often an apply reads before it writes; ask after the plan."""
        planned = len([seen for seen in self.sim.requests if seen.method == "GET"])
        return planned if self.world.reads is None else self.world.reads

    def spoil(self, method: str, after: int, fault: Fault) -> None:
        """Let the first so many requests of a method through, and spoil the next."""
        if after:
            self.sim.faults.add(Fault(_PASS, method=method, times=after, content_type="application/json"))
        self.sim.faults.add(fault)

    def leaks(self) -> list[str]:
        """Give every file, command line and told thing that holds, or held, the password."""
        told = repr(self.events).encode()
        files = [str(path) for path in _files(self.folder) if _holds(path)]
        return [*files, *self.argv, *(f"event: {form!r}" for form in spellings(PASSWORD) if form in told)]

    def sessions(self) -> tuple[int, int]:
        """How often somebody logged in, and out."""
        methods = [seen.method for seen in self.sim.requests if seen.path == "/session/1/session"]
        return methods.count("POST"), methods.count("DELETE")


def _holds(path: Path) -> bool:
    """Tell whether a file holds the password; a process may end while it is looked at."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return any(form in data for form in spellings(PASSWORD))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and "cluster" not in path.relative_to(folder).parts)


@asynccontextmanager
async def remediation_rig(
    world: World, folder: Path, name: tuple[str, str] | None = None, clock: Clock | None = None
) -> AsyncIterator[RemediationRig]:
    """Give a world on a new cluster; with `name` (parameter, text) its thing has that text as its name.

    The cluster's clock stands still where none is given, so that no schedule of its own gets in between.
    """
    remediation = catalogue.load([content.folder("remediations")])[f"onefs/{world.remediation}"]
    async with Simulator(replace(_options(folder / "cluster", remediation), clock=clock or FakeClock())) as sim:
        variables = dict(world.trouble(sim) if name is None else world.named[name[0]](sim, name[1]))
        executor = LocalExecutor(folder / "runs", SystemClock())
        yield RemediationRig(world, sim, executor, folder, variables, world.probe(sim), remediation)


def _options(folder: Path, remediation: Remediation) -> SimulatorOptions:
    """Let both accounts have the privileges that the remediation says it needs, and no other; one of them may only read."""
    said = [re.match(r"(ISI_PRIV_\w+) \((read(?:, write)?)\)", text) for text in remediation.requires_privileges]
    wanted = {found[1]: "w" if "write" in found[2] else "r" for found in said if found}
    assert len(wanted) == len(said), f"a privilege of {remediation.id} cannot be read"
    privileges = {READER: dict.fromkeys(wanted, "r"), WRITER: wanted}
    return SimulatorOptions(folder=folder, accounts=dict.fromkeys(privileges, PASSWORD), privileges=privileges)
