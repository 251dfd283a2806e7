"""A small world for the remediation engine: a catalogue on disk, a store in memory, an executor and a judge that obey."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mendwatch.errors import NotFound
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.notices import Notice
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.proposals import Proposal, Verdict
from mendwatch.model.rules import SOURCE_SAMPLES, Guard, Mode, NoData, Remediate, Rule, Verify
from mendwatch.model.runs import Change, Run, RunState
from mendwatch.model.samples import Event, Severity
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Ending, Job, OnEvent, Phase, Result, TaskEvent
from mendwatch.remediation import catalogue
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.remediation.parts import Limits, Parts
from mendwatch.testing.clock import NOON, FakeClock
from mendwatch.testing.playbooks import succeeded
from mendwatch.testing.store import MemoryStore

REMEDIATION = {
    "title": "Give more room",
    "description": "Raises a limit.",
    "risk": "low",
    "reversible": True,
    "idempotent": True,
    "parameters": {
        "type": "object",
        "additionalProperties": False,
        "required": ["path", "size"],
        "properties": {"path": {"type": "string"}, "size": {"type": "integer", "minimum": 1}, "before": {"type": "integer"}},
    },
    "preconditions": ["the limit is still the one that was planned upon"],
    "verification": "the limit is read again",
    "rollback": "the former limit is put back",
    "examples": [{"path": "/a", "size": 5}],
    "resolve": {"playbook": "resolve.yaml", "kind": "FULL", "equal": {"path": "path"}},
}
PLAYBOOK = "- name: Do it\n  hosts: localhost\n  tasks: []\n"
PLANNED = succeeded("planned", [Change("/a", "limit: 10", "limit: 11")], bind={"before": 10})
APPLIED = succeeded("applied")
#: What a measurement may say; None is no data.
Measured = bool | None
ANN = Principal("ann", "cli", frozenset({Permission.READ, Permission.DECIDE}))


def write_remediation(root: Path, name: str = "box/room", **changes: object) -> Path:
    """Write one remediation folder; JSON is YAML."""
    folder = root / name
    folder.mkdir(parents=True)
    wanted = {key: value for key, value in {**REMEDIATION, **changes}.items() if value is not None}
    (folder / "remediation.yaml").write_text(json.dumps(wanted, indent=1))
    (folder / "playbook.yaml").write_text(PLAYBOOK)
    (folder / "resolve.yaml").write_text(PLAYBOOK)
    return folder


def make_rule(mode: Mode = Mode.APPROVE, **stanza: object) -> Rule:
    """Give a rule whose remediation is box/room."""
    remediate = Remediate("box/room", {}, mode, verify=Verify("usage < 1.0", timedelta(minutes=1)), guard=Guard(max_targets=5))
    return Rule(
        alert="NearlyFull",
        group="g",
        on="quota",
        when="usage > 1.0",
        clear=None,
        match=(),
        key=("cluster", "path"),
        hold=timedelta(0),
        keep_firing_for=timedelta(0),
        stale_after=None,
        no_data=NoData.KEEP,
        source=SOURCE_SAMPLES,
        inhibited_by=(),
        labels={},
        annotations={},
        remediate=replace(remediate, **stanza),
        digest="rule-digest",
    )


def make_alert(target: str = "one", path: str = "/a") -> Alert:
    key = {"cluster": target, "path": path}
    return Alert(
        fingerprint=f"fp-{target}-{path.strip('/')}",
        rule="NearlyFull",
        target=target,
        key=key,
        labels={**key, "severity": "warning"},
        state=AlertState.FIRING,
        last_seen=NOON,
        annotations={},
        values={},
        fired_at=NOON,
    )


@dataclass
class Judge:
    """Answers what the test says; `verified` may be a list of answers, the last of which stays."""

    clock: FakeClock
    firing: bool | None = True
    verified: Sequence[bool | None] = (True,)
    events: list[Event] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    truth: Callable[[], bool] | None = None
    broken: Exception | None = None
    holding: str = ""

    def held(self, rule: Rule, fingerprint: str) -> str:
        del rule, fingerprint
        return self.holding

    async def still_firing(self, rule: Rule, fingerprint: str) -> Verdict:
        del rule, fingerprint
        if self.broken:
            raise self.broken
        self.asked.append("still_firing")
        return Verdict(self.firing, f"firing is {self.firing}", {})

    async def verify(self, rule: Rule, fingerprint: str, since: datetime) -> Verdict:
        assert rule.remediate
        assert fingerprint.startswith("fp-")
        self.asked.append("verify")
        assert since <= self.clock.now()
        if self.truth:
            return Verdict(self.truth(), "the truth", {})
        holds, *rest = self.verified
        self.verified = rest or self.verified
        return Verdict(holds, f"verified is {holds}", {"usage": 0.5})

    async def open_events(self, target: str, kind: str) -> Sequence[Event] | None:
        del target
        return [event for event in self.events if event.kind == kind]


@dataclass
class Access:
    targets: dict[str, Target]
    tiers: set[str] = field(default_factory=lambda: {"read", "write"})
    broken: Exception | None = None

    def target(self, target_id: str) -> Target:
        if target_id not in self.targets:
            raise NotFound(f"no target {target_id}")
        return self.targets[target_id]

    def has(self, target: Target, tier: str) -> bool:
        return target.id in self.targets and tier in self.tiers

    def environment(self, target: Target, tier: str) -> Mapping[str, str] | None:
        if self.broken:
            raise self.broken
        return {"TIER": tier} if self.has(target, tier) else None


class Executor:
    """Keeps the promises of the gate: a directory starts once, and recovery tells what became of it.

    `results` are what phases give; `hangs` makes them wait for `release`; `effects` counts what apply did for each run.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.results: dict[Phase, Result | Exception] = {
            Phase.PLAN: PLANNED,
            Phase.APPLY: APPLIED,
            Phase.RESOLVE: succeeded("resolved"),
        }
        self.jobs: list[Job] = []
        self.effects: dict[str, int] = defaultdict(int)
        self.hangs: set[Phase] = set()
        self.release = asyncio.Event()
        self.running = 0
        self.most = 0
        self.ended: list[Phase] = []
        self.version = "2.19"
        self.refuses: Exception | None = None

    def directory(self, job: Job) -> Path:
        return self.root / job.run_id / f"{job.phase}-{job.attempt}"

    async def run(self, job: Job, on_event: OnEvent | None = None) -> Result:
        self.jobs.append(job)
        self.running += 1
        self.most = max(self.most, self.running)
        directory = self.directory(job)
        directory.mkdir(parents=True)
        try:
            if self.refuses:
                raise self.refuses
            (directory / "started").touch(exist_ok=False)
            if on_event:
                on_event(TaskEvent(1, NOON, "runner_on_ok", "Raise the limit", "changed", "secret words"))
            if job.phase in self.hangs:
                await self.release.wait()
            return self._end(job, directory)
        finally:
            self.running -= 1
            self.ended.append(job.phase)

    async def recover(self, directory: Path, on_event: OnEvent | None = None) -> Result:
        del on_event
        return self._found(directory)

    def _found(self, directory: Path) -> Result:
        directory.mkdir(parents=True, exist_ok=True)
        result = directory / "result"
        if result.exists():
            found = self.results[Phase(directory.name.rpartition("-")[0])]
            assert isinstance(found, Result)
            return found
        started = (directory / "started").exists()
        (directory / "started").touch()
        return Result(Ending.DIED if started else Ending.NEVER_STARTED, None, {}, (), "")

    def versions(self) -> Mapping[str, str]:
        return {"ansible-core": self.version}

    async def close(self) -> None:
        self.release.set()

    def _end(self, job: Job, directory: Path) -> Result:
        found = self.results[job.phase]
        if isinstance(found, Exception):
            raise found
        if job.phase is Phase.APPLY and found.ending is Ending.SUCCEEDED:
            self.effects[job.run_id] += 1
        (directory / "result").touch()
        return found


