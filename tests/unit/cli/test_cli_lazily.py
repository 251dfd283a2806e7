"""A command whose module is heavy is imported when it is asked for, and is listed and refused as every other one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from mendwatch.cli import lazily


@pytest.fixture
def imported() -> list[str]:
    return []


@pytest.fixture
def app(imported: list[str]) -> typer.Typer:
    def heavy() -> Callable[..., None]:
        imported.append("heavy")

        def say(word: str) -> None:
            """Say a word."""
            typer.echo(f"heavy {word}")

        return say

    def light() -> None:
        """Do little."""
        typer.echo("light")

    made, group = typer.Typer(), typer.Typer(cls=lazily.group({"heavy": heavy}))
    group.command("light")(light)
    made.add_typer(group, name="group")
    made.command("other")(light)
    return made


def test_a_command_is_imported_when_it_is_asked_for(app: typer.Typer, imported: list[str]) -> None:
    assert CliRunner().invoke(app, ["group", "light"]).output == "light\n"
    assert imported == []
    assert CliRunner().invoke(app, ["group", "heavy", "word"]).output == "heavy word\n"
    assert imported == ["heavy"]


def test_help_lists_all_and_what_there_is_not_is_refused(app: typer.Typer) -> None:
    said = CliRunner().invoke(app, ["group", "--help"]).output

    assert "Do little." in said
    assert "Say a word." in said
    assert CliRunner().invoke(app, ["group", "nothing"]).exit_code == 2
