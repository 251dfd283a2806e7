"""The wheel holds everything, under names of our own, and finds its data."""

from __future__ import annotations

import asyncio
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def built(folder: Path) -> Path:
    return next(folder.glob("*.whl"))


async def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode().strip()


@pytest.fixture
async def wheel(tmp_path: Path) -> Path:
    await run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=ROOT)
    return built(tmp_path)


async def test_the_wheel_installs_no_generic_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = {name.split("/")[0] for name in packed.namelist()}

    assert {name for name in names if not name.endswith(".dist-info")} == {
        "mendwatch",
        "mendwatch_onefs",
        "mendwatch_icmp",
        "mendwatch_onefs_sim",
    }


async def test_data_is_found_in_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(target)
    script = (
        "from mendwatch import content\n"
        "kinds = ('rules', 'remediations', 'templates', 'grafana')\n"
        f"print(all(str(content.folder(k)).startswith({str(target)!r}) and any(content.folder(k).rglob('*.*')) for k in kinds))"
    )

    # -P keeps the current folder off the path; the extracted wheel comes before the editable install.
    printed = await run(sys.executable, "-P", "-c", script, cwd=tmp_path, env={"PYTHONPATH": str(target)})

    assert printed == "True"


async def test_every_shipped_file_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    for kind in ("rules", "remediations", "templates", "grafana"):
        for path in (ROOT / kind).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and not path.name.endswith(".retry"):
                assert f"mendwatch/content/{path.relative_to(ROOT)}" in names
