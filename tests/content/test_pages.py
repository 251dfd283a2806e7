"""The pages speak of what is there: files, names and links exist, and nothing names a machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_PLACE = re.compile(r"`([a-z_/]+\.py): ([A-Za-z_.]+)`")


def places() -> list[tuple[str, str]]:
    """Give every (file, name) that the walk of a sample names."""
    return _PLACE.findall((ROOT / "docs" / "architecture.md").read_text("utf-8"))


def names_in(path: Path) -> set[str]:
    """Give the classes, functions and methods (Class.method) that a file defines."""
    return set(_names(ast.parse(path.read_text("utf-8")).body, ""))


def _names(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from _names(node.body, f"{node.name}.")


def found(file: str) -> Path:
    candidates = [ROOT / "agent" / "mendwatch" / file, ROOT / "collectors" / file]
    return next((path for path in candidates if path.is_file()), candidates[0])


def test_the_walk_has_thirteen_steps_with_names() -> None:
    assert len(places()) >= 20


@pytest.mark.parametrize(("file", "name"), sorted(set(places())))
def test_what_the_walk_names_is_there(file: str, name: str) -> None:
    assert name in names_in(found(file))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []
