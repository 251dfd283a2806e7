"""What commands print: plain in a pipe, JSON for scripts, errors with hints, exit codes that mean something."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from mendwatch.cli import app, output
from mendwatch.model.audits import ChainVerdict
from mendwatch.model.principals import Role

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WHOLE = ChainVerdict(1, 1, "ab", None)


def test_a_table_in_a_pipe_has_no_colour_and_no_trailing_space(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("NAME", "WHEN"), [("a", NOON), ("a long name", None)], empty="none")

    assert capsys.readouterr().out.splitlines() == ["NAME         WHEN", "a            2026-01-01 12:00:00Z", "a long name  -"]


def test_a_table_in_a_pipe_folds_nothing_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("NAME", "NOTE", "N"), [("a", "word " * 100 + "end", 1)], empty="none")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("end  1")


def test_an_empty_table_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("NAME",), [], empty="no runs")

    assert capsys.readouterr().out == "no runs\n"


@pytest.mark.parametrize("evil", ["\x1b[2J", "\u202eevil", "a\nb", "\x00", "\u200b", "\u3164", "\ufe0f"])
def test_text_of_a_device_cannot_command_the_terminal(evil: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("NAME",), [(evil,)], empty="none")

    assert evil not in capsys.readouterr().out.removeprefix("NAME\n")


def test_a_cell_is_never_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("NAME",), [("[bold]x[/bold]",)], empty="none")

    assert "[bold]x[/bold]" in capsys.readouterr().out


def test_json_knows_the_nouns(capsys: pytest.CaptureFixture[str]) -> None:
    output.as_json({"at": NOON, "role": Role.VIEWER, "path": Path("a"), "set": frozenset({"b", "a"}), "chain": WHOLE})

    printed = json.loads(capsys.readouterr().out)
    assert printed["at"] == "2026-01-01T12:00:00+00:00"
    assert (printed["role"], printed["path"], printed["set"]) == ("viewer", "a", ["a", "b"])
    assert printed["chain"]["head_mac"] == "ab"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["nothing"], 2),
        (["rules", "nothing"], 2),
        (["runs", "list", "--config", "/nowhere.yaml"], 2),
        (["rules", "check", "/nowhere"], 2),
        (["remediations", "show", "onefs/none"], 1),
        (["mcp"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_exit_codes_tell_done_from_wanting_from_used_wrongly(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MENDWATCH_TOKEN", raising=False)

    assert app.call(arguments) == code
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("command", app.COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call([command, "--help"]) == 0
    assert "Usage: " in capsys.readouterr().out


def test_a_log_line_of_a_command_never_mixes_with_its_answer(capsys: pytest.CaptureFixture[str]) -> None:
    app.call(["--version"])
    structlog.get_logger("test").error("something is odd")

    shown = capsys.readouterr()
    assert "something is odd" not in shown.out
    assert "something is odd" in shown.err
