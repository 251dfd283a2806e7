"""The page of the simulated cluster has every incident and every fault, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from mendwatch_onefs_sim.faults import KINDS
from mendwatch_onefs_sim.incidents.registry import INCIDENTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text("utf-8")


def test_every_incident_is_on_the_page() -> None:
    assert sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE)) == sorted(INCIDENTS)


def test_every_fault_is_on_the_page() -> None:
    assert [kind for kind in KINDS if f"`{kind}`" not in PAGE] == []
