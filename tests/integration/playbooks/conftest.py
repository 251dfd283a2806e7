"""A simulated cluster, a real executor, and what a test asks about both."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from mendwatch import content
from mendwatch.clock import SystemClock
from mendwatch.playbooks import processes
from mendwatch.playbooks.interface import Job, OnEvent, Phase, Result
from mendwatch.playbooks.local import LocalExecutor
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

GIB = 2**30
PATH = "/ifs/data/room"
HARD = 100 * GIB
WANTED = 110 * GIB


@dataclass
class Rig:
    """Everything a test needs; every job gets a run of its own."""

    sim: Simulator
    executor: LocalExecutor
    folder: Path
    remediations: Path = field(default_factory=lambda: content.folder("remediations"))
    _runs: Any = field(default_factory=itertools.count)

    def environment(self, **more: str) -> dict[str, str]:
        given = {
            "MENDWATCH_ONEFS_URL": self.sim.url,
            "MENDWATCH_ONEFS_USERNAME": "remediate",
            "MENDWATCH_ONEFS_PASSWORD": self.sim.accounts["remediate"],
            "MENDWATCH_ONEFS_CA_FILE": str(self.sim.ca_file),
            "MENDWATCH_ONEFS_TIMEOUT": "10",
        }
        return {**given, **more}

    def job(
        self,
        phase: Phase = Phase.APPLY,
        *,
        variables: Mapping[str, object] | None = None,
        playbook: Path | None = None,
        timeout: float = 40.0,
        **environment: str,
    ) -> Job:
        return Job(
            run_id=f"run-{next(self._runs)}",
            phase=phase,
            attempt=1,
            playbook=playbook or self.remediations / "onefs/quota_raise/playbook.yaml",
            collections=self.remediations,
            variables=variables if variables is not None else {"path": PATH, "new_hard_limit_bytes": WANTED},
            environment=self.environment(**environment),
            timeout=timeout,
        )

    async def play(self, text: str, on_event: OnEvent | None = None) -> Result:
        """Run a playbook of the test's own, without variables."""
        return await self.executor.run(self.job(playbook=self.playbook(text), variables={}), on_event)

    def playbook(self, text: str) -> Path:
        path = self.folder / f"playbook-{next(self._runs)}.yaml"
        path.write_text(text, "utf-8")
        return path

    def hard(self, path: str = PATH) -> int | None:
        quota = self.sim.cluster.quotas.directory(path)
        assert quota is not None
        return quota.limits.hard

    def writes(self) -> list[str]:
        """What changed anything on the cluster, or tried to: all but reads, logins and logouts."""
        return [f"{seen.method} {seen.path}" for seen in self.sim.requests if seen.method != "GET" and "/session/" not in seen.path]


@asynccontextmanager
async def make_rig(folder: Path) -> AsyncIterator[Rig]:
    async with Simulator(SimulatorOptions(folder=folder / "cluster", accounts={"remediate": "Kanari/en+Vogel&%7=ü"})) as sim:
        sim.cluster.quotas.add(Quota("", PATH, Limits(hard=HARD), Usage(95 * GIB)))
        yield Rig(sim, LocalExecutor(folder / "runs", SystemClock()), folder)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """Give a rig; however a test's phases ended, no file may hold the password afterwards."""
    async with make_rig(tmp_path) as made:
        yield made
        assert holding(tmp_path, made.sim.accounts["remediate"]) == []


def holding(folder: Path, secret: str) -> list[Path]:
    """Give the files that hold a secret, plain, in base64 or URL-encoded."""
    raw = secret.encode()
    forms = (raw, base64.b64encode(raw), quote(secret, safe="").encode())
    return [path for path in folder.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in forms)]


async def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        await asyncio.sleep(0.02)
    pytest.fail("It never became true.")


class Tools:
    """What tests call; a conftest cannot be imported at run time."""

    hard = HARD
    wanted = WANTED
    make_rig = staticmethod(make_rig)
    until = staticmethod(until)
    living = staticmethod(processes.marked)


@pytest.fixture(scope="session")
def tools() -> Tools:
    return Tools()
