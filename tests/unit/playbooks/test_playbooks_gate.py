"""The gate lets a phase begin once, and tells who was first."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mendwatch.errors import ExecutionError
from mendwatch.model.runs import Change
from mendwatch.playbooks import records
from mendwatch.playbooks.gate import Gate
from mendwatch.playbooks.interface import Ending, Result, TaskEvent
from mendwatch.playbooks.tailing import Tail

WHEN = datetime(2026, 1, 15, 12, tzinfo=UTC)
RESULT = Result(Ending.SUCCEEDED, 0, {"outcome": "applied", "n": 1}, (Change("s", "b\n", "a: {{ x }} ü"),), "", WHEN, None, WHEN)
EVENT = TaskEvent(1, WHEN, "runner_on_ok", "Täsk", "ok", "")


def test_only_the_first_begins(tmp_path: Path) -> None:
    assert Gate(tmp_path).begin("worker")
    assert not Gate(tmp_path).begin("recovery")
    assert (tmp_path / "started").read_text() == "worker"


def test_beginning_leaves_no_draft(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    gate.begin("worker")
    gate.begin("recovery")

    assert [path.name for path in tmp_path.iterdir()] == ["started"]


def test_a_result_is_read_as_it_was_published(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    assert gate.result() is None

    gate.publish(RESULT)

    assert gate.result() == RESULT


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"ending": "unheard"}'])
def test_a_result_that_is_none_is_an_error_with_a_hint(tmp_path: Path, text: str) -> None:
    (tmp_path / "result.json").write_text(text)

    with pytest.raises(ExecutionError) as caught:
        Gate(tmp_path).result()
    assert caught.value.hint


def test_the_lock_is_held_as_long_as_one_file_is_open(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    assert not gate.held()
    first, second = gate.hold(), gate.hold()  # the worker's and the playbook's

    os.close(first)
    assert gate.held()
    os.close(second)

    assert not gate.held()


def test_a_directory_without_a_deadline_has_no_time(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    assert gate.deadline() == 0

    gate.set_deadline(12.5)

    assert gate.deadline() == 12.5


def test_a_tail_gives_each_whole_line_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail, line = Tail(path), records.event_line(EVENT)
    assert list(tail.read()) == []

    path.write_bytes(line + line[:10])
    assert list(tail.read()) == [EVENT]
    path.write_bytes(line + line)

    assert list(tail.read()) == [EVENT]
    assert list(tail.read()) == []
