"""The README's promise: the demo shows the whole loop by itself, and tells the truth in its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from worlds import until

COMMAND = str(Path(sys.executable).with_name("mendwatch"))


async def demo(*arguments: str, folder: Path) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "demo",
        *arguments,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def remains(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("mendwatch-demo-")]


async def test_the_unattended_demo_ends_verified_and_leaves_nothing(tmp_path: Path) -> None:
    code, out, err = await demo("--yes", "--json", folder=tmp_path)

    told = json.loads(out)
    assert code == 0, (out, err)
    assert told["done"] is True
    assert [check["holds"] for check in told["checks"]] == [True] * 4
    assert told["run"]["state"] == "verified"
    assert told["proof"]["raises"] == 1
    assert {step["name"] for step in told["timeline"]} >= {"alert firing", "plan ready", "approved", "first task", "verified"}
    assert told["approval_to_first_task"] > 0
    assert remains(tmp_path) == []


@pytest.mark.long
async def test_a_demo_that_runs_out_of_patience_says_so_and_fails(tmp_path: Path) -> None:
    code, out, err = await demo("--yes", "--patience", "3", folder=tmp_path)

    assert code == 1
    assert "the demo did not end well" in err
    assert "NO " in out
    assert remains(tmp_path) == []


async def test_an_unknown_demo_is_used_wrongly(tmp_path: Path) -> None:
    code, _, err = await demo("--provider", "nothing", folder=tmp_path)

    assert code == 2
    assert "hint:" in err


@pytest.mark.parametrize(("answer", "state"), [("y", "verified"), pytest.param("n", "denied", marks=pytest.mark.long)])
async def test_a_person_answers_at_the_keyboard_and_ends_it_with_ctrl_c(tmp_path: Path, answer: str, state: str) -> None:
    leader, follower = os.openpty()
    out = tmp_path / "out"
    with out.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            "demo",
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
            stdin=follower,
            stdout=file,
            stderr=file,
        )
    os.close(follower)
    try:
        await until(lambda: "type y to approve" in out.read_text("utf-8"))
        os.write(leader, f"maybe\n{answer}\n".encode())
        await until(lambda: "the agent stays up" in out.read_text("utf-8"))
        process.send_signal(2)
        code = await asyncio.wait_for(process.wait(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(leader)

    said = out.read_text("utf-8")
    assert "type y or n" in said
    assert f"run.{state}" in said
    assert "claude mcp add" in said
    assert code == (0 if state == "verified" else 1), said
    assert remains(tmp_path) == []
