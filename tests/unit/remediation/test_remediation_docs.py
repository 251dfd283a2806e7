"""What docs/runs.md and docs/write-a-remediation.md say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mendwatch.config.durations import format_duration
from mendwatch.model.rules import Guard
from mendwatch.model.runs import TRANSITIONS, RunState
from mendwatch.remediation import guards
from mendwatch.remediation.format import RemediationFile

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture
def runs() -> str:
    return (DOCS / "runs.md").read_text("utf-8")


def _rows(text: str, heading: str) -> dict[str, str]:
    """Give the rows of the table whose first heading is this: first cell to the whole row."""
    table = text.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `(\w+)`.*? \|(.*)\|$", table, re.MULTILINE))


def test_the_diagram_shows_every_allowed_change_of_state_and_no_other(runs: str) -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+): ", runs, re.MULTILINE))

    assert drawn == {(before.value, after.value) for before, following in TRANSITIONS.items() for after in following}
    assert "[*] --> planning" in runs


def test_every_state_is_explained_to_an_operator(runs: str) -> None:
    assert set(_rows(runs, "state")) == {state.value for state in RunState}


def test_every_guard_is_explained_with_its_default(runs: str) -> None:
    rows = _rows(runs, "guard")
    defaults = {name: row.rpartition("|")[2].strip() for name, row in rows.items()}
    guard = Guard()

    assert list(rows) == list(guards.GUARDS)
    assert defaults["cooldown"] == format_duration(guard.cooldown)
    assert defaults["max_runs"] == f"{guard.max_runs}/{guard.max_runs_window.total_seconds() / 3600:.0f}h"
    assert (defaults["breaker"], defaults["concurrent"], defaults["max_targets"]) == ("2", "1", "1")
    assert (guard.breaker_failures, guard.concurrent, guard.max_targets) == (2, 1, 1)


def test_every_key_of_a_remediation_is_documented() -> None:
    text = (DOCS / "write-a-remediation.md").read_text("utf-8")
    table = text.partition("| key |")[2].partition("\n\n")[0]
    first_cells = "".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `"))

    assert set(re.findall(r"`(\w+)`", first_cells)) == set(RemediationFile.model_fields)
