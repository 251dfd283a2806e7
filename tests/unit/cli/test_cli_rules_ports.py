"""Rules come in from rulebooks and go out to Prometheus by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from mendwatch.cli import app

_BOOK = """
- name: storage
  hosts: all
  sources: [{ansible.eda.webhook: {}}]
  rules:
  - {name: full, condition: event.usage_bytes > 90, action: {debug: {}}}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    file = tmp_path / "book.yml"
    file.write_text(_BOOK, "utf-8")
    return file


def test_a_rulebook_is_printed_as_rules(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = app.call(["rules", "import-eda", str(book), "--on", "quota"])

    assert code == 0
    assert yaml.safe_load(capsys.readouterr().out)["groups"][0]["rules"][0]["when"] == "usage_bytes > 90.0"


def test_what_is_left_out_is_told_with_its_place_and_exit_1(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = app.call(["rules", "import-eda", str(book)])

    assert code == 1
    assert f"{book}:6:5" in capsys.readouterr().err.replace("\n", "")


def test_the_output_is_a_new_file_and_nothing_is_written_over(
    book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.yaml"

    assert app.call(["rules", "import-eda", str(book), "--on", "quota", "-o", str(file)]) == 0
    before = file.read_text("utf-8")
    assert app.call(["rules", "import-eda", str(book), "--on", "quota", "-o", str(file)]) == 2

    assert "exists already" in capsys.readouterr().err
    assert file.read_text("utf-8") == before


def test_an_unknown_schema_is_told_with_the_nearest(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["rules", "import-eda", str(book), "--on", "qouta"]) == 2
    assert "did you mean 'quota'?" in capsys.readouterr().err


def test_the_shipped_rules_go_out_as_json_with_remarks(capsys: pytest.CaptureFixture[str]) -> None:
    code = app.call(["rules", "--as-prometheus", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert 0.9 * told["of"] < told["rules"] < told["of"]  # peers and joined records have no counterpart
    assert yaml.safe_load(told["text"])["groups"]


def test_an_option_before_the_command_is_refused_and_not_ignored(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["rules", "--config", "x.yaml", "check"]) == 2
    assert "behind `check`" in capsys.readouterr().err


def test_rules_alone_shows_what_can_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["rules"]) == 2
    assert "import-eda" in capsys.readouterr().out