class World:
    """Everything the engine needs, and the words to drive it."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "remediations"
        self.folder = write_remediation(self.root)
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.executor = Executor(tmp_path / "runs")
        self.judge = Judge(self.clock)
        self.access = Access({name: Target(name, "box", f"https://{name}") for name in ("one", "two", "three")})
        self.notices: list[Notice] = []
        self.rules = {"NearlyFull": make_rule()}
        self.enabled = True
        self.catalogue: Mapping = catalogue.load([self.root])
        self.limits = Limits(look=1.0)
        self._engine: RemediationEngine | None = None

    @property
    def engine(self) -> RemediationEngine:
        self._engine = self._engine or RemediationEngine(self.parts())
        return self._engine

    def restart(self) -> None:
        """Forget the engine: the next one knows only the store and the run directories."""
        self._engine = None

    def parts(self) -> Parts:
        return Parts(
            store=self.store,
            executor=self.executor,
            catalogue=self.catalogue,
            rules=self.rules.get,
            judge=self.judge,
            access=self.access,
            clock=self.clock,
            announce=self.notices.append,
            enabled=lambda: self.enabled,
            limits=self.limits,
        )

    def proposal(self, target: str = "one", path: str = "/a", **variables: object) -> Proposal:
        return Proposal(self.rules["NearlyFull"], make_alert(target, path), {"path": path, "size": 11.0, **variables})

    def use(self, mode: Mode = Mode.APPROVE, **stanza: object) -> None:
        """Give the rule another stanza."""
        self.rules["NearlyFull"] = make_rule(mode, **stanza)

    def use_remediation(self, **changes: object) -> None:
        """Rewrite the remediation and load the catalogue anew."""
        wanted = {**REMEDIATION, **changes}
        (self.folder / "remediation.yaml").write_text(json.dumps(wanted))
        self.catalogue = catalogue.load([self.root])
        self.restart()

    async def offered(self, target: str = "one", path: str = "/a", **variables: object) -> Run:
        run = await self.engine.offer(self.proposal(target, path, **variables))
        assert run is not None
        return run

    async def approved(self, target: str = "one", path: str = "/a") -> Run:
        run = await self.offered(target, path)
        return await self.approve(run)

    async def approve(self, run: Run) -> Run:
        return await self.decide(run, "approve")

    async def decide(self, run: Run, verdict: str) -> Run:
        """Let a person say a word, through the store, as another process would."""
        return await self.store.runs.decide(run.id, plan_hash=run.plan_hash, verdict=verdict, principal=ANN, reason="so it is")

    def event(self, key: str = "e1", kind: str = "FULL", path: str = "/a") -> None:
        """Let an event hold on the target."""
        attributes = {"path": path}
        self.judge.events.append(Event(key, kind, path, "full", Severity.WARNING, active=True, time=NOON, attributes=attributes))

    async def run_to(self, run: Run, *states: RunState) -> Run:
        """Work until the run is in one of the states (default: any terminal one, with its events settled)."""
        async with self.working():
            await self.until(lambda: self._arrived(run.id, states))
        return await self.store.runs.get(run.id)

    def _arrived(self, run_id: str, states: tuple[RunState, ...]) -> bool:
        run = self.store.runs._runs[run_id]
        if states:
            return run.state in states
        return run.terminal and (run.state is not RunState.VERIFIED or run.events_resolved is not None)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Let the engine work."""
        task = asyncio.create_task(self.engine.run())
        try:
            yield
        finally:
            task.cancel()
            await self.clock.advance(self.limits.grace)
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, done: Callable[[], bool]) -> None:
        """Let virtual time pass until something is so; a thread that reads files gets its moment of real time."""
        for _ in range(1000):
            if done():
                return
            await self.clock.advance(0.5)
            await asyncio.sleep(0.0005)
        pytest.fail("it never came to pass")

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.notices]

    def jobs(self, phase: Phase) -> list[Job]:
        return [job for job in self.executor.jobs if job.phase is phase]

    async def audited(self, what: str) -> list[Mapping[str, object]]:
        return [row.detail for row in await self.store.audit.entries() if row.what == what]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def make_world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], World]:
    return lambda: World(tmp_path_factory.mktemp("world"))


@pytest.fixture
def write() -> Callable[..., Path]:
    return write_remediation
