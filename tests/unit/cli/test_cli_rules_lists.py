"""`rules list` and `rules fmt`: what is shown, what is written, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mendwatch.cli import app

RULES = """\
groups:
- name: g
  rules:
  - on: quota
    # why
    alert: Mine
    when: usage_bytes > 1
    for: 60m
    labels: {severity: critical}
  - {alert: Other, on: node, when: cpu_cores < 1}
  - {alert: Foreign, source: alertmanager, match: ['alertname="X"'], key: [cluster]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, "utf-8")
    path.chmod(0o640)
    return path


def test_rules_are_listed_with_where_they_stand(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["rules", "list", str(file)]) == 0

    said = capsys.readouterr().out
    assert [word in said for word in ("Mine", "critical", "1h", f"{file.name}:4", "alertmanager", "3 rules")] == [True] * 6


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--on", "quota"], ["Mine"]),
        (["--severity", "critical"], ["Mine"]),
        (["--severity", "none"], ["Other", "Foreign"]),
        (["--mode", "none"], ["Mine", "Other", "Foreign"]),
        (["--mode", "auto"], []),
        (["--on", "quota", "--on", "node"], ["Mine", "Other"]),
        (["--alert", "OTH"], ["Other"]),
    ],
)
def test_rules_are_filtered(file: Path, capsys: pytest.CaptureFixture[str], given: list[str], expected: list[str]) -> None:
    assert app.call(["rules", "list", str(file), "--json", *given]) == 0

    assert [row["alert"] for row in json.loads(capsys.readouterr().out)] == expected


def test_an_unknown_mode_is_used_wrongly(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["rules", "list", str(file), "--mode", "always"]) == 2
    assert "observe, check, approve, auto, none" in capsys.readouterr().err


def test_a_file_is_put_in_order_and_keeps_who_may_read_it(file: Path) -> None:
    assert app.call(["rules", "fmt", str(file.parent)]) == 0

    written = file.read_text("utf-8")
    assert written.index("alert: Mine") < written.index("on: quota") < written.index("for: 1h")
    assert written.count("# why") == 1
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]
    assert app.call(["rules", "fmt", "--check", str(file)]) == 0


def test_check_and_diff_change_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["rules", "fmt", "--check", str(file)]) == 1
    assert "would change" in capsys.readouterr().out
    assert app.call(["rules", "fmt", "--diff", str(file)]) == 1

    assert "+    for: 1h" in capsys.readouterr().out
    assert file.read_text("utf-8") == RULES


def test_a_file_that_cannot_be_put_in_order_is_left_alone_and_the_others_are_not(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = file.with_name("a_broken.yaml")
    broken.write_text("groups: [", "utf-8")

    assert app.call(["rules", "fmt", str(file.parent)]) == 1
    assert "a_broken.yaml:1" in capsys.readouterr().err
    assert broken.read_text("utf-8") == "groups: ["
    assert file.read_text("utf-8") != RULES


def test_a_path_that_is_not_there_is_used_wrongly(tmp_path: Path) -> None:
    assert app.call(["rules", "fmt", str(tmp_path / "none.yaml")]) == 2
