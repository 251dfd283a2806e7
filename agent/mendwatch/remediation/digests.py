"""The SHA-256 of everything that a remediation executes, so that what is approved is what runs.

Computed when the catalogue is loaded, and again from the files immediately before a start.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mendwatch.errors import ContentError
from mendwatch.model.remediations import Remediation
from mendwatch.remediation import requirements


def of(remediation: Remediation) -> str:
    """Compute a loaded remediation's digest from the files as they are now. Blocking: call it in a thread.

    Raises:
        ContentError: a file cannot be read, or a folder is a symbolic link.
    """
    return compute(remediation.folder, remediation.collections, remediation.requires_collections)


def compute(folder: Path, root: Path, collections: Iterable[str]) -> str:
    """Hash the names and contents of a remediation's folder and of the collections it uses.

    Raises:
        ContentError: a file cannot be read, or a folder is a symbolic link.
    """
    total = hashlib.sha256()
    for prefix, tree in (("", folder), *((f"{used.name}/", used.folder) for used in requirements.used(root, collections))):
        for path in _files(tree):
            _add(total, (prefix + path.relative_to(tree).as_posix()).encode("utf-8", "surrogateescape"))
            _add(total, _content(path))
    return total.hexdigest()


def _add(total: hashlib._Hash, piece: bytes) -> None:
    """Feed one piece with its length, so that no two lists of pieces look alike."""
    total.update(len(piece).to_bytes(8, "big"))
    total.update(piece)


def _files(tree: Path) -> Iterator[Path]:
    """Give every file below a folder, sorted by name; caches of Python are no content."""
    for folder, inner, names in sorted(os.walk(tree, onerror=_raise)):
        if "__pycache__" in Path(folder).relative_to(tree).parts:
            continue
        linked = next((name for name in inner if (Path(folder) / name).is_symlink()), None)
        if linked:
            raise ContentError(
                f"{Path(folder) / linked}: a folder must not be a symbolic link",
                hint="Copy the folder: what a link leads to can change unseen.",
            )
        yield from (Path(folder) / name for name in sorted(names))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ContentError(f"{path}: cannot be read: {problem}", hint="Check that it exists and its permissions.") from problem


def _raise(problem: OSError) -> None:
    raise ContentError(
        f"{problem.filename}: cannot be read: {problem}", hint="Check that it exists and its permissions."
    ) from problem
