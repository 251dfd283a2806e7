"""`mendwatch targets add` as a person and a script use it: what is asked, what is trusted, and that nothing is half done."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from certificates import write_certificate
from worlds import PASSWORDS, Cli, World

OTHER = "ab" * 32
#: With the space that is written when the terminal shows no more what is typed.
PASSWORD = "Its password: "
ACCOUNT = ("--set", "username=monitor", "--set", "password_file=monitor.password")


async def _add(world: World, *arguments: str) -> Cli:
    return await world.cli("targets", "add", "second", "--provider", "onefs", "--address", world.sim.url, *arguments)


def _files(world: World) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in world.folder.iterdir() if path.is_file()}


class Terminal:
    """The command with a person in front of it."""

    def __init__(self, process: asyncio.subprocess.Process, descriptor: int) -> None:
        self.process, self._descriptor = process, descriptor
        self.seen = ""

    async def waits(self) -> None:
        """Wait until it does nothing but wait for an answer; the words of a question are there a little earlier."""
        status = Path(f"/proc/{self.process.pid}/stat")
        asleep = 0
        while asleep < 3:
            asleep = asleep + 1 if status.read_text("utf-8").rpartition(")")[2].split()[0] == "S" else 0  # noqa: ASYNC240 - the kernel answers at once
            await asyncio.sleep(0.01)

    async def until(self, words: str) -> None:
        """Wait for a question."""
        async with asyncio.timeout(30):
            while words not in self.seen:
                self.seen += (await asyncio.to_thread(os.read, self._descriptor, 1000)).decode()

    def type(self, answer: str) -> None:
        os.write(self._descriptor, f"{answer}\n".encode())


@asynccontextmanager
async def _terminal(world: World, *arguments: str) -> AsyncIterator[Terminal]:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("mendwatch")),
        "targets",
        "add",
        *arguments,
        env=world.environment,
        cwd=world.folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # or a password would be asked for on the terminal that the tests were started from
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        os.close(ours)


@pytest.mark.parametrize("question", ["Name of the target", PASSWORD, "from now on?"])
async def test_one_interrupt_at_any_question_ends_it_and_leaves_nothing(world: World, question: str) -> None:
    world.configure()
    before = _files(world)
    given = () if question.startswith("Name") else ("second", "--provider", "onefs", "--address", world.sim.url)
    async with _terminal(world, *given, "--set", "username=monitor") as terminal:
        if question == "from now on?":
            await terminal.until(PASSWORD)
            terminal.type(PASSWORDS["monitor"])
        await terminal.until(question)
        await terminal.waits()
        terminal.process.send_signal(signal.SIGINT)
        code = await asyncio.wait_for(terminal.process.wait(), 10)

    assert code not in {0, None}
    assert "Traceback" not in terminal.seen
    assert _files(world) == before


async def test_a_person_is_asked_and_the_password_goes_to_a_file_of_its_own(world: World) -> None:
    world.configure()
    async with _terminal(world) as terminal:
        for question, answer in (
            ("Name", "second"),
            ("Provider", "onefs"),
            ("Address", world.sim.url),
            ("User name", "monitor"),
            (PASSWORD, PASSWORDS["monitor"]),
            ("from now on?", "y"),
        ):
            await terminal.until(question)
            terminal.type(answer)
        await terminal.until("restart the agent")
        assert await terminal.process.wait() == 0

    stanza = yaml.safe_load(world.config.read_text("utf-8"))["targets"][-1]
    file = world.folder / "second.password"
    assert PASSWORDS["monitor"] not in terminal.seen
    assert stanza["credentials"]["read"] == {"username": "monitor", "password": f"file:{file}"}
    assert (file.stat().st_mode & 0o777, file.read_text("utf-8").strip()) == (0o600, PASSWORDS["monitor"])
    assert (await world.cli("targets", "inspect", "second")).code == 0


async def test_what_is_trusted_unseen_is_said_plainly(world: World) -> None:
    world.configure()

    answer = await _add(world, "--yes", *ACCOUNT)

    assert answer.code == 0
    assert "Nobody vouches for the certificate" in answer.out
    assert f"Accepted without a look (--yes): fingerprint: {world.sim.fingerprint}" in answer.out


@pytest.mark.parametrize("option", [f"fingerprint={OTHER}", "ca_file=CA"])
async def test_yes_never_trusts_another_certificate_than_the_one_that_was_chosen(world: World, option: str) -> None:
    world.configure()
    write_certificate(world.folder, "other")
    before = _files(world)

    answer = await _add(world, "--yes", *ACCOUNT, "--set", f"options.{option.replace('CA', str(world.folder / 'other.crt'))}")

    assert answer.code != 0
    assert "do not trust" in answer.err
    assert [one for one in world.sim.requests if "session" in one.path] == []
    assert _files(world) == before


async def test_without_a_terminal_a_certificate_is_neither_asked_about_nor_trusted(world: World) -> None:
    world.configure()
    before = _files(world)

    answer = await _add(world, *ACCOUNT)

    assert answer.code == 2
    assert world.sim.fingerprint in answer.err
    assert "--yes" in answer.err
    assert _files(world) == before


async def test_nested_options_are_written_as_such(world: World) -> None:
    world.configure()

    answer = await _add(
        world, "--yes", *ACCOUNT, "--set", "options.statistics.groups=[default, nodes]", "--set", "options.timeout=5"
    )

    options = yaml.safe_load(world.config.read_text("utf-8"))["targets"][-1]["options"]
    assert answer.code == 0, answer.err
    assert options == {"statistics": {"groups": ["default", "nodes"]}, "timeout": 5, "fingerprint": world.sim.fingerprint}


@pytest.mark.parametrize(
    "setting", ["options.timeout=[", "options.timeout=2024-13-45", "options.timeout.x=1", "options.=1", "novalue"]
)
async def test_an_odd_setting_is_told_and_changes_nothing(world: World, setting: str) -> None:
    world.configure()
    before = _files(world)

    answer = await _add(world, "--yes", *ACCOUNT, "--set", "options.timeout=5", "--set", setting)

    assert answer.code == 2, answer.out
    assert "hint:" in answer.err
    assert _files(world) == before


async def test_a_link_to_the_configuration_stays_a_link(world: World) -> None:
    world.configure()
    real = world.folder / "real.yaml"
    world.config.rename(real)
    world.config.symlink_to(real)

    answer = await _add(world, "--yes", *ACCOUNT)

    assert answer.code == 0, answer.err
    assert world.config.is_symlink()
    assert "second" in real.read_text("utf-8")


async def test_a_closed_standard_input_is_no_terminal(world: World) -> None:
    world.configure()
    process = await asyncio.create_subprocess_shell(
        f"exec {Path(sys.executable).with_name('mendwatch')} targets add 0<&-",
        env=world.environment,
        cwd=world.folder,
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()

    assert process.returncode == 2
    assert b"NAME is missing" in err


async def test_the_same_name_twice_at_once_is_added_once(world: World) -> None:
    world.configure()

    answers = await asyncio.gather(
        *(
            world.command("targets", "add", "second", "--provider", "onefs", "--address", world.sim.url, "--yes", *ACCOUNT)
            for _ in range(2)
        )
    )

    names = [target["name"] for target in yaml.safe_load(world.config.read_text("utf-8"))["targets"]]
    assert names == ["lab", "second"]
    assert sorted(answer.code for answer in answers) == [0, 2]
