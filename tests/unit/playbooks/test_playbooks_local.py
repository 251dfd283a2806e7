"""What the executor refuses before it starts anything, and what it knows without Ansible."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from mendwatch.errors import ExecutionError
from mendwatch.playbooks import launch, workspace
from mendwatch.playbooks.interface import Job, Phase
from mendwatch.playbooks.local import LocalExecutor
from mendwatch.playbooks.worker import job_text, read_job
from mendwatch.testing.clock import FakeClock


def job(run_id: str = "r", **variables: object) -> Job:
    return Job(run_id, Phase.APPLY, 2, Path("/p.yaml"), Path("/c"), variables, {"SECRET": "hidden"}, 5.0)


@pytest.fixture
def executor(tmp_path: Path) -> LocalExecutor:
    return LocalExecutor(tmp_path / "runs", FakeClock())


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", ".hidden", "x" * 101, "a\n"])
def test_a_run_id_that_leads_elsewhere_is_refused(executor: LocalExecutor, run_id: str) -> None:
    with pytest.raises(ExecutionError, match="cannot be the id"):
        executor.directory(job(run_id))


def test_each_phase_and_attempt_has_a_directory_of_its_own(executor: LocalExecutor, tmp_path: Path) -> None:
    assert executor.directory(job()) == tmp_path / "runs/r/apply-2"


async def test_variables_that_cannot_be_passed_begin_nothing(executor: LocalExecutor, tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match="cannot be the name"):
        await executor.run(job(ansible_connection="x"))
    assert not (tmp_path / "runs").exists()


def test_versions_are_known_without_importing_ansible(executor: LocalExecutor) -> None:
    versions = executor.versions()

    assert set(versions) == {"ansible-core", "ansible-runner", "mendwatch"}
    assert all(versions.values())


def test_a_job_travels_whole_and_never_shows_its_secret() -> None:
    one = job(path="/ifs/ü", size=2**60, inner={"a": [None, 1.5]})

    assert read_job(job_text(one)) == one
    assert "hidden" not in repr(one)


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_job_that_was_cut_off_is_no_job(cut: int) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_job(job_text(job())[:-cut])


def test_a_secret_goes_through_memory_and_not_through_a_file(tmp_path: Path) -> None:
    fifo = tmp_path / "secret"
    handle = workspace.offer_secret(fifo, {"PASSWORD": "ü" * 1000})
    try:
        assert fifo.is_fifo()
        assert fifo.stat().st_mode & 0o077 == 0
        assert launch._secret(str(fifo)) == {"PASSWORD": "ü" * 1000}
    finally:
        os.close(handle)
    assert not fifo.exists()


def test_a_secret_larger_than_a_pipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match="64 KiB"):
        workspace.offer_secret(tmp_path / "secret", {"A": "x" * 70_000})


def test_ansible_playbook_is_taken_from_beside_this_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    command = workspace.command(tmp_path / "lock", tmp_path / "secret", ["x.yaml"])
    assert str(Path(sys.executable).parent / "ansible-playbook") in command

    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    with pytest.raises(ExecutionError, match="no ansible-playbook beside"):
        workspace.command(tmp_path / "lock", tmp_path / "secret", ["x.yaml"])
