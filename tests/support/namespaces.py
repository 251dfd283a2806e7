"""A network namespace of its own for a piece of Python: what must not be done to the machine's network is done there."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

#: In the namespace: the loopback answers, sockets need no privilege, and then the program itself.
_PREPARE = "ip link set lo up && echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range; exec \"$@\""


async def answer_of(script: str, *arguments: str) -> Any:  # noqa: ANN401 - whatever the script prints as JSON
    """Run a script of Python in a new namespace and read what it prints; skips the test where none can be had."""
    command = [*_unshare(), "sh", "-c", _PREPARE, "sh", sys.executable, "-W", "error", "-c", script, *arguments]
    code, said, wrong = await _run(command)
    assert code == 0, wrong
    return json.loads(said)


async def need_namespace() -> None:
    """Skip the test where no namespace can be had: many containers forbid it, and then nothing of it can be tested there."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("no network namespace: the programs unshare and ip are not installed")
    code, _, wrong = await _run([*_unshare(), "sh", "-c", _PREPARE, "sh", "true"])
    if code:
        pytest.skip(f"no network namespace: {wrong.strip()}")


def writable(setting: str) -> bool:
    """Tell whether a setting of the network may be changed; where /proc/sys is read-only, not even a namespace's may."""
    return os.access(Path("/proc/sys/net") / setting, os.W_OK)


def _unshare() -> list[str]:
    return [shutil.which("unshare") or "unshare", *(["-n"] if os.getuid() == 0 else ["-r", "-n"])]


async def _run(command: Sequence[str]) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    said, wrong = await process.communicate()
    return process.returncode or 0, said.decode(), wrong.decode()
