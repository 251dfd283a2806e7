"""A process is killed again and again while it judges: every clock, silence and guard is as in a life without a death."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from judging import Deed, Life, lived

from mendwatch.model.alerts import AlertState
from mendwatch.model.journal import Decision

FULL = """
groups:
- name: all
  rules:
  - {alert: Full, on: full, when: full > 0.9%s,
     remediate: {remediation: storage/mend, variables: {one: one}, mode: approve}}
  - {alert: Down, on: up, when: up < 1.0%s}
"""


def full(*values: float | None, start: int = 60) -> list[Deed]:
    return [Deed(start + 60 * number, "full", value) for number, value in enumerate(values)]


def compared(folder: Path, deeds: list[Deed], own: str = "", down: str = "") -> Life:
    """Live through deeds without a death, and with one in the middle of every other; give what is left of both, which is alike."""
    rules = folder / "rules.yaml"
    rules.write_text(FULL % (own, down), "utf-8")
    quiet = lived(folder, rules, deeds)
    restless = lived(folder, rules, deeds, kills=range(1, len(deeds), 2))

    assert restless.alerts == quiet.alerts
    assert told(restless) == told(quiet)
    return quiet


def told(life: Life) -> list[Decision]:
    """Give what was decided, without numbers that differ from life to life."""
    return [replace(one, seq=0, reason=re.sub(r"sil-\w+", "sil-x", one.reason)) for one in life.decisions]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_for_survives(folder: Path) -> None:
    life = compared(folder, full(0.5, 0.95, 0.95, 0.95, 0.95, 0.95), ", for: 3m")

    assert life.words() == [(120, "pending"), (300, "firing"), (300, "approve")]


def test_keep_firing_for_survives(folder: Path) -> None:
    life = compared(folder, full(0.95, 0.5, 0.5, 0.5, 0.5), ", keep_firing_for: 3m")

    assert life.words() == [(60, "firing"), (60, "approve"), (120, "resolving"), (300, "inactive")]


def test_no_data_survives_and_is_never_resolved(folder: Path) -> None:
    life = compared(folder, full(0.95, None, None, None, None, None))

    assert life.words() == [(60, "firing"), (60, "approve"), (240, "no_data")]
    assert [alert.state for alert in life.alerts] == [AlertState.NO_DATA]


def test_flapping_survives(folder: Path) -> None:
    life = compared(folder, full(0.95, 0.5, 0.95, 0.5, 0.95, 0.5), ", flap: {changes: 4, window: 20m}")

    words = [word for _, word in life.words()]
    assert words == ["firing", "approve", "inactive", "firing", "approve", "resolving", "began", "firing", "flapping", "resolving"]


def test_what_ended_lately_counts_for_flapping_after_a_death(folder: Path) -> None:
    life = compared(folder, full(0.95, 0.5, 0.5, 0.95), ", flap: {changes: 3, window: 20m}")

    assert [word for _, word in life.words()][-3:] == ["firing", "began", "flapping"]
    assert len(life.alerts[0].changes) == 3


def test_a_silence_survives_and_what_it_held_back_is_asked_for_once(folder: Path) -> None:
    deeds = sorted([*full(0.95, 0.95, 0.95, 0.95, 0.95), Deed(30, "silence", 200.0)], key=lambda deed: deed.at)

    life = compared(folder, deeds)

    assert life.words() == [(60, "firing"), (60, "silenced"), (240, "firing"), (240, "approve")]


def test_an_inhibition_survives(folder: Path) -> None:
    deeds = [Deed(50, "up", 0.0), *full(0.95, 0.95, 0.95), Deed(230, "up", 1.0), *full(0.95, start=240)]

    life = compared(folder, deeds, ", inhibited_by: [{alert: Down, equal: [cluster]}]")

    assert life.words() == [
        (50, "firing"),
        (60, "pending"),
        (60, "inhibited"),
        (230, "inactive"),
        (240, "firing"),
        (240, "approve"),
    ]


def test_a_freeze_survives(folder: Path) -> None:
    deeds = [Deed(50, "up", 0.0), *full(0.95, 0.95, 0.95), Deed(230, "up", 1.0), *full(0.95, start=240)]

    life = compared(folder, deeds, down=", freezes: [cluster]")

    assert life.words() == [(50, "firing"), (60, "firing"), (60, "frozen"), (230, "inactive"), (230, "approve")]


def test_why_nothing_is_asked_is_said_once_over_many_lives(folder: Path) -> None:
    deeds = [Deed(50, "up", 0.0), *full(*[0.95] * 9)]

    life = compared(folder, deeds, down=", freezes: [cluster]")

    # What is not seen any more goes on freezing: nobody knows that it is over.
    assert life.words() == [(50, "firing"), (60, "firing"), (60, "frozen"), (240, "no_data")]
