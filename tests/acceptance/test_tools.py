"""The commands that help an operator: doctor, targets inspect and add; against a simulated cluster."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from worlds import PASSWORDS, World


def _by_name(checks: list[dict[str, object]], subject: str) -> dict[str, dict[str, object]]:
    found = [item["check"] for item in checks if item["subject"] == subject]
    return {str(check["name"]): check for check in reversed(found) if isinstance(check, dict)}  # the read account's come first


async def test_the_doctor_finds_nothing_wrong_with_a_sound_cluster(world: World) -> None:
    world.configure(targets=[world.target(collectors={})])

    answer = await world.cli("doctor", "--json")

    checks = _by_name(answer.json(), "lab")
    assert {name: check["grade"] for name, check in checks.items() if check["grade"] == "failed"} == {}
    assert answer.code == 0
    assert {"name", "read login", "write login", "clock", "statistics catalogue"} <= set(checks)
    assert any(name.startswith("privilege ISI_PRIV_") for name in checks)
    assert any(name.startswith("licence ") for name in checks)


async def test_the_doctor_says_what_to_type_for_a_missing_privilege(world: World) -> None:
    account = world.sim.sessions.account("monitor")
    assert account is not None
    few = dict.fromkeys(("ISI_PRIV_LOGIN_PAPI", "ISI_PRIV_CLUSTER", "ISI_PRIV_STATISTICS"), "r")
    world.sim.sessions.put(replace(account, privileges=few))
    world.configure()

    answer = await world.cli("doctor", "lab", "--json")

    check = _by_name(answer.json(), "lab")["privilege ISI_PRIV_QUOTA"]
    assert answer.code == 1
    assert check["grade"] == "failed"
    assert "isi auth roles modify mendwatch-monitor --add-priv-read ISI_PRIV_QUOTA" in list(check["lines"])  # type: ignore[call-overload]


async def test_the_doctor_tries_a_wrong_password_once_and_says_so(world: World) -> None:
    (world.folder / "monitor.password").write_text("wrong", "utf-8")
    world.configure()

    answer = await world.cli("doctor", "lab")

    assert "refuses the login of 'monitor'" in answer.out
    assert len([one for one in world.sim.requests if one.status == 401]) == 1


async def test_the_doctor_tells_a_certificate_that_nobody_vouches_for(world: World) -> None:
    world.configure(targets=[world.target(options={})])

    answer = await world.cli("doctor", "lab")

    assert "not trusted" in answer.out
    assert world.sim.fingerprint in answer.out
    assert [one for one in world.sim.requests if "session" in one.path] == []


async def test_a_bundle_has_everything_but_secrets(world: World) -> None:
    (world.folder / "rules" / "note.txt").write_text("", "utf-8")
    target = world.target(credentials={"read": {"username": "monitor", "password": PASSWORDS["monitor"]}})
    world.configure(targets=[target])
    path = world.folder / "bundle.tar.gz"

    answer = await world.cli("doctor", "--bundle", str(path))

    with tarfile.open(path) as archive:
        names = archive.getnames()
        texts = b"".join(file.read() for name in names if (file := archive.extractfile(name)) is not None).decode()
    assert set(names) >= {"mendwatch/checks.json", "mendwatch/configuration.yaml", "mendwatch/versions.txt"}
    assert PASSWORDS["monitor"] not in texts + answer.out + answer.err


async def test_a_bundle_has_no_part_of_a_secret_that_is_put_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_PART", "canary-part-of-it")
    reference = "canary-literal-${CANARY_PART}"
    account = {"username": "monitor", "password": reference}
    world.configure(targets=[world.target(credentials={"read": account}, labels={"note": "canary-part-of-it"})])
    path = world.folder / "bundle.tar.gz"

    await world.cli("doctor", "--bundle", str(path))

    with tarfile.open(path) as archive:
        texts = b"".join(file.read() for name in archive.getnames() if (file := archive.extractfile(name)) is not None).decode()
    assert "canary" not in texts


async def test_a_bundle_that_is_there_already_is_told_before_anything_is_asked(world: World) -> None:
    world.configure()
    (world.folder / "bundle.tar.gz").write_text("mine", "utf-8")

    answer = await world.cli("doctor", "--json", "--bundle", str(world.folder / "bundle.tar.gz"))

    assert (answer.code, world.sim.requests) == (2, [])
    assert "exists already" in answer.json()["error"]


async def test_an_icmp_target_is_examined_as_far_as_it_can_be(world: World) -> None:
    world.configure(rules=[], targets=[{"name": "gateway", "provider": "icmp", "address": "127.0.0.1"}])

    answer = await world.cli("doctor", "gateway", "--json")

    assert _by_name(answer.json(), "gateway")["examination"]["grade"] == "skipped"


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_an_interrupted_examination_ends_at_once_and_without_a_traceback(world: World, options: tuple[str, ...]) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        world.configure(targets=[world.target(address=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")])
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("mendwatch")),
            "doctor",
            *options,
            env=world.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        await asyncio.wait_for(asked.wait(), 30)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 10)
        await asyncio.wait_for(gone.wait(), 10)

    assert process.returncode not in {0, None}
    assert b"Traceback" not in out + err


async def test_a_target_tells_what_it_is(world: World) -> None:
    world.configure()

    answer = await world.cli("targets", "inspect", "lab", "--json")

    facts = answer.json()
    assert facts["release"] == world.sim.cluster.hardware.release
    assert [node["node"] for node in facts["nodes"]] == [node.lnn for node in world.sim.cluster.hardware.nodes]


async def _add(world: World, *arguments: str) -> tuple[int, str]:
    given = [
        "--provider",
        "onefs",
        "--address",
        world.sim.url,
        "--set",
        "username=monitor",
        "--set",
        "password_file=monitor.password",
    ]
    answer = await world.cli("targets", "add", "second", *given, *arguments)
    return answer.code, answer.out + answer.err


async def test_a_target_is_added_after_it_answered(world: World) -> None:
    world.configure()

    code, said = await _add(world, "--yes")

    stanza = yaml.safe_load(world.config.read_text("utf-8"))["targets"][-1]
    assert (code, stanza["name"]) == (0, "second"), said
    assert stanza["options"] == {"fingerprint": world.sim.fingerprint}
    assert (await world.cli("check")).code == 0


async def test_a_dry_run_writes_nothing(world: World) -> None:
    world.configure()
    before = world.config.read_bytes()

    code, said = await _add(world, "--yes", "--dry-run")

    assert (code, world.config.read_bytes()) == (0, before)
    assert "nothing was written" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--address", "127.0.0.1:1"), "127.0.0.1"),
        (("--set", "username=nobody"), "refuses the login"),
        (("--set", "options.timeout=never"), "timeout"),
        (("--provider", "nothing"), "nothing"),
        (("--set", "colour=red"), "no setting 'colour'"),
    ],
)
async def test_a_target_that_does_not_answer_changes_nothing(world: World, change: tuple[str, str], words: str) -> None:
    world.configure()
    before = world.config.read_bytes()

    code, said = await _add(world, "--yes", *change)

    assert code != 0
    assert words in said
    assert world.config.read_bytes() == before


async def test_without_a_terminal_nothing_is_asked(world: World) -> None:
    world.configure()

    answer = await world.cli("targets", "add", "third", "--provider", "onefs", "--address", world.sim.url)

    assert answer.code == 2
    assert "username" in answer.err
