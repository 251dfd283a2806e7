"""Finding providers, and telling what is missing."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from mendwatch.errors import ConfigurationError
from mendwatch.polling.providers import GROUP, discover


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("mw_good", "mw_other", "mw_bare", "mw_broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "mw_good.py").write_text("PROVIDER = 'good'\n")
    (tmp_path / "mw_other.py").write_text("PROVIDER = 'other'\n")
    (tmp_path / "mw_bare.py").write_text("import a_package_nobody_has\n")
    (tmp_path / "mw_broken.py").write_text("raise RuntimeError('half installed')\n")
    return tmp_path


def points(*names: str) -> list[EntryPoint]:
    return [EntryPoint(name, f"mw_{name}:PROVIDER", GROUP) for name in names]


def test_a_named_provider_is_imported(packages: Path) -> None:
    assert packages.is_dir()
    assert dict(discover(["good"], points("good", "other"))) == {"good": "good"}


def test_a_provider_that_nobody_named_is_not_imported(packages: Path) -> None:
    assert packages.is_dir()
    discover(["good"], points("good", "other"))

    assert "mw_other" not in sys.modules


def test_an_unknown_provider_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match="'godo'") as caught:
        discover(["godo"], points("good", "other"))

    assert caught.value.hint == "Did you mean 'good'?"


def test_a_missing_extra_makes_a_provider_unavailable_with_the_reason(packages: Path) -> None:
    assert packages.is_dir()
    found = discover(["bare", "good"], points("bare", "good"))

    assert set(found) == {"good"}
    assert found.unavailable == {"bare": "the package 'a_package_nobody_has' is not installed"}


def test_a_provider_that_breaks_while_imported_does_not_break_the_others(packages: Path) -> None:
    assert packages.is_dir()
    found = discover(["broken", "good"], points("broken", "good"))

    assert set(found) == {"good"}
    assert "half installed" in found.unavailable["broken"]


def test_an_entry_point_without_its_object_is_unavailable(packages: Path) -> None:
    assert packages.is_dir()
    found = discover(["good"], [EntryPoint("good", "mw_good:ABSENT", GROUP)])

    assert "ABSENT" in found.unavailable["good"]


def test_the_installed_providers_are_found_by_their_entry_points() -> None:
    found = discover(["onefs", "icmp"])

    assert set(found) | set(found.unavailable) == {"onefs", "icmp"}
