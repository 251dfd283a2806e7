"""The peer: ansible-rulebook in an environment of its own, made from the registry when it is first wanted.

It runs a rulebook whose source puts events into its queue as fast as they are taken. What is counted is from the first event to the
last, and the CPU time of the whole program less that of a run with a single event.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.3.2"
_PACKAGES = (f"ansible-rulebook=={VERSION}", "ansible-core==2.19.14")
_SOURCE = """
import json, time

async def main(queue, args):
    count, rules = int(args["count"]), int(args["rules"])
    began = time.monotonic()
    for number in range(count):
        await queue.put({"usage": 95.0, "state": f"s{number % rules}", "number": number})
    with open(args["out"], "w") as file:
        json.dump(time.monotonic() - began, file)
"""


@dataclass(frozen=True, slots=True)
class Burst:
    """What so many events took: seconds by the clock, and of CPU."""

    events: int
    wall: float
    cpu: float


class Peer:
    """An environment with ansible-rulebook in it."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "bin"

    @classmethod
    async def found(cls) -> Peer | str:
        """Give it, or why it cannot be had."""
        if shutil.which("java") is None:
            return "there is no Java"
        folder = Path(tempfile.gettempdir(), f"mendwatch-bench-rulebook-{VERSION}-{os.getuid()}")
        if not (folder / "bin" / "ansible-rulebook").exists():
            await _call(sys.executable, "-m", "venv", folder)
            problem = await _call(folder / "bin" / "pip", "install", "--quiet", *_PACKAGES)
            if problem:
                return f"it cannot be installed: {problem}"
        return cls(folder)

    async def burst(self, events: int, rules: int) -> Burst:
        """Let it take so many events, each of which matches one of so many rules."""
        _, start = await self._run(1, rules)
        wall, cpu = await self._run(events, rules)
        return Burst(events, wall, cpu - start)

    async def _run(self, events: int, rules: int) -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "burst.py").write_text(_SOURCE, "utf-8")
            (folder / "hosts.yml").write_text("all: {hosts: {localhost: {ansible_connection: local}}}\n", "utf-8")
            (folder / "rulebook.yml").write_text(_rulebook(events, rules, folder / "out.json"), "utf-8")
            before = _children()
            arguments = ("-r", folder / "rulebook.yml", "-i", folder / "hosts.yml", "-S", folder)
            problem = await _call(self._bin / "ansible-rulebook", *arguments, path=self._bin)
            if problem:
                raise RuntimeError(problem)
            return json.loads((folder / "out.json").read_text("utf-8")), _children() - before


async def _call(program: str | Path, *arguments: str | Path, path: Path | None = None) -> str:
    """Run a program to its end; gives its last words if it failed."""
    environment = os.environ | ({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})
    process = await asyncio.create_subprocess_exec(program, *arguments, stdout=PIPE, stderr=STDOUT, env=environment)
    out, _ = await process.communicate()
    return (out.decode().strip().splitlines() or ["it failed"])[-1] if process.returncode else ""


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _rulebook(events: int, rules: int, out: Path) -> str:
    lines = ["- name: bench", "  hosts: localhost", "  sources:"]
    lines += [f"  - burst: {{count: {events}, rules: {rules}, out: {out}}}", "  rules:"]
    for number in range(rules):
        condition = f"""event.usage > 90 and event.state == "s{number}\""""
        lines += [f"  - name: r{number}", f"    condition: {condition}", "    action: {none: {}}"]
    return "\n".join(lines)
