"""The shipped remediation and its collection hold together: metadata, playbooks, modules and their documentation."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from mendwatch import content
from mendwatch.remediation import catalogue

ROOT = content.folder("remediations")
FOLDER = ROOT / "onefs/quota_raise"
COLLECTION = ROOT / "ansible_collections/mendwatch/onefs"
MODULES = ("quota_limit", "event_group")
GIB = 2**30


@pytest.fixture
def quota_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT))
    yield importlib.import_module("ansible_collections.mendwatch.onefs.plugins.modules.quota_limit")
    for name in [name for name in sys.modules if name.startswith("ansible_collections")]:
        del sys.modules[name]


def plays(path: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def tasks(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in listed:
        yield task
        for inner in ("block", "rescue", "always"):
            yield from tasks(task.get(inner, []))


def test_the_catalogue_loads_it_as_available() -> None:
    found = catalogue.load([ROOT])["onefs/quota_raise"]

    assert found.unavailable is None
    assert (found.risk, found.reversible, found.idempotent) == ("low", True, True)
    assert found.resolve is not None


def test_a_change_of_a_module_changes_the_digest_that_is_approved() -> None:
    found = catalogue.load([ROOT])["onefs/quota_raise"]

    assert "mendwatch.onefs" in found.requires_collections


@pytest.mark.parametrize("name", ["playbook.yaml", "resolve.yaml"])
def test_a_playbook_runs_here_and_gathers_nothing(name: str) -> None:
    for play in plays(FOLDER / name):
        assert (play["hosts"], play["connection"], play["gather_facts"]) == ("localhost", "local", False)


@pytest.mark.parametrize("name", ["playbook.yaml", "resolve.yaml"])
def test_a_playbook_uses_only_our_modules_and_those_that_touch_nothing(name: str) -> None:
    harmless = {"ansible.builtin.assert", "ansible.builtin.set_stats", "ansible.builtin.fail"}
    words = {"name", "block", "rescue", "register", "when"}

    used = {key for play in plays(FOLDER / name) for task in tasks(play["tasks"]) for key in task} - words

    assert used <= harmless | {f"mendwatch.onefs.{module}" for module in MODULES}


def test_a_rescue_always_ends_in_a_failure() -> None:
    rescues = [task["rescue"] for play in plays(FOLDER / "playbook.yaml") for task in tasks(play["tasks"]) if "rescue" in task]

    assert len(rescues) == 2
    assert all("ansible.builtin.fail" in rescue[-1] for rescue in rescues)


def test_the_parameters_are_exactly_the_variables_of_the_playbook() -> None:
    metadata = yaml.safe_load((FOLDER / "remediation.yaml").read_text("utf-8"))
    text = (FOLDER / "playbook.yaml").read_text("utf-8")
    named = set(re.findall(r"\{\{ (\w+)", text)) - {
        "quota_raise_set",
        "quota_raise_seen",
        "quota_raise_back",
        "ansible_failed_result",
    }

    assert named == set(metadata["parameters"]["properties"])


@pytest.mark.parametrize("module", MODULES)
def test_the_documentation_of_a_module_names_its_arguments(module: str) -> None:
    text = (COLLECTION / f"plugins/modules/{module}.py").read_text("utf-8")
    documented = yaml.safe_load(text.split('DOCUMENTATION = r"""')[1].split('"""')[0])["options"]
    spec = text.split("argument_spec={")[1].split("supports_check_mode")[0]

    assert set(documented) == set(re.findall(r'^ {12}"(\w+)": \{', spec, re.MULTILINE))
    assert "supports_check_mode=True" in text


@pytest.mark.parametrize("path", sorted(COLLECTION.rglob("*.py")), ids=lambda path: path.name)
def test_a_module_imports_the_standard_library_and_the_bsd_part_of_ansible_only(path: Path) -> None:
    found = {line.split()[1] for line in path.read_text("utf-8").splitlines() if re.match(r"(import|from) ", line)}
    foreign = {name for name in found if name.split(".")[0] not in sys.stdlib_module_names | {"__future__"}}

    ours = "ansible_collections.mendwatch.onefs.plugins.module_utils"
    assert {name for name in foreign if name.rpartition(".")[0] != ours} <= {"ansible.module_utils.basic"}
    assert "SPDX-License-Identifier: Apache-2.0" in path.read_text("utf-8")


@pytest.mark.parametrize(("given", "bytes_"), [(5, 5), (5.9, 5), ("7", 7), ("7.9", 7), (2**62, 2**62), (None, None)])
def test_bytes_are_cut_down_to_whole_ones(quota_limit: ModuleType, given: object, bytes_: int | None) -> None:
    assert quota_limit.whole_bytes("hard", given) == bytes_


@pytest.mark.parametrize("given", ["", "much", "nan", float("inf"), 0, -1, [], "1/0"])
def test_what_is_no_number_of_bytes_is_refused(quota_limit: ModuleType, given: object) -> None:
    with pytest.raises(quota_limit.Unmet):
        quota_limit.whole_bytes("hard", given)


@pytest.mark.parametrize(
    ("quota", "wish", "hard", "why"),
    [
        ({}, {}, 110, None),
        ({}, {"max_increase_ratio": 1.1}, 110, None),
        ({}, {"max_increase_ratio": 1.1}, 111, "more than"),
        ({}, {"expect_before": 100}, 110, None),
        ({}, {"expect_before": 99}, 110, "as expected"),
        ({"linked": True}, {}, 110, "linked"),
        ({"ready": False}, {}, 110, "not ready"),
        ({"usage": None}, {}, 110, "not ready"),
        ({"hard": None}, {}, 110, "no hard limit"),
        ({}, {}, 99, "lower"),
        ({}, {"allow_decrease": True}, 99, None),
        ({}, {"allow_decrease": True}, 94, "are used"),
        ({"usage": 120}, {}, 110, "are used"),
    ],
)
def test_what_must_hold_before_a_limit_is_set(
    quota_limit: ModuleType, quota: dict[str, Any], wish: dict[str, Any], hard: int, why: str | None
) -> None:
    found = quota_limit.Quota(**{"id": "q", "path": "/p", "hard": 100, "usage": 95, "linked": False, "ready": True, **quota})
    asked = {"path": "/p", "type": "directory", "hard": hard, "expect_before": None, "max_increase_ratio": None}
    task = quota_limit.Wish(**{**asked, "allow_decrease": False, **wish})

    if why is None:
        quota_limit.check(found, task, hard)
        return
    with pytest.raises(quota_limit.Unmet, match=why):
        quota_limit.check(found, task, hard)


@pytest.mark.parametrize(
    ("thresholds_on", "usage"), [("fslogicalsize", 1), ("applogicalsize", 2), ("physicalsize", 3), ("unheard", None), (None, None)]
)
def test_the_usage_is_the_one_that_the_thresholds_are_about(
    quota_limit: ModuleType, thresholds_on: str | None, usage: int | None
) -> None:
    sizes = {"fslogical": 1, "applogical": 2, "physical": 3, "fslogical_ready": True, "physical_ready": True}
    found = {"id": "q", "path": "/p", "ready": True, "thresholds": {"hard": 0}, "thresholds_on": thresholds_on, "usage": sizes}

    read = quota_limit.Quota.read(found)

    assert read.usage == usage
    assert read.ready is (usage is not None)
    assert read.hard is None  # OneFS gives 0 or null for a limit that is not there
