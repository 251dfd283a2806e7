"""Full disks, killed playbooks and folders of other people: what the executor makes of a damaged place."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from disks import small_files

from mendwatch.errors import ExecutionError
from mendwatch.playbooks import owned, records
from mendwatch.playbooks.gate import Gate
from mendwatch.playbooks.interface import Ending, Job, Phase, Result, TaskEvent
from mendwatch.playbooks.local import LocalExecutor
from mendwatch.playbooks.tailing import Tail
from mendwatch.testing.clock import FakeClock

WHEN = datetime(2026, 1, 15, 12, tzinfo=UTC)


def event(counter: int) -> bytes:
    return records.event_line(TaskEvent(counter, WHEN, "runner_on_ok", "Task", "ok", ""))


def test_a_result_that_does_not_fit_on_the_disk_is_not_published_in_part(tmp_path: Path) -> None:
    gate = Gate(tmp_path)

    with small_files(64), pytest.raises(OSError, match="File too large"):
        gate.publish(Result(Ending.SUCCEEDED, 0, {"outcome": "applied"}, (), "x" * 500))

    assert gate.result() is None


def test_a_worker_that_could_not_be_noted_whole_is_not_noted(tmp_path: Path) -> None:
    gate = Gate(tmp_path)

    with small_files(3), pytest.raises(OSError, match="File too large"):
        gate.note_worker(123456)

    assert gate.worker() is None


def test_a_torn_line_costs_itself_and_not_the_run(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    log.write_bytes(event(1) + event(2)[:20] + event(3) + b"{}\nnull\n" + event(4))

    assert [one.counter for one in Tail(log).read()] == [1, 4]


async def test_a_folder_that_others_may_write_to_gets_no_playbook(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs").chmod(0o777)
    executor = LocalExecutor(tmp_path / "runs", FakeClock())

    with pytest.raises(ExecutionError, match="not a folder of this agent alone"):
        await executor.run(Job("r", Phase.APPLY, 1, Path("/p"), Path("/c"), {}, {"SECRET": "hidden"}, 5.0))

    assert list((tmp_path / "runs").iterdir()) == []


async def test_a_result_in_a_folder_that_others_may_write_to_is_not_believed(tmp_path: Path) -> None:
    folder = tmp_path / "apply-1"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "started").touch()
    times = dict.fromkeys(("started_at", "first_task_at", "ended_at"))
    forged = {"ending": "succeeded", "rc": 0, "outcome": {}, "changes": [], "message": "", **times}
    (folder / "result.json").write_text(json.dumps(forged))

    with pytest.raises(ExecutionError, match="not a folder of this agent alone"):
        await LocalExecutor(tmp_path, FakeClock()).recover(folder)


def test_a_folder_of_root_with_the_sticky_bit_is_good_enough(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    owned.require(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    os.chown(tmp_path / "theirs", 12345, 12345)
    (tmp_path / "link").symlink_to(tmp_path / "theirs")

    for folder in ("theirs", "link"):
        with pytest.raises(ExecutionError):
            owned.require(tmp_path / folder)
