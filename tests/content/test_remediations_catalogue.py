"""Every shipped remediation holds together: metadata, playbook, modules, its page, and the world that it is tested in."""

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
from remediation_worlds import WORLDS

from mendwatch import content
from mendwatch.remediation import catalogue
from mendwatch.remediation.guards import invalid

ROOT = content.folder("remediations")
REPOSITORY = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "onefs").glob("*/remediation.yaml"))
NAMES = [folder.name for folder in FOLDERS]
MODULES = sorted(path.stem for path in (ROOT / "ansible_collections/mendwatch/onefs/plugins/modules").glob("*.py"))
#: These were written before the base that the others share.
OLDER = {"quota_limit", "event_group"}
#: What a page tells, whatever the remediation.
HEADINGS = ["## What it does", "## When to refuse", "## What else it touches", "## Undo it by hand"]
WORDS = {"name", "block", "rescue", "register", "when"}
HARMLESS = {"ansible.builtin.assert", "ansible.builtin.set_stats", "ansible.builtin.fail"}

CATALOGUE = catalogue.load([ROOT])


@pytest.fixture(params=[name for name in MODULES if name not in OLDER])
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT))
    yield importlib.import_module(f"ansible_collections.mendwatch.onefs.plugins.modules.{request.param}")
    for name in [name for name in sys.modules if name.startswith("ansible_collections")]:
        del sys.modules[name]


def loaded(path: Path) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load(path.read_text("utf-8"))


def tasks(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in listed:
        yield task
        for inner in ("block", "rescue", "always"):
            yield from tasks(task.get(inner, []))


def playbook(name: str) -> list[dict[str, Any]]:
    """Give the one play's tasks."""
    (play,) = loaded(ROOT / "onefs" / name / "playbook.yaml")
    assert (play["hosts"], play["connection"], play["gather_facts"]) == ("localhost", "local", False)
    found: list[dict[str, Any]] = play["tasks"]
    return found


def test_the_whole_catalogue_loads_and_all_of_it_can_be_used() -> None:
    found = catalogue.load([ROOT])

    assert found.faults == ()
    assert sorted(found) == [f"onefs/{name}" for name in NAMES]
    assert [one.id for one in found.values() if one.unavailable] == []


def test_every_remediation_has_a_world_in_which_its_promises_are_held() -> None:
    assert {world.remediation for world in WORLDS} == set(NAMES)
    assert len({world.id for world in WORLDS}) == len(WORLDS)


@pytest.mark.parametrize("name", NAMES)
def test_a_playbook_uses_our_modules_and_those_that_touch_nothing(name: str) -> None:
    used = {key for task in tasks(playbook(name)) for key in task} - WORDS

    assert used <= HARMLESS | {f"mendwatch.onefs.{module}" for module in MODULES}
    assert used & {f"mendwatch.onefs.{module}" for module in MODULES}


@pytest.mark.parametrize("name", NAMES)
def test_a_playbook_is_one_block_and_every_rescue_ends_in_a_failure(name: str) -> None:
    (block,) = playbook(name)
    rescues = [task["rescue"] for task in tasks([block]) if "rescue" in task]

    assert rescues
    assert all("ansible.builtin.fail" in rescue[-1] for rescue in rescues)
    assert any("ansible.builtin.set_stats" in task for task in tasks(block["rescue"]))


@pytest.mark.parametrize("name", NAMES)
def test_the_parameters_are_exactly_the_variables_of_the_playbook(name: str) -> None:
    parameters = loaded(ROOT / "onefs" / name / "remediation.yaml")["parameters"]
    text = (ROOT / "onefs" / name / "playbook.yaml").read_text("utf-8")
    registered = {task["register"] for task in tasks(playbook(name)) if "register" in task}
    named = set(re.findall(r"\{\{ (\w+)", text)) - registered - {"ansible_failed_result"}

    assert named == set(parameters["properties"])
    assert parameters["additionalProperties"] is False


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unknown", ["ansible_connection", "ansible_python_interpreter", "ansible_check_mode", "anything"])
def test_a_variable_that_a_remediation_does_not_have_is_refused(name: str, unknown: str) -> None:
    parameters = CATALOGUE[f"onefs/{name}"].parameters
    example = loaded(ROOT / "onefs" / name / "remediation.yaml")["examples"][0]

    assert invalid(parameters, example) is None
    assert unknown in str(invalid(parameters, {**example, unknown: "x"}))


@pytest.mark.parametrize("kind", ["FlexProtect", "FlexProtectLin", "TreeDelete", "IntegrityScan", "mediascan", ""])
def test_a_job_whose_going_on_is_not_ours_to_decide_blocks_the_run(kind: str) -> None:
    parameters = CATALOGUE["onefs/job_resume"].parameters

    assert invalid(parameters, {"job_id": "271", "job_type": "MediaScan"}) is None
    assert "job_type" in str(invalid(parameters, {"job_id": "271", "job_type": kind}))


@pytest.mark.parametrize("name", NAMES)
def test_a_remediation_that_takes_nothing_back_says_so(name: str) -> None:
    found = CATALOGUE[f"onefs/{name}"]
    takes_back = any(world.undone for world in WORLDS if world.remediation == name)

    assert found.reversible is takes_back
    assert ("rolled_back" in found.playbook.read_text("utf-8")) is takes_back


@pytest.mark.parametrize("name", NAMES)
def test_every_remediation_has_a_page_that_tells_what_a_person_needs(name: str) -> None:
    page = REPOSITORY / "docs/remediations" / f"{name}.md"
    text = page.read_text("utf-8")

    assert text.startswith(f"# onefs/{name}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")][: len(HEADINGS)] == HEADINGS


def test_the_documentation_of_a_module_names_its_arguments_and_their_choices(module: ModuleType) -> None:
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    common = {"expect_before": {"type": "dict"}}

    assert set(documented) == set(module.ARGUMENTS) | set(common)
    for name, argument in {**module.ARGUMENTS, **common}.items():
        for key in ("type", "required", "default", "elements"):
            assert documented[name].get(key) == argument.get(key), (name, key)
        assert sorted(documented[name].get("choices", [])) == sorted(argument.get("choices", []))


def test_the_readme_of_the_collection_lists_every_module() -> None:
    text = (ROOT / "ansible_collections/mendwatch/onefs/README.md").read_text("utf-8")

    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)) == MODULES
