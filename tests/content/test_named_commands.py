"""Every command that a hint, a page, a template or a runbook names is one that can be typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from mendwatch.cli import app

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("agent", "collectors", "simulators", "docs", "templates", "rules", "remediations", "grafana")
#: In back-ticks, at the beginning of a line of a listing, or with its path: nowhere else is it a command.
NAMED = re.compile(r"(?:`|^(?: {2,}|\$ ?)|bin/)mendwatch ([a-z]+(?:-[a-z]+)?)(?: ([a-z]+)(?=[ `\n]))?", re.MULTILINE)

FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def files() -> Iterator[Path]:
    yield ROOT / "README.md"
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md", ".j2", ".yaml", ".yml", ".json"})


def named(text: str) -> set[tuple[str, str]]:
    listings = "".join(re.sub(r"^", "    ", listing, flags=re.MULTILINE) for listing in FENCED.findall(text))
    return {(found[1], found[2] or "") for found in NAMED.finditer(f"{text}\n{listings}")}


def groups() -> dict[str, set[str]]:
    """Give each command's own commands; none for one that takes arguments only."""
    made: Any = typer.main.get_command(app.build(tuple(app.COMMANDS)))
    return {
        name: set(command.list_commands(None)) if hasattr(command, "commands") else set() for name, command in made.commands.items()
    }


def test_every_command_that_is_named_exists() -> None:
    known = groups()
    found = [(path, *name) for path in files() for name in sorted(named(path.read_text("utf-8")))]

    assert {command for _, command, _ in found} == set(app.COMMANDS)
    assert [
        f"{path.relative_to(ROOT)}: mendwatch {command} {sub}".rstrip()
        for path, command, sub in found
        if command not in known or (known[command] and sub and sub not in known[command])
    ] == []


def test_the_groups_are_the_commands_of_the_table() -> None:
    assert set(groups()) == set(app.COMMANDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Run `mendwatch doctor`.", {("doctor", "")}),
        ("see `mendwatch runs show RUN`", {("runs", "show")}),
        ("    mendwatch run --config x\n", {("run", "")}),
        ("ExecStart=/opt/mendwatch/bin/mendwatch run", {("run", "")}),
        ("```sh\nmendwatch audit verify  # a remark\n```\n", {("audit", "verify")}),
        ("what mendwatch needs", set()),
        ("mendwatch watches infrastructure", set()),
    ],
)
def test_a_command_is_told_from_a_sentence(text: str, expected: set[tuple[str, str]]) -> None:
    assert named(text) == expected
