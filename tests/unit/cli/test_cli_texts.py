"""The commands that a text shows can be typed as they stand."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from mendwatch.cli import output, texts


@pytest.mark.parametrize("config", [Path("/etc/mendwatch.yaml"), Path("/a folder/$HOME/'x'.yaml")])
def test_a_command_names_the_configuration_that_was_named(config: Path) -> None:
    assert shlex.split(texts.command("runs show run-1", config))[-4:] == ["show", "run-1", "--config", str(config)]


def test_a_command_without_a_configuration_names_none() -> None:
    assert texts.command("runs show run-1", None) == f"{output.command()} runs show run-1"
