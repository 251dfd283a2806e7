"""A campaign of deaths at random and named moments: what was approved is never done twice, never lied about, never lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from worlds import GIB, World, until

from mendwatch.clock import SystemClock
from mendwatch.config import loading
from mendwatch.model.runs import TERMINAL, Run, RunState
from mendwatch.playbooks.gate import Gate
from mendwatch.playbooks.interface import Job, Phase
from mendwatch.playbooks.local import LocalExecutor
from mendwatch.remediation.phases import job
from mendwatch.service import library
from mendwatch.service.access import ConfiguredAccess
from mendwatch.service.state import open_state
from mendwatch.service.targets import watches
from mendwatch_onefs_sim.faults import Fault

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

#: Set MENDWATCH_CAMPAIGN to a printed seed to see the same deaths again.
SEED = int(os.environ.get("MENDWATCH_CAMPAIGN") or random.SystemRandom().randrange(10**6))
#: How many runs are killed at least once.
RUNS = 32
LIMIT = 100 * GIB
NEVER = "never started"


@dataclass(frozen=True)
class Mortal:
    """One approved run and the quota that it is about."""

    run_id: str
    path: str
    quota_id: str
    apply: Path


def accepted(world: World, quota_id: str) -> int:
    """Count the writes that the cluster carried out on a quota."""
    return len([write for write in world.writes("/quota/") if write.path.endswith(f"/{quota_id}") and write.status == 204])


async def violations(world: World, mortal: Mortal, run: Run) -> list[str]:
    """Say every promise that the end of a run breaks; the cluster itself is asked what is true."""
    writes, raised = accepted(world, mortal.quota_id), (world.hard_limit(mortal.path) or 0) > LIMIT
    begun = [row for row in await audited(world, mortal.run_id) if row["what"] == "run.applying"]
    verified, never = run.state is RunState.VERIFIED, run.state is RunState.FAILED and NEVER in run.note
    broken = {
        f"it ended {run.state}": run.state not in {RunState.VERIFIED, RunState.FAILED, RunState.SUPERSEDED},
        f"{writes} writes": writes > 1,
        f"verified is {verified}, raised is {raised}": verified != raised,
        f"never started, and {writes} writes": never and writes > 0,
        f"{len(begun)} starts": len(begun) > 1,
        "a second apply phase": len(list(mortal.apply.parent.glob("apply-*"))) > 1,
        "the approval is lost": not any(word.verdict == "approve" for word in run.decisions),
        "its event is open": verified and _has_open_event(world, mortal.path),
    }
    return [words for words, is_so in broken.items() if is_so]


async def audited(world: World, run_id: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = (await world.cli("audit", "show", "--json", "--subject", run_id)).json()
    return rows


def _has_open_event(world: World, path: str) -> bool:
    return any(group.specifier.get("path") == path and not group.resolved for group in world.sim.cluster.events.all())


async def approved(world: World, number: int) -> Mortal:
    """Let a quota fill, wait for the question and say yes."""
    path = f"/ifs/campaign/{number:03}"
    quota = world.quota(path, hard=LIMIT)
    world.sim.begin("quota-fill", path=path, seconds=0.1)
    pending = await state_of(world, lambda run: run.state is RunState.PENDING and run.subject.get("path") == path)
    return Mortal(pending.id, path, quota.id, world.folder / "run" / pending.id / "apply-1")


async def agree(world: World, mortal: Mortal) -> None:
    run = await state_of(world, lambda run: run.id == mortal.run_id)
    answer = await world.cli("runs", "approve", run.id, "--hash", str(run.plan_hash), "--yes")
    assert answer.code == 0, answer.err


async def state_of(world: World, wanted: Callable[[Run], bool]) -> Run:
    """Wait for a run that is as wanted."""
    store = await open_state(loading.load(world.config))
    try:
        async with asyncio.timeout(60):
            while (found := next(filter(wanted, await store.runs.list()), None)) is None:  # noqa: ASYNC110 - other processes change it
                await asyncio.sleep(0.03)
            return found
    finally:
        await store.close()


# --- moments: each waits until it has come; the faults hold the playbook there ----------------------------------------


async def at_once(_world: World, _mortal: Mortal, _dice: random.Random) -> None:
    """Die as soon as the approval is acknowledged."""


async def soon(_world: World, _mortal: Mortal, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(0, 4))


async def directory(_world: World, mortal: Mortal, _dice: random.Random) -> None:
    await quickly(mortal.apply.exists)


async def started(_world: World, mortal: Mortal, dice: random.Random) -> None:
    await quickly((mortal.apply / "started").exists)
    await asyncio.sleep(dice.uniform(0, 0.5))


async def before_the_write(world: World, _mortal: Mortal, _dice: random.Random) -> None:
    await taken(world)


async def written(world: World, mortal: Mortal, _dice: random.Random) -> None:
    await quickly(lambda: accepted(world, mortal.quota_id) > 0)


async def result(_world: World, mortal: Mortal, _dice: random.Random) -> None:
    await quickly((mortal.apply / "result.json").exists)


async def verifying(world: World, mortal: Mortal, _dice: random.Random) -> None:
    await state_of(world, lambda run: run.id == mortal.run_id and run.state in {RunState.VERIFYING, *TERMINAL})


async def verified(world: World, mortal: Mortal, _dice: random.Random) -> None:
    await state_of(world, lambda run: run.id == mortal.run_id and run.state in TERMINAL)


async def taken(world: World) -> None:
    """Wait until the fault has met its request."""
    await until(lambda: not world.sim.faults.waiting())


async def quickly(holds: Callable[[], bool]) -> None:
    """Look often: some of these moments are short."""
    async with asyncio.timeout(40):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.002)


Moment = Callable[[World, Mortal, random.Random], Awaitable[None]]
_HANG = Fault("hang", times=1, seconds=1.5)
#: Each moment, and what holds the cluster there.
MOMENTS: Mapping[Moment, Fault | None] = {
    at_once: None,
    soon: None,
    directory: None,
    started: None,
    before_the_write: replace(_HANG, path="/platform", method="PUT"),
    written: replace(_HANG, path="/session", method="DELETE"),
    result: None,
    verifying: None,
    verified: None,
}
DEATHS = ("agent", "worker", "all", "stop")


async def kill(world: World, mortal: Mortal, how: str, dice: random.Random) -> None:
    """Let die what is to die; afterwards no agent is there."""
    agent = world.agents[-1]
    if how == "worker":
        pid = Gate(mortal.apply).worker() if mortal.apply.exists() else None
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(dice.uniform(0, 1.5))
    if how == "stop":
        assert await agent.stop() == 0, agent.text()
        return
    await agent.kill()
    if how == "all":
        world.kill_runs()


async def one_more(world: World, number: int, dice: random.Random) -> tuple[str, Mortal]:
    """Approve a run and let it die once or more; gives what was done to it."""
    mortal = await approved(world, number)
    moment, how = list(MOMENTS)[number % len(MOMENTS)], dice.choice(DEATHS)
    if fault := MOMENTS[moment]:
        world.sim.faults.add(fault)
    await agree(world, mortal)
    await moment(world, mortal, dice)
    await kill(world, mortal, how, dice)
    story = f"{number}: {moment.__name__}, {how}"
    while dice.random() < 0.3:
        await world.start(ready=False)
        await asyncio.sleep(dice.uniform(0, 2))
        how = dice.choice(DEATHS)
        await kill(world, mortal, how, dice)
        story += f", {how}"
    world.sim.faults.clear()
    await world.start(ready=False)
    return story, mortal


def patient(world: World) -> None:
    """Let one cluster have as many runs as the campaign needs."""
    for file in (world.folder / "rules").glob("*.yaml"):
        rules = yaml.safe_load(file.read_text("utf-8"))
        for rule in (rule for group in rules["groups"] for rule in group["rules"] if "remediate" in rule):
            rule["for"] = "0s"
            rule["remediate"]["guard"] |= {"max_runs": "999/24h", "breaker": {"failures": 999}}
        file.write_text(yaml.safe_dump(rules), "utf-8")


async def ended(world: World, mortal: Mortal) -> Run:
    """Wait until the run is over and, where it is verified, its events are settled."""
    over = await state_of(
        world,
        lambda run: run.id == mortal.run_id and run.state in TERMINAL and (run.state is not RunState.VERIFIED or _settled(run)),
    )
    await until(lambda: world.leftovers() == set())
    return over


def _settled(run: Run) -> bool:
    return run.events_resolved is not None


def tell(line: str) -> None:
    """Tell the story of the campaign; `pytest -s` shows it, and a failure does."""
    print(line, flush=True)  # noqa: T201 - the story is what a campaign is for


async def test_whatever_dies_and_whenever_the_record_tells_the_truth(world: World) -> None:
    tell(f"seed {SEED}")
    dice, outcomes, broken = random.Random(SEED), Counter[str](), []  # noqa: S311 - chance that can be repeated is the point
    patient(world)
    await world.start()
    for number in range(RUNS):
        story, mortal = await one_more(world, number, dice)
        run = await ended(world, mortal)
        found = await violations(world, mortal, run)
        outcomes[f"{run.state}{', never started' * (NEVER in run.note)}"] += 1
        tell("\n  BROKEN: ".join([f"{story}: {run.state}: {run.note}", *found]))
        broken += [f"{story}: {words}" for words in found]
    tell(f"{len(world.agents) - 1} deaths of agents: {dict(outcomes)}")

    assert broken == [], f"seed {SEED}"
    assert len(world.agents) > RUNS
    assert (await world.cli("audit", "verify")).code == 0
    assert len({write.path for write in world.writes("/quota/")}) == len(world.writes("/quota/"))


# --- the control: the same questions do find a second start ------------------------------------------------------------


def late(world: World, run: Run) -> tuple[Job, LocalExecutor]:
    """Give the job that the dead agent had begun, as it would have handed it to its worker."""
    settings = loading.load(world.config)
    found = library.load(settings)
    targets = [watch.target for watch in watches(settings, found.providers, world.folder)]
    access = ConfiguredAccess(settings.targets, targets, found.providers, world.folder)
    assert run.plan is not None
    wanted = job(run, Phase.APPLY, found.catalogue[run.remediation], run.plan.variables)
    environment = access.environment(targets[0], "write")
    assert environment is not None
    return replace(wanted, environment=environment), LocalExecutor(world.folder / "run", SystemClock())


async def start_late(world: World, mortal: Mortal, run: Run) -> None:
    """Let a worker begin after everybody agreed that none will."""
    wanted, executor = late(world, run)
    gate = Gate(mortal.apply)
    gate.set_deadline(SystemClock().monotonic() + 60)
    await executor._start(gate, wanted)
    await until(lambda: not gate.held())
    await until(lambda: world.leftovers() == set())


async def test_without_the_tombstone_the_same_questions_find_the_lie(world: World) -> None:
    patient(world)
    agent = await world.start()
    mortal = await approved(world, 0)
    await agree(world, mortal)
    await quickly(mortal.apply.exists)
    await agent.kill()
    world.kill_runs()
    await world.start()
    run = await ended(world, mortal)
    assert NEVER in run.note

    await start_late(world, mortal, run)
    with_tombstone = await violations(world, mortal, run)
    shutil.rmtree(mortal.apply)
    mortal.apply.mkdir(mode=0o700)
    await start_late(world, mortal, run)
    without = await violations(world, mortal, run)

    assert with_tombstone == []
    assert "never started, and 1 writes" in without
