"""The whole product against a simulated cluster: the agent as a process, the commands as an operator types them."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from mendwatch import content
from mendwatch.cli import app
from mendwatch.cli.demo.stage import quickened
from mendwatch.config import documents, loading
from mendwatch.model.runs import Run, RunState
from mendwatch.playbooks import processes
from mendwatch.service.agent import Agent
from mendwatch.service.build import build
from mendwatch.service.state import open_state
from mendwatch_onefs import PROVIDER
from mendwatch_onefs_sim.quotas.creation import read_quota
from mendwatch_onefs_sim.quotas.quota import Quota
from mendwatch_onefs_sim.records import RequestRecord
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

GIB = 2**30
#: Every collector of a cluster; and those whose readings the tests of the loop wait for.
COLLECTORS = frozenset(collector.spec.name for collector in PROVIDER.collectors())
QUICK = ("quotas", "events", "statistics")
#: How long anything may take that a test waits for; nothing takes this long unless it never comes.
PATIENCE = 40.0
PASSWORDS = {"monitor": "canary-Rd7!x q+/monitor", "remediate": "canary-Wr9!y q+/remediate"}


@dataclass
class AgentProcess:
    """`mendwatch run` as a process of its own."""

    process: asyncio.subprocess.Process
    url: str
    log: Path

    def text(self) -> str:
        """Give everything it printed so far."""
        return self.log.read_text("utf-8")

    async def kill(self) -> None:
        """Die as by a power cut: no handler runs."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Stop as systemd does, and give the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@dataclass
