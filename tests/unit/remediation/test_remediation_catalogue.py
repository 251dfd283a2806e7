"""Loading remediations: what is good is there, what is broken is refused with its place, and nothing stops the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mendwatch import content
from mendwatch.errors import ContentError
from mendwatch.model.remediations import Risk, Timeouts
from mendwatch.remediation import catalogue

Write = Callable[..., Path]
COLLECTION = "ansible_collections/acme/boxes"
DEPENDENCY = "ansible_collections/acme/base"


def _collection(root: Path, name: str = "acme.boxes", version: str = "1.4.0", **info: object) -> Path:
    """Install a collection as ansible-galaxy does."""
    folder = root.joinpath("ansible_collections", *name.split("."))
    (folder / "plugins" / "modules").mkdir(parents=True)
    (folder / "plugins" / "modules" / "box.py").write_text("# a module\n")
    (folder / "MANIFEST.json").write_text(json.dumps({"collection_info": {"version": version, **info}}))
    return folder


def _requires(*collections: str) -> dict[str, object]:
    return {"collections": list(collections)}


def test_a_good_remediation_is_loaded_with_all_it_says(tmp_path: Path, write: Write) -> None:
    write(tmp_path, timeouts={"plan": "30s", "apply": "2m"}, requires={"privileges": ["WRITE"]})

    loaded = catalogue.load([tmp_path])

    found = loaded["box/room"]
    assert not loaded.faults
    assert (found.title, found.risk, found.provider) == ("Give more room", Risk.LOW, "box")
    assert found.timeouts == Timeouts(30, 120, 60)
    assert found.resolve
    assert found.resolve.equal == {"path": "path"}
    assert found.requires_privileges == ("WRITE",)
    assert found.collections == tmp_path
    assert found.playbook == tmp_path / "box/room/playbook.yaml"
    assert found.unavailable is None


def test_what_is_shipped_has_no_fault_and_can_run() -> None:
    loaded = catalogue.load([content.folder("remediations")])

    assert not loaded.faults
    assert loaded
    assert [found.id for found in loaded.values() if found.unavailable] == []


FAULTS: list[tuple[dict[str, object], str, str]] = [
    ({"risk": "tiny"}, "remediation.yaml:4:2", "risk: expected 'low', 'medium' or 'high'"),
    ({"rollbak": "x"}, "remediation.yaml", "unknown key 'rollbak' (did you mean 'rollback'?)"),
    ({"title": None}, "remediation.yaml:1:1", "title: is missing"),
    ({"title": " "}, "remediation.yaml:2:2", "title: expected at least 1 character"),
    ({"reversible": "yes"}, "remediation.yaml:5:2", "reversible: expected true or false"),
    ({"timeouts": {"plan": 30}}, "remediation.yaml", "30 is no duration"),
    ({"parameters": {"type": "array"}}, "remediation.yaml", "parameters must have type: object"),
    ({"parameters": {"type": "objekt"}}, "remediation.yaml", "parameters are no JSON Schema"),
    ({"examples": []}, "remediation.yaml", "examples: expected at least 1 item"),
    (
        {"examples": [{"path": "/a", "size": 0}]},
        "remediation.yaml",
        "example 1 does not fit parameters: 0 is less than the minimum",
    ),
    ({"requires": {"collections": ["dellemc"]}}, "remediation.yaml", "requires.collections[0]: expected text of the form"),
    ({"resolve": {"playbook": "gone.yaml", "kind": "X"}}, "remediation.yaml", "the playbook gone.yaml is missing"),
    ({"resolve": {"playbook": "../x.yaml", "kind": "X"}}, "remediation.yaml", "resolve.playbook: expected text of the form"),
    ({"resolve": {"playbook": "resolve.yaml", "kind": "X", "equal": {"a": "b"}}}, "remediation.yaml", "names the variable 'b'"),
]


@pytest.mark.parametrize(("changes", "where", "words"), FAULTS)
def test_a_fault_is_told_with_its_place(tmp_path: Path, write: Write, changes: dict[str, object], where: str, words: str) -> None:
    write(tmp_path, **changes)

    loaded = catalogue.load([tmp_path])

    assert not loaded
    told = "\n".join(map(str, loaded.faults))
    assert where in told
    assert words in told


def test_all_faults_of_all_files_are_told_at_once_and_the_good_ones_are_there(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    write(tmp_path, "box/one", risk="tiny", title=None)
    (write(tmp_path, "box/two") / "playbook.yaml").unlink()
    (write(tmp_path, "box/three") / "remediation.yaml").write_text("title: [\n")
    (write(tmp_path, "box/four") / "playbook.yaml").write_text("hosts: all\n")
    write(tmp_path, "box/Big-Name")

    loaded = catalogue.load([tmp_path])

    assert list(loaded) == ["box/room"]
    assert len(loaded.faults) == 6
    with pytest.raises(ContentError, match="a playbook is a list of plays") as told:
        loaded.raise_faults()
    assert len(str(told.value).splitlines()) == 6


def test_a_good_catalogue_raises_nothing(tmp_path: Path, write: Write) -> None:
    write(tmp_path)

    catalogue.load([tmp_path]).raise_faults()


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    assert "there is no such folder" in str(catalogue.load([tmp_path / "gone"]).faults[0])


def test_the_first_folder_wins_so_that_an_operator_can_replace_what_is_shipped(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "mine", title="Mine")
    write(tmp_path / "shipped")

    loaded = catalogue.load([tmp_path / "mine", tmp_path / "shipped"])

    assert loaded["box/room"].title == "Mine"
    assert not loaded.faults


@pytest.mark.parametrize("wanted", ["acme.boxes", "acme.boxes>=1.4", "acme.boxes>=1.4,<2", "acme.boxes==1.4.0"])
def test_a_collection_that_fits_makes_it_available(tmp_path: Path, write: Write, wanted: str) -> None:
    _collection(tmp_path)
    write(tmp_path, requires=_requires(wanted))

    assert catalogue.load([tmp_path])["box/room"].unavailable is None


@pytest.mark.parametrize("wanted", ["acme.boxes>=1.10", "acme.boxes<1.4", "acme.boxes>1.4.0", "acme.others"])
def test_a_collection_that_is_missing_or_of_the_wrong_version_makes_it_unavailable(
    tmp_path: Path, write: Write, wanted: str
) -> None:
    _collection(tmp_path)
    write(tmp_path, requires=_requires(wanted))

    assert catalogue.load([tmp_path])["box/room"].unavailable


def test_what_is_unavailable_says_the_command_that_installs_it(tmp_path: Path, write: Write) -> None:
    write(tmp_path, requires=_requires("dellemc.powerscale>=3.9.1"))

    assert catalogue.load([tmp_path])["box/room"].unavailable == (
        "needs dellemc.powerscale>=3.9.1; install with: "
        f"ansible-galaxy collection install 'dellemc.powerscale:>=3.9.1' -p {tmp_path}"
    )


def test_a_broken_manifest_is_no_collection(tmp_path: Path, write: Write) -> None:
    (_collection(tmp_path) / "MANIFEST.json").write_text("[")
    write(tmp_path, requires=_requires("acme.boxes"))

    assert catalogue.load([tmp_path])["box/room"].unavailable


def test_a_playbook_cannot_use_a_collection_that_it_does_not_declare(tmp_path: Path, write: Write) -> None:
    _collection(tmp_path)
    (write(tmp_path) / "playbook.yaml").write_text("- hosts: localhost\n  tasks:\n    - acme.boxes.box: {}\n")

    fault = catalogue.load([tmp_path]).faults[0]

    assert fault.where.endswith("playbook.yaml:3:7")
    assert "uses the collection acme.boxes" in fault.message


def _digest(root: Path) -> str:
    return catalogue.load([root])["box/room"].digest


def _rename(root: Path) -> None:
    (root / "box/room/notes.md").rename(root / "box/room/other.md")


def _move_bytes(root: Path) -> None:
    """Let a name grow by what its content loses."""
    (root / "box/room/notes.md").rename(root / "box/room/notes.mdx")
    (root / "box/room/notes.mdx").write_text("")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file has another name": _rename,
    "a name grows by what its content loses": _move_bytes,
    "a file is gone": lambda root: (root / "box/room/notes.md").unlink(),
    "an empty file is new": lambda root: (root / "box/room/empty").touch(),
    "the playbook is another": lambda root: (root / "box/room/playbook.yaml").write_text("- hosts: all\n"),
    "a module is another": lambda root: (root / COLLECTION / "plugins/modules/box.py").write_text("# another\n"),
    "a module of a dependency is another": lambda root: (root / DEPENDENCY / "plugins/modules/box.py").write_text("# another\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_what_would_run_changes_the_digest(tmp_path: Path, write: Write, change: Callable[[Path], object]) -> None:
    _collection(tmp_path, dependencies={"acme.base": "*"})
    _collection(tmp_path, "acme.base")
    (write(tmp_path, requires=_requires("acme.boxes")) / "notes.md").write_text("x")
    before = _digest(tmp_path)

    change(tmp_path)

    assert _digest(tmp_path) != before


def test_caches_and_collections_that_it_does_not_use_do_not_change_the_digest(tmp_path: Path, write: Write) -> None:
    _collection(tmp_path)
    folder = write(tmp_path, requires=_requires("acme.boxes"))
    before = _digest(tmp_path)

    for where in (folder, tmp_path / COLLECTION / "plugins"):
        (where / "__pycache__").mkdir()
        (where / "__pycache__" / "x.pyc").write_bytes(b"x")
    _collection(tmp_path, "acme.others")

    assert _digest(tmp_path) == before


def test_the_digest_does_not_depend_on_where_the_folder_lies(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b")

    assert _digest(tmp_path / "a") == _digest(tmp_path / "b")


def test_a_linked_folder_is_refused_because_it_can_change_unseen(tmp_path: Path, write: Write) -> None:
    (write(tmp_path) / "roles").symlink_to(tmp_path)

    assert "must not be a symbolic link" in str(catalogue.load([tmp_path]).faults[0])
