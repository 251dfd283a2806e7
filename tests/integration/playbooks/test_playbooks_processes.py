"""What lives and what dies: cancelling, killing the agent or the worker, leftovers, and the gate of the run directory."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import ExecutionError
from mendwatch.playbooks import processes, worker
from mendwatch.playbooks.gate import Gate
from mendwatch.playbooks.interface import Ending, Job, TaskEvent

if TYPE_CHECKING:
    from conftest import Rig, Tools

SLOW = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Sleep, then leave a mark
      ansible.builtin.shell: sleep 20; touch {folder}/mark
"""
LEAVES_A_CHILD = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Leave a child in a session of its own
      ansible.builtin.shell: setsid nohup sleep 300 >/dev/null 2>&1 &
"""
#: An agent that starts one phase, tells each event on standard output, and is killed by the test.
AGENT = """
import asyncio, sys
from pathlib import Path
from mendwatch.clock import SystemClock
from mendwatch.playbooks.local import LocalExecutor
from mendwatch.playbooks.worker import read_job

async def main():
    root, job = sys.stdin.readline().strip(), read_job(sys.stdin.readline().encode())
    await LocalExecutor(Path(root), SystemClock()).run(job, lambda event: print(event.event, event.task, flush=True))

asyncio.run(main())
"""


async def start_agent(root: Path, job: Job) -> asyncio.subprocess.Process:
    agent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", AGENT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert agent.stdin is not None
    agent.stdin.write(f"{root}\n".encode() + worker.job_text(job) + b"\n")
    await agent.stdin.drain()
    return agent


async def kill_agent_at(agent: asyncio.subprocess.Process, event: str) -> None:
    assert agent.stdout is not None
    while event not in (line := (await agent.stdout.readline()).decode()):
        assert line, "the agent ended too early"
    agent.kill()
    await agent.communicate()


async def test_cancelling_leaves_no_process_within_a_second(rig: Rig, tools: Tools) -> None:
    job = rig.job(playbook=rig.playbook(SLOW.format(folder=rig.folder)), variables={})
    sleeping = asyncio.Event()
    task = asyncio.create_task(rig.executor.run(job, lambda event: sleeping.set() if event.task else None))
    await sleeping.wait()
    await asyncio.sleep(0.3)  # the module itself is started after its event
    clock = rig.executor._clock
    begun = clock.monotonic()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert clock.monotonic() - begun < 1.0
    assert tools.living(rig.executor.directory(job)) == set()
    assert (await rig.executor.recover(rig.executor.directory(job))).ending is Ending.CANCELLED


async def test_cancelling_at_once_leaves_a_closed_gate(rig: Rig, tools: Tools) -> None:
    job = rig.job()
    task = asyncio.create_task(rig.executor.run(job))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    found = await rig.executor.recover(rig.executor.directory(job))
    assert found.ending in {Ending.NEVER_STARTED, Ending.CANCELLED}
    assert tools.living(rig.executor.directory(job)) == set()
    assert rig.writes() == []


async def test_a_child_that_left_its_session_does_not_survive_the_phase(rig: Rig, tools: Tools) -> None:
    job = rig.job(playbook=rig.playbook(LEAVES_A_CHILD), variables={})

    result = await rig.executor.run(job)

    assert result.ending is Ending.SUCCEEDED
    assert tools.living(rig.executor.directory(job)) == set()


async def test_after_kill_9_of_the_agent_recovery_tells_the_truth_about_one_raise(rig: Rig, tools: Tools) -> None:
    job = rig.job()
    agent = await start_agent(rig.folder / "runs", job)
    await kill_agent_at(agent, "playbook_on_task_start")
    events: list[TaskEvent] = []

    result = await rig.executor.recover(rig.executor.directory(job), events.append)

    assert result.ending is Ending.SUCCEEDED
    assert result.outcome["outcome"] == "applied"
    assert len(rig.writes()) == 1
    assert rig.hard() == tools.wanted
    assert [event.counter for event in events] == list(range(1, len(events) + 1))
    assert tools.living(rig.executor.directory(job)) == set()


async def test_an_orphan_ends_at_its_own_deadline(rig: Rig, tools: Tools) -> None:
    job = rig.job(playbook=rig.playbook(SLOW.format(folder=rig.folder)), variables={}, timeout=1.5)
    gate = Gate(rig.executor.directory(job))
    agent = await start_agent(rig.folder / "runs", job)
    await tools.until(gate.worker)
    agent.kill()
    await agent.communicate()

    await tools.until(lambda: not gate.held())  # nobody recovers: the worker does it alone

    found = gate.result()
    assert found is not None
    assert found.ending is Ending.TIMED_OUT
    assert tools.living(gate.directory) == set()


async def test_kill_9_of_the_worker_ends_its_playbook_and_is_told_as_died(rig: Rig, tools: Tools) -> None:
    job = rig.job(playbook=rig.playbook(SLOW.format(folder=rig.folder)), variables={})
    gate = Gate(rig.executor.directory(job))

    def kill(event: TaskEvent) -> None:
        if event.task:
            os.kill(gate.worker() or 0, signal.SIGKILL)

    result = await rig.executor.run(job, kill)

    assert result.ending is Ending.DIED
    assert tools.living(gate.directory) == set()
    assert (await rig.executor.recover(gate.directory)).ending is Ending.DIED
    assert not (rig.folder / "mark").exists()


async def test_kill_9_of_ansible_alone_is_no_failure_but_something_to_measure(rig: Rig, tools: Tools) -> None:
    job = rig.job(playbook=rig.playbook(SLOW.format(folder=rig.folder)), variables={})
    gate = Gate(rig.executor.directory(job))

    def kill(event: TaskEvent) -> None:
        if event.task:
            processes.signal_all(lambda: processes.children(gate.worker() or 0), signal.SIGKILL)

    result = await rig.executor.run(job, kill)

    assert result.ending is Ending.DIED
    assert tools.living(gate.directory) == set()


async def test_a_worker_that_hangs_is_killed_after_the_deadline(rig: Rig, tools: Tools) -> None:
    job = rig.job(playbook=rig.playbook(SLOW.format(folder=rig.folder)), variables={})
    gate = Gate(rig.executor.directory(job))

    def stop(event: TaskEvent) -> None:
        if event.task:
            os.kill(gate.worker() or 0, signal.SIGSTOP)
            gate.set_deadline(0)

    result = await rig.executor.run(job, stop)

    assert result.ending is Ending.DIED
    assert tools.living(gate.directory) == set()


async def test_a_tombstone_stops_a_worker_that_comes_late(rig: Rig) -> None:
    job = rig.job()
    directory = rig.executor.directory(job)

    assert (await rig.executor.recover(directory)).ending is Ending.NEVER_STARTED
    Gate(directory).set_deadline(rig.executor._clock.monotonic() + 30)
    await rig.executor._start(Gate(directory), job)  # an orphan of an agent that died between two steps
    again = await rig.executor.recover(directory)

    assert again.ending is Ending.NEVER_STARTED
    assert rig.sim.requests == []
    assert not (directory / "events.jsonl").exists()


async def test_without_a_tombstone_the_same_worker_does_start(rig: Rig) -> None:
    job = rig.job()
    directory = rig.executor.directory(job)
    directory.mkdir(parents=True)
    Gate(directory).set_deadline(rig.executor._clock.monotonic() + 30)

    await rig.executor._start(Gate(directory), job)

    assert (await rig.executor.recover(directory)).ending is Ending.SUCCEEDED


async def test_a_phase_that_was_recovered_is_never_run_again(rig: Rig) -> None:
    job = rig.job()
    await rig.executor.recover(rig.executor.directory(job))

    with pytest.raises(ExecutionError, match="begun before"):
        await rig.executor.run(job)


async def test_a_job_that_was_cut_off_never_starts(rig: Rig) -> None:
    job = rig.job()
    directory = rig.executor.directory(job)
    directory.mkdir(parents=True)
    gate = Gate(directory)
    gate.set_deadline(rig.executor._clock.monotonic() + 30)
    half = worker.job_text(job)[:-20]

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "mendwatch.playbooks.worker"),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"MENDWATCH_PHASE": str(directory)},
    )
    _, said = await process.communicate(half)

    assert (await rig.executor.recover(directory)).ending is Ending.NEVER_STARTED
    assert process.returncode != 0
    assert rig.sim.accounts["remediate"] not in said.decode()


async def test_after_close_a_cancelled_run_goes_on_for_the_next_agent(rig: Rig) -> None:
    job = rig.job()
    begun = asyncio.Event()
    task = asyncio.create_task(rig.executor.run(job, lambda _: begun.set()))
    await begun.wait()

    await rig.executor.close()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await rig.executor.recover(rig.executor.directory(job))).ending is Ending.SUCCEEDED
    assert len(rig.writes()) == 1


async def test_the_run_directory_is_for_its_owner_only_and_gives_the_result_again(rig: Rig) -> None:
    job = rig.job(playbook=rig.playbook("- hosts: localhost\n  gather_facts: false\n  tasks: []\n"), variables={})
    result = await rig.executor.run(job)
    directory = rig.executor.directory(job)

    modes = {path.stat().st_mode & 0o077 for path in (directory, directory.parent, *directory.iterdir())}

    assert modes == {0}
    assert not (directory / "private").exists()
    assert await rig.executor.recover(directory) == result