class Cli:
    """What a command gave."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - whatever it printed
        return json.loads(self.out)


@dataclass
class World:
    """A folder with a configuration, a simulated cluster, and what an operator can do."""

    folder: Path
    sim: Simulator
    agents: list[AgentProcess] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "mendwatch.yaml"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp"), "MENDWATCH_CONFIG": str(self.config)}

    def configure(self, **changes: object) -> None:
        """Write the configuration; changes replace top-level settings."""
        settings = {
            "state_dir": "state",
            "listen": "127.0.0.1:0",
            "log_format": "json",
            "shipped_rules": False,
            "rules": ["rules"],
            "runs": {"directory": "run"},
            "targets": [self.target()],
        }
        self.config.write_text(yaml.safe_dump({**settings, **changes}), "utf-8")

    def target(self, **changes: object) -> dict[str, object]:
        """Give the stanza of the simulated cluster."""
        # The others would only be waited for: the agent is ready when it has asked everything once.
        others = {name: {"enabled": False} for name in COLLECTORS - {"cluster", *QUICK}}
        quick = {name: {"interval": "500ms"} for name in QUICK}
        stanza = {
            "name": "lab",
            "provider": "onefs",
            "address": self.sim.url,
            "credentials": {tier: {"username": name, "password": f"file:{name}.password"} for tier, name in _TIERS.items()},
            "options": {"ca_file": str(self.sim.ca_file)},
            "collectors": {**others, **quick},
        }
        return {**stanza, **changes}

    def quota(self, path: str, *, hard: int = 100 * GIB, used: int = 50 * GIB) -> Quota:
        """Add a directory quota to the cluster."""
        return self.sim.cluster.quotas.add(read_quota({"path": path, "hard_limit": hard, "usage_bytes": used}))

    def hard_limit(self, path: str) -> int | None:
        """Ask the cluster itself."""
        return next(quota.limits.hard for quota in self.sim.cluster.quotas.all() if quota.path == path)

    def writes(self, part: str = "") -> list[RequestRecord]:
        """Give the requests that changed something on the cluster, but logins."""
        return [r for r in self.sim.requests if r.method in {"PUT", "POST"} and "/session/" not in r.path and part in r.path]

    async def begin(self) -> AgentProcess:
        """Start the agent and wait for nothing."""
        log = self.folder / f"agent-{len(self.agents)}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                _command(), "run", env=self.environment, cwd=self.folder, stdout=file, stderr=file, stdin=asyncio.subprocess.DEVNULL
            )
        agent = AgentProcess(process, "", log)
        self.agents.append(agent)
        return agent

    async def start(self, *, ready: bool = True) -> AgentProcess:
        """Start the agent and wait until it listens; `ready`: until every target was polled once."""
        agent = await self.begin()
        process = agent.process
        await until(lambda: "listening on " in agent.text() or process.returncode is not None)
        assert process.returncode is None, agent.text()
        agent.url = agent.text().split("listening on ")[1].split()[0]
        if ready:
            await self.page(agent, "/-/ready", 200)
        return agent

    async def command(self, *arguments: str) -> Cli:
        """Run a command as an operator types it: a process of its own."""
        process = await asyncio.create_subprocess_exec(
            _command(),
            *arguments,
            env=self.environment,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Cli(process.returncode or 0, out.decode(), err.decode())

    async def cli(self, *arguments: str) -> Cli:
        """Run the same command in this process, which saves a second of imports; its standard input is no terminal."""
        return await asyncio.to_thread(self._call, [*arguments, "--config", str(self.config)])

    def _call(self, arguments: list[str]) -> Cli:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = app.call(arguments)
        return Cli(code, out.getvalue(), err.getvalue())

    @asynccontextmanager
    async def agent(self) -> AsyncIterator[Agent]:
        """Run the agent in this process."""
        async with await build(loading.load(self.config), self.folder) as running:
            yield running

    async def runs(self) -> Sequence[Run]:
        """Read the runs, newest first, beside the agent."""
        store = await open_state(loading.load(self.config))
        try:
            return await store.runs.list()
        finally:
            await store.close()

    async def run_in(self, *states: RunState) -> Run:
        """Wait until the newest run is in one of these states."""
        async with asyncio.timeout(PATIENCE):
            while True:
                runs = await self.runs()
                if runs and runs[0].state in states:
                    return runs[0]
                await asyncio.sleep(0.1)

    async def ready(self, url: str) -> None:
        """Wait until every target was polled once."""
        await _page(f"{url}/-/ready", 200)

    async def page(self, agent: AgentProcess, path: str, status: int = 200) -> str:
        """Get a page, waiting until it has this status."""
        return await _page(agent.url + path, status)

    def leftovers(self) -> set[int]:
        """Give the processes that belong to any run directory of this world."""
        folders = [phase for run in (self.folder / "run").glob("*") for phase in run.glob("*-*")]
        return {pid for folder in folders for pid in processes.marked(folder)}

    def kill_runs(self) -> None:
        """Kill every process of every run, as a power cut does."""
        while found := self.leftovers():
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def impatient(rules: dict[str, Any]) -> dict[str, Any]:
    """Let a verification give up after seconds: a test does not wait ten minutes to see that nothing comes."""
    for rule in (rule for group in rules["groups"] for rule in group["rules"] if "remediate" in rule):
        rule["remediate"]["verify"]["within"] = "6s"
    return rules


_TIERS = {"read": "monitor", "write": "remediate"}


async def _page(url: str, status: int) -> str:
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
        while True:
            async with session.get(url) as answer:
                text = await answer.text()
                if answer.status == status:
                    return text
            await asyncio.sleep(0.05)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


def _command() -> str:
    return str(Path(sys.executable).with_name("mendwatch"))


@asynccontextmanager
async def a_world(folder: Path) -> AsyncIterator[World]:
    for name in ("home", "tmp", "rules", "sim"):
        (folder / name).mkdir()
    for source in (content.folder("rules") / "onefs").glob("*.yaml"):
        (folder / "rules" / source.name).write_text(yaml.safe_dump(impatient(quickened(documents.read(source).data))), "utf-8")
    for name, password in PASSWORDS.items():
        file = folder / f"{name}.password"
        file.touch(0o600)
        file.write_text(password, "utf-8")
    async with Simulator(SimulatorOptions(folder / "sim", accounts=PASSWORDS)) as sim:
        world = World(folder, sim)
        world.configure()
        try:
            yield world
        finally:
            for agent in world.agents:
                await agent.stop()
