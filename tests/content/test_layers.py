"""The import contracts hold, and each of them fails when somebody breaks it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("agent", "collectors", "simulators")

#: (contract, file that gets a forbidden line, the line)
PLANTED = [
    ("The layers of the agent", "agent/mendwatch/errors.py", "import mendwatch.store"),
    ("The layers of the agent", "agent/mendwatch/polling/schedule.py", "import mendwatch.alerting"),
    ("The agent knows no provider", "agent/mendwatch/service/feed.py", "import mendwatch_onefs"),
    ("Providers know nothing of each other", "collectors/mendwatch_icmp/__init__.py", "import mendwatch_onefs"),
    ("Providers see the contract only", "collectors/mendwatch_onefs/__init__.py", "import mendwatch.config"),
    ("Only playbooks runs Ansible", "agent/mendwatch/remediation/guards.py", "import ansible_runner"),
    ("Nothing imports Ansible's own code", "agent/mendwatch/playbooks/interface.py", "import ansible.parsing.vault"),
    ("Only mcp_server speaks MCP", "agent/mendwatch/web/__init__.py", "import fastmcp"),
    ("Only mendwatch_onefs.client uses the SDK", "agent/mendwatch/clock.py", "import isilon_sdk"),
    ("Only mendwatch_onefs.client uses the SDK", "collectors/mendwatch_onefs/__init__.py", "import isilon_sdk"),
]


async def lint(folder: Path) -> tuple[int, str]:
    """Run import-linter in a folder that holds the source roots."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("lint-imports")),
        "--no-cache",
        cwd=folder,
        env={"PYTHONPATH": ":".join(str(folder / root) for root in SOURCES), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for root in SOURCES:
        shutil.copytree(ROOT / root, tmp_path / root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


async def test_the_layers_hold(copy: Path) -> None:
    code, out = await lint(copy)

    assert code == 0, out


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED, ids=[f"{file}-{line}" for _, file, line in PLANTED])
async def test_a_forbidden_import_breaks_its_contract(copy: Path, contract: str, file: str, line: str) -> None:
    with (copy / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")

    code, out = await lint(copy)

    assert code == 1, out
    assert any(row.startswith(contract) and " BROKEN" in row for row in out.splitlines()), out


async def test_a_new_module_that_has_no_layer_is_refused(copy: Path) -> None:
    (copy / "agent/mendwatch/elsewhere.py").write_text('"""Nowhere."""\n', "utf-8")

    code, out = await lint(copy)

    assert code == 1, out
    assert "mendwatch.elsewhere" in out
