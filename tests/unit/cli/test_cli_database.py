"""`mendwatch db` and `audit export`: what they say, to people and to scripts, and what they refuse."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from mendwatch.cli import app
from mendwatch.clock import SystemClock
from mendwatch.config import loading
from mendwatch.service.state import open_state


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose state has three rows of audit."""
    path = tmp_path / "mendwatch.yaml"
    path.write_text("state_dir: state\n", "utf-8")

    async def fill() -> None:
        store = await open_state(loading.load(path), SystemClock())
        await store.audit.append("cli:ann", "note", "one", {"n": 1})
        await store.audit.append("=cmd|'/c calc'!A0", "note", "-two\ud800", {"a": "b,c\n"})
        await store.audit.append("cli:ann", "note", "three", {})
        await store.close()

    asyncio.run(fill())
    return path


def test_a_state_that_is_up_to_date_needs_no_upgrade(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["db", "upgrade", "--config", str(config)]) == 0
    assert "up to date" in capsys.readouterr().out
    assert app.call(["db", "upgrade", "--dry-run", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False


def test_a_copy_tells_its_rows_and_its_chain(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = f"sqlite:///{tmp_path / 'other.db'}"

    assert app.call(["db", "copy", "--to", to, "--json", "--config", str(config)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"]["audit"], said["chain"]["rows"], said["chain"]["fault"]) == (3, 3, None)
    assert app.call(["db", "copy", "--to", to, "--config", str(config)]) == 1
    assert "not empty" in capsys.readouterr().err


def test_a_copy_beside_a_running_agent_is_refused(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state" / "agent.url").write_text("http://127.0.0.1:1")

    assert app.call(["db", "copy", "--to", f"sqlite:///{tmp_path / 'x.db'}", "--config", str(config)]) == 1
    assert "an agent runs" in capsys.readouterr().err


def test_a_password_on_the_command_line_is_refused_and_not_repeated(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["db", "copy", "--to", "postgresql://u@127.0.0.1:1/d", "--password", "Canary9", "--config", str(config)]

    assert app.call(arguments) == 2
    said = capsys.readouterr()
    assert "file:PATH" in said.err
    assert "Canary9" not in said.out + said.err


def test_an_export_as_json_lines_has_every_row_with_its_mac(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["audit", "export", "--config", str(config)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["seq"], row["subject"], len(row["mac"])) for row in rows] == [
        (1, "one", 64),
        (2, "-two\ud800", 64),
        (3, "three", 64),
    ]

    assert app.call(["audit", "export", "--after", "2", "--config", str(config)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_export_for_a_spreadsheet_holds_no_formula(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["audit", "export", "--format", "csv", "--config", str(config)]) == 0
    heading, *rows = csv.reader(io.StringIO(capsys.readouterr().out))

    assert heading == ["seq", "at", "actor", "what", "subject", "detail", "mac"]
    assert rows[1][2:6] == ["'=cmd|'/c calc'!A0", "note", "'-two\\ud800", '{"a": "b,c\\n"}']
    assert len(rows) == 3


def test_a_sqlite_state_has_no_agents_to_list(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["agents", "list", "--config", str(config)]) == 2
    assert "docs/scale.md" in capsys.readouterr().err
