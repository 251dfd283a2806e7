"""Which Ansible collections a remediation needs, and whether they are there.

Only files are read: `ansible-galaxy collection list` would cost half a second of CPU and a process. A collection counts
when it lies in `<root>/ansible_collections`, the one place that a run looks at.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_PART = re.compile(r"(>=|==|<=|>|<)([\d.]+)")
_COMPARE: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "==": operator.eq,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Collection:
    """One installed collection, as its own files describe it; `version` is "" where they do not say."""

    name: str
    folder: Path
    version: str
    dependencies: Mapping[str, str] = field(default_factory=dict)


def find(root: Path, name: str) -> Collection | None:
    """Find one collection (`namespace.name`) below a root, or None where its files are not there or are broken."""
    folder = root.joinpath("ansible_collections", *name.split(".", 1))
    info = _info(folder)
    if info is None:
        return None
    return Collection(name, folder, str(info.get("version") or ""), dict(info.get("dependencies") or {}))


def missing(root: Path, requires: Iterable[str]) -> str | None:
    """Say what is missing and how to install it, or None where all is there."""
    lacking = [text for text in requires if not _fits(root, text)]
    if not lacking:
        return None
    wanted = " ".join(f"'{_galaxy(text)}'" for text in lacking)
    return f"needs {', '.join(lacking)}; install with: ansible-galaxy collection install {wanted} -p {root}"


def used(root: Path, requires: Iterable[str]) -> list[Collection]:
    """Give the collections that are named and those they depend on, as far as they are there, sorted by name."""
    found: dict[str, Collection] = {}
    waiting = [_split(text)[0] for text in requires]
    while waiting:
        name = waiting.pop()
        collection = None if name in found else find(root, name)
        if collection:
            found[name] = collection
            waiting.extend(collection.dependencies)
    return [found[name] for name in sorted(found)]


def names(root: Path) -> list[str]:
    """Give every collection that lies below a root, as `namespace.name`."""
    folders = sorted(root.glob("ansible_collections/*/*/"))
    return [f"{folder.parent.name}.{folder.name}" for folder in folders if _info(folder) is not None]


def _fits(root: Path, text: str) -> bool:
    name, wanted = _split(text)
    collection = find(root, name)
    if collection is None:
        return False
    version = _version(collection.version)
    return all(_COMPARE[sign](version, _version(bound)) for sign, bound in _PART.findall(wanted))


def _split(text: str) -> tuple[str, str]:
    name = re.split(r"[<>=]", text, maxsplit=1)[0]
    return name, text[len(name) :]


def _galaxy(text: str) -> str:
    name, wanted = _split(text)
    return f"{name}:{wanted}" if wanted else name


def _version(text: str) -> tuple[int, ...]:
    """Compare by the numbers of major.minor.patch; a pre-release counts as its release."""
    numbers = [int(part) for part in re.findall(r"\d+", text)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


def _info(folder: Path) -> Mapping[str, Any] | None:
    """Read MANIFEST.json (an installed collection) or galaxy.yml (its source)."""
    try:
        if (folder / "MANIFEST.json").is_file():
            found = json.loads((folder / "MANIFEST.json").read_bytes()).get("collection_info")
        else:
            found = yaml.safe_load((folder / "galaxy.yml").read_bytes())
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return None
    return found if isinstance(found, Mapping) else None
