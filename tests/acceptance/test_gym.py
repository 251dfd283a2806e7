"""`mendwatch gym`: incidents are noticed, mended and verified as they must be; what is not as it must be ends in exit code 1."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mendwatch_onefs_sim.gym.drills import DRILLS

COMMAND = str(Path(sys.executable).with_name("mendwatch"))


async def gym(*arguments: str, folder: Path) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "gym",
        *arguments,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def held(*names: str, folder: Path) -> list[dict[str, Any]]:
    """Hold drills; gives the reports."""
    code, out, err = await gym("--json", *names, folder=folder)
    reports: list[dict[str, Any]] = json.loads(out)
    assert code == (0 if all(report["passed"] for report in reports) else 1), err
    assert remains(folder) == []
    return reports


def remains(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("mendwatch-gym-")]


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_an_incident_is_noticed_mended_verified_and_settled(tmp_path: Path) -> None:
    (report,) = await held("s3-service-off", folder=tmp_path)

    assert report["faults"] == []
    assert report["plan"] == "onefs/protocol_service_on"
    assert 0 < report["detected"] < report["verified"]


@pytest.mark.long
async def test_where_only_a_person_can_help_the_gym_shows_the_runbook(tmp_path: Path) -> None:
    code, out, _ = await gym("licence-expiring", folder=tmp_path)

    assert code == 0
    assert "advise" in out
    assert "1 of 1 incidents as they should be" in out


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_an_incident_that_is_not_as_it_should_be_ends_in_exit_code_1(tmp_path: Path) -> None:
    code, out, _ = await gym("--patience", "1", "quota-fill", folder=tmp_path)

    assert code == 1
    assert "not detected: PowerScaleQuotaNearlyFull" in out


async def test_an_incident_that_nobody_knows_is_used_wrongly(tmp_path: Path) -> None:
    code, _, err = await gym("earthquake", folder=tmp_path)

    assert code == 2
    assert "hint:" in err


@pytest.mark.long
@pytest.mark.parametrize("name", [drill.name for drill in DRILLS])
async def test_every_incident_comes_to_what_it_must(name: str, tmp_path: Path) -> None:
    (report,) = await held(name, folder=tmp_path)

    assert report["faults"] == []
