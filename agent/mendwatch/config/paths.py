"""Paths as people write them in a configuration: `~` is a home folder, and a relative one starts at the file's own folder."""

from __future__ import annotations

from pathlib import Path


def absolute(path: Path, base: Path) -> Path:
    """Give the path that is meant; a `~somebody` whom nobody knows stays a name."""
    try:
        return base / path.expanduser()
    except RuntimeError:  # no such account
        return base / path
