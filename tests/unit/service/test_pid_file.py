"""A signal goes to the agent that the file names, and never to a process that has its number now."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from mendwatch.service.pid_file import hang_up, reachable


def test_who_is_reachable_is_hung_up_on(tmp_path: Path) -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _: came.append(number))
    try:
        with reachable(tmp_path / "agent.pid"):
            asked = hang_up(tmp_path / "agent.pid")
        gone = hang_up(tmp_path / "agent.pid")
    finally:
        signal.signal(signal.SIGHUP, before)

    assert (asked, gone, came) == (True, False, [signal.SIGHUP])


def test_a_process_that_began_at_another_time_is_a_stranger(tmp_path: Path) -> None:
    path = tmp_path / "agent.pid"
    for text in (f"{os.getpid()} 1\n", "999999999 1\n", "nonsense", "", f"{os.getpid()}\n"):
        path.write_text(text, "utf-8")
        assert not hang_up(path)
