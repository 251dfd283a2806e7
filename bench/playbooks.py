"""How long a phase takes through the executor, against the same playbook run bare, in one run on one machine.

Prints, for a playbook of one task that does nothing and for the quota remediation on a simulated cluster: seconds from `run` to
the first task's event, seconds in all, and what bare ansible-playbook takes. Run: python bench/playbooks.py [rounds]
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from mendwatch import content
from mendwatch.clock import SystemClock
from mendwatch.playbooks.interface import Job, Phase, TaskEvent
from mendwatch.playbooks.local import LocalExecutor
from mendwatch_onefs_sim.server import Simulator, SimulatorOptions

CLOCK = SystemClock()
NOTHING = "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: nothing}\n"
PATH = "/ifs/data/projects/apollo"
REMEDIATIONS = content.folder("remediations")


@dataclass
class Bench:
    """Where one run of the bench works."""

    folder: Path
    executor: LocalExecutor
    environment: dict[str, str]
    times: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, seconds: float) -> None:
        """Keep one time."""
        self.times.setdefault(name, []).append(seconds)

    async def phase(self, name: str, playbook: Path, phase: Phase, variables: dict[str, object]) -> None:
        """Run one phase through the executor."""
        run_id = f"run-{sum(len(times) for times in self.times.values())}"
        job = Job(run_id, phase, 1, playbook, REMEDIATIONS, variables, self.environment, 60.0)
        begun, first = CLOCK.monotonic(), []

        def told(event: TaskEvent) -> None:
            if event.event == "playbook_on_task_start":
                first.append(CLOCK.monotonic() - begun)

        result = await self.executor.run(job, told)
        assert result.ending == "succeeded", result
        self.note(f"{name}: first task", first[0])
        self.note(f"{name}: in all", CLOCK.monotonic() - begun)

    async def bare(self, name: str, playbook: Path, variables: dict[str, object]) -> None:
        """Run ansible-playbook alone, in check mode, as fast as it can be configured."""
        more = {"ANSIBLE_PYTHON_INTERPRETER": sys.executable, "ANSIBLE_COLLECTIONS_PATH": str(REMEDIATIONS), "LANG": "C.UTF-8"}
        begun = CLOCK.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).parent / "ansible-playbook"), "--check", "--diff", "-i", "localhost,"),
            *("-e", json.dumps(variables), str(playbook)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**self.environment, **more, "PATH": os.environ["PATH"], "HOME": str(self.folder)},
        )
        assert await process.wait() == 0
        self.note(f"{name}: bare", CLOCK.monotonic() - begun)


async def repeat(rounds: int, *steps: Callable[[], Awaitable[None]]) -> None:
    """Take turns, so that a change of the machine's load meets all alike."""
    for _ in range(rounds):
        for step in steps:
            await step()


async def measure(rounds: int, folder: Path) -> dict[str, list[float]]:
    """Measure everything."""
    async with Simulator(SimulatorOptions(folder=folder / "cluster")) as sim:
        connection = {"URL": sim.url, "USERNAME": "remediate", "PASSWORD": sim.accounts["remediate"], "CA_FILE": str(sim.ca_file)}
        environment = {f"MENDWATCH_ONEFS_{name}": value for name, value in connection.items()}
        bench = Bench(folder, LocalExecutor(folder / "runs", CLOCK), environment)
        nothing, raising = folder / "nothing.yaml", REMEDIATIONS / "onefs/quota_raise/playbook.yaml"
        nothing.write_text(NOTHING, "utf-8")

        def raised() -> dict[str, object]:
            quota = sim.cluster.quotas.directory(PATH)
            assert quota is not None
            assert quota.limits.hard is not None
            return {"path": PATH, "new_hard_limit_bytes": quota.limits.hard + 2**20}

        await repeat(
            rounds,
            lambda: bench.bare("nothing", nothing, {}),
            lambda: bench.phase("nothing", nothing, Phase.PLAN, {}),
            lambda: bench.bare("quota plan", raising, raised()),
            lambda: bench.phase("quota plan", raising, Phase.PLAN, raised()),
            lambda: bench.phase("quota apply", raising, Phase.APPLY, raised()),
        )
        return bench.times


def main() -> None:
    """Print the least and the middle of every time."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    shm = Path("/dev/shm")  # noqa: S108 - run directories belong on tmpfs
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        times = asyncio.run(measure(rounds, Path(folder)))
    print(f"{'seconds, ' + str(rounds) + ' rounds':28} {'least':>7} {'middle':>7}")
    for name in sorted(times):
        print(f"{name:28} {min(times[name]):7.2f} {statistics.median(times[name]):7.2f}")


if __name__ == "__main__":
    main()
